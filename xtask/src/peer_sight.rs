//! llama.cpp's own program for models that see, from the very sources that Hark links, so that replies about pictures can
//! be compared to the letter. The sources that the crate carries have no other program.

use crate::{
    shell::{self, on_path, run_watched},
    workspace::Workspace,
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

pub(crate) const PROGRAM: &str = "llama-mtmd-cli";

/// The crate whose sources they are.
const CRATE: &str = "llama-cpp-sys-2";

/// A project around those sources: their own would also build programs that the crate leaves out.
const PROJECT: &str = "
cmake_minimum_required(VERSION 3.14)
project(sight C CXX)
find_package(Threads REQUIRED)
add_subdirectory(${LLAMA} llama.cpp)
add_executable(llama-mtmd-cli ${LLAMA}/tools/mtmd/mtmd-cli.cpp)
target_link_libraries(llama-mtmd-cli PRIVATE llama-common mtmd Threads::Threads)
target_compile_features(llama-mtmd-cli PRIVATE cxx_std_17)
";

/// As the crate builds them; its threads are ggml's own and not OpenMP's.
const FLAGS: [&str; 8] = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_OPENMP=OFF",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_COMMON=ON",
    "-DLLAMA_BUILD_MTMD=ON",
    "-DLLAMA_BUILD_TOOLS=OFF",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

/// Builds it into `folder`, with more `flags` for `cmake`.
pub(crate) fn build(workspace: &Workspace, work: &Path, flags: &[&str], folder: &Path) -> Result<String> {
    let (project, build) = (work.join("sight"), work.join("sight-build"));
    fs::create_dir_all(&project)?;
    fs::write(project.join("CMakeLists.txt"), PROJECT)?;
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&project).arg("-B").arg(&build).args(FLAGS).args(flags);
    configure.arg(format!("-DLLAMA={}", sources(workspace)?.display()));
    if on_path("ccache").is_some() {
        configure.args(["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]);
    }
    run_watched(&mut configure, || "cmake looks around".to_owned())?;
    let jobs = env::var("CARGO_BUILD_JOBS")
        .unwrap_or_else(|_| thread::available_parallelism().map_or(1, usize::from).to_string());
    let mut make = Command::new("cmake");
    make.arg("--build").arg(&build).args(["--parallel", &jobs, "--target", PROGRAM]);
    run_watched(&mut make, || "compiling llama.cpp".to_owned())?;
    fs::create_dir_all(folder)?;
    fs::copy(build.join(PROGRAM), folder.join(PROGRAM)).with_context(|| format!("no {PROGRAM}"))?;
    Ok("built".to_owned())
}

/// Where cargo has the sources that the worker is built from.
fn sources(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["metadata", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_str(&shell::output(&mut cargo)?)
        .context("cargo metadata printed something else than expected")?;
    let package = metadata.packages.into_iter().find(|package| package.name == CRATE);
    let package = package.with_context(|| format!("nothing here depends on {CRATE}"))?;
    let folder = package.manifest_path.parent().context("a crate without a folder")?;
    Ok(folder.join("llama.cpp"))
}
