//! What is measured with, and on what machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;
use sysinfo::{CpuRefreshKind, System};

use super::figure::{Conditions, rounded};
use crate::models::{Opened, STARTER};

/// What the command line asked for.
pub(super) struct Setup {
    pub(super) model: Option<PathBuf>,
    pub(super) peers: PathBuf,
    pub(super) threads: u32,
    pub(super) rounds: u32,
}

impl Setup {
    /// The GGUF file: the one that was named, or the starter model where it is installed.
    pub(super) fn model(&self) -> anyhow::Result<PathBuf> {
        if let Some(model) = &self.model {
            if !model.is_file() {
                bail!("there is no file {}", model.display());
            }
            return Ok(model.clone());
        }
        let opened = Opened::here()?;
        let starter = opened.store.resolve(&opened.id(STARTER)?);
        let files = starter.context("there is no model; fetch one with `hark models pull starter`")?;
        Ok(files.weights)
    }

    /// One of llama.cpp's own programs.
    pub(super) fn peer(&self, name: &str) -> anyhow::Result<PathBuf> {
        peer_in(&self.peers, name)
    }
}

/// One of llama.cpp's own programs in this folder.
pub(super) fn peer_in(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        bail!("there is no {}; `cargo xtask peers` builds it", program.display());
    }
    Ok(program)
}

/// One for each real core, at most 8: what the engine takes when nobody says.
pub(super) fn default_threads() -> u32 {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let real = System::physical_core_count().unwrap_or(allowed);
    u32::try_from(real.min(allowed).clamp(1, 8)).unwrap_or(1)
}

/// How many programs wanted a processor over the last minute; a figure is worth little where that was high.
pub(super) fn load_average() -> Option<f64> {
    System::load_average().ok().map(|load| rounded(load.one))
}

/// Conditions that do not change during a run.
pub(super) fn machine() -> Conditions {
    let mut system = System::new().ok();
    if let Some(system) = &mut system {
        system.refresh_cpu_list(CpuRefreshKind::nothing());
    }
    let brand =
        system.as_ref().and_then(|system| system.cpus().first()).map(|cpu| cpu.brand().trim().to_owned());
    Conditions::from_iter([
        ("processor".to_owned(), json!(brand)),
        ("architecture".to_owned(), json!(System::cpu_arch())),
        ("cores".to_owned(), json!(std::thread::available_parallelism().map_or(1, usize::from))),
        ("system".to_owned(), json!(System::long_os_version().ok())),
        ("hark".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
        ("hark_build".to_owned(), json!(std::env::current_exe().ok().as_deref().map(build_of))),
    ])
}

/// Which build a program is of: the folder it lies in, which cargo names after the profile.
pub(super) fn build_of(program: &Path) -> String {
    let folder = program.parent().and_then(Path::file_name);
    folder.map_or_else(String::new, |folder| folder.to_string_lossy().into_owned())
}

/// A file's name, for people.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(folder: &Path) -> Setup {
        Setup { model: Some(folder.join("m.gguf")), peers: folder.to_owned(), threads: 1, rounds: 1 }
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let setup = setup(folder.path());
        assert!(setup.model().unwrap_err().to_string().contains("m.gguf"));
        assert!(setup.peer("llama-bench").unwrap_err().to_string().contains("cargo xtask peers"));
    }

    #[test]
    fn what_is_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let setup = setup(folder.path());
        let bench = format!("llama-bench{}", std::env::consts::EXE_SUFFIX);
        for name in ["m.gguf", &bench] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(setup.model().is_ok() && setup.peer("llama-bench").is_ok());
    }

    #[test]
    fn the_folder_tells_the_build() {
        assert_eq!(build_of(Path::new("/x/target/release/hark")), "release");
    }
}
