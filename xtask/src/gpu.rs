//! `--gpu`: what the engine is built to compute on besides the processor.
//!
//! Never chosen by itself: a build for a card needs its maker's compiler, takes long, and runs nowhere without the
//! card's library. The processor's build runs everywhere.

use crate::{
    setup,
    shell::{on_path, succeeds},
};
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::{env, process::Command};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gpu {
    /// NVIDIA cards; needs the CUDA toolkit
    Cuda,
    /// Most cards of AMD, Intel and NVIDIA
    Vulkan,
    /// Macs; on Apple silicon it comes by itself
    Metal,
}

impl Gpu {
    /// As cargo takes it.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Self::Cuda => "worker-llm/cuda",
            Self::Vulkan => "worker-llm/vulkan",
            Self::Metal => "worker-llm/metal",
        }
    }

    /// Makes sure that what the build asks for is there, before it has run for minutes. Answers what was done.
    pub(crate) fn ensure(self) -> Result<String> {
        match self {
            Self::Cuda if on_path("nvcc").is_none() => {
                bail!(
                    "nvcc is not on PATH. It comes with the CUDA toolkit: https://developer.nvidia.com/cuda-downloads"
                )
            }
            Self::Metal if !cfg!(target_os = "macos") => {
                bail!("Metal exists on macOS only; try --gpu vulkan")
            }
            Self::Vulkan => {
                let done = setup::ensure_vulkan()?;
                check_vulkan_headers()?;
                Ok(done)
            }
            Self::Cuda | Self::Metal => Ok("nothing is missing".to_owned()),
        }
    }
}

/// llama.cpp sets Vulkan's layers through an extension that the headers have since 1.3.272; those of Debian 12 do not.
fn check_vulkan_headers() -> Result<()> {
    let new_enough = || succeeds(Command::new("pkg-config").args(["--exists", "vulkan >= 1.3.272"]));
    if !cfg!(target_os = "linux") || env::var_os("VULKAN_SDK").is_some() || new_enough() {
        return Ok(());
    }
    bail!(
        "This system's Vulkan headers are older than 1.3.272, which llama.cpp needs. Unpack the SDK from \
         https://vulkan.lunarg.com, set VULKAN_SDK to the folder in it that has include and lib, then start again"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_engine_has_every_feature() {
        let manifest =
            fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/worker-llm/Cargo.toml"))
                .unwrap();
        for gpu in Gpu::value_variants() {
            let (package, feature) = gpu.feature().split_once('/').unwrap();
            assert!(manifest.contains(&format!("name = \"{package}\"")));
            assert!(manifest.lines().any(|line| line.starts_with(&format!("{feature} = "))), "{feature}");
        }
    }
}
