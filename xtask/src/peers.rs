//! `cargo xtask peers`: llama.cpp's own programs, to measure Hark against and to test it with.
//!
//! The crate that Hark links leaves the server and the benchmark out. The source package of llama-cpp-python carries a
//! whole llama.cpp of nearly the same ggml. The program for pictures is built from the crate's own sources.
//!
//! A comparison is only fair when both sides were compiled for the same processors. What Hark ships has to run on any
//! recent one, so its worker is built without `GGML_NATIVE`, and so are these by default. `hark bench` prints what each
//! was compiled for.

use crate::{
    peer_sight, python,
    setup::{self, Purpose},
    shell::{Steps, on_path, run_watched},
    workspace::Workspace,
};
use anyhow::{Context, Result};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

const PACKAGE: &str = "llama-cpp-python==0.3.36";
const PROGRAMS: [&str; 2] = ["llama-server", "llama-bench"];

/// As llama-cpp-sys-2 builds ggml for the worker unless `target-cpu=native` is set: not for this machine's own processor,
/// but with what `machine::check_processor` of the worker asks for. All but the first are ggml's defaults then, and mean
/// nothing on processors that are not x86.
const INSTRUCTIONS: [&str; 7] = [
    "-DGGML_NATIVE=OFF",
    "-DGGML_SSE42=ON",
    "-DGGML_AVX=ON",
    "-DGGML_AVX2=ON",
    "-DGGML_BMI2=ON",
    "-DGGML_FMA=ON",
    "-DGGML_F16C=ON",
];

/// Everything off that is not one of the two programs.
const FLAGS: [&str; 8] = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_WEBUI=OFF",
    "-DLLAMA_BUILD_TOOLS=ON",
];

/// Unpacks the one source archive in a folder.
const UNPACK: &str = "
import glob, sys, tarfile
(archive,) = glob.glob(sys.argv[1] + '/*.tar.gz')
with tarfile.open(archive) as file:
    file.extractall(sys.argv[2])
";

/// `cargo xtask peers`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// For this machine's own processor; fair only against a worker built with RUSTFLAGS=-Ctarget-cpu=native
    #[arg(long)]
    native: bool,
    /// More arguments for `cmake`
    #[arg(long = "cmake", value_name = "FLAG", allow_hyphen_values = true)]
    cmake: Vec<String>,
    /// Build them again, for example for other instruction sets
    #[arg(long)]
    again: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let folder = folder(workspace);
    let is_missing = |name: &&str| options.again || !folder.join(name).is_file();
    let (text, sight) = (PROGRAMS.iter().any(is_missing), is_missing(&peer_sight::PROGRAM));
    if !text && !sight {
        println!("{} already has them", folder.display());
        return Ok(());
    }
    let work = workspace.target.join("peers/work");
    let sets: &[&str] = if options.native { &["-DGGML_NATIVE=ON"] } else { &INSTRUCTIONS };
    let flags: Vec<&str> = sets.iter().copied().chain(options.cmake.iter().map(String::as_str)).collect();
    let mut steps = Steps::new(5);
    let unchanged = || Ok("unchanged".to_owned());
    steps.step("System packages", || setup::ensure(Purpose::Build))?;
    steps.step("Sources (pip download)", || if text { sources(&work) } else { unchanged() })?;
    steps.step("Server and benchmark (cmake, about 6 minutes on two cores)", || {
        if text { build(&work, &flags, &folder) } else { unchanged() }
    })?;
    steps.step("Pictures (cmake, about 6 minutes on two cores)", || {
        if sight { peer_sight::build(workspace, &work, &flags, &folder) } else { unchanged() }
    })?;
    steps.step("Clean up", || {
        fs::remove_dir_all(&work)?;
        Ok(format!("programs in {}", folder.display()))
    })
}

/// Where the programs are, once built.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("peers/bin")
}

fn sources(work: &Path) -> Result<String> {
    let (download, source) = (work.join("download"), work.join("source"));
    if source.is_dir() {
        return Ok("unchanged".to_owned());
    }
    fs::create_dir_all(&download)?;
    let mut pip = python::with_pip()?;
    pip.args(["-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python", "--dest"]);
    run_watched(pip.arg(&download).arg(PACKAGE), || "pip downloads the sources".to_owned())?;
    let unpacked = work.join("unpacked");
    let mut unpack = python::with_pip()?;
    run_watched(unpack.args(["-c", UNPACK]).arg(&download).arg(&unpacked), || "unpacking".to_owned())?;
    fs::rename(&unpacked, &source)?;
    Ok("fetched".to_owned())
}

fn build(work: &Path, flags: &[&str], folder: &Path) -> Result<String> {
    let build = work.join("build");
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(llama_folder(&work.join("source"))?)
        .arg("-B")
        .arg(&build)
        .args(FLAGS)
        .args(flags);
    if on_path("ccache").is_some() {
        configure.args(["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]);
    }
    run_watched(&mut configure, || "cmake looks around".to_owned())?;
    let jobs = env::var("CARGO_BUILD_JOBS")
        .unwrap_or_else(|_| thread::available_parallelism().map_or(1, usize::from).to_string());
    let mut make = Command::new("cmake");
    make.arg("--build").arg(&build).args(["--parallel", &jobs, "--target"]).args(PROGRAMS);
    run_watched(&mut make, || "compiling llama.cpp".to_owned())?;
    fs::create_dir_all(folder)?;
    for name in PROGRAMS {
        fs::copy(build.join("bin").join(name), folder.join(name)).with_context(|| format!("no {name}"))?;
    }
    Ok("built".to_owned())
}

fn llama_folder(source: &Path) -> Result<PathBuf> {
    let package = fs::read_dir(source)?.flatten().next().context("the source package was empty")?;
    Ok(package.path().join("vendor/llama.cpp"))
}
