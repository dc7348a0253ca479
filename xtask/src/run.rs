//! `cargo xtask run`: from a fresh checkout to the first reply.
//!
//! Every step is skipped when it has nothing to do, so that a second run starts in seconds. No step asks a question.

use crate::{
    frontend,
    gpu::Gpu,
    setup::{self, Purpose},
    shell::{self, Steps, become_program, run_watched},
    workspace::{DESKTOP_FEATURE, Workspace},
};
use anyhow::Result;
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What `hark models pull` calls the models that make a first conversation, typed and spoken.
const STARTER: &str = "starter";
const VOICE: &str = "voice";
/// Reads the text in pictures.
const READING: &str = "pp-ocrv4";

/// The workers and the command line, of every system.
const PACKAGES: [&str; 7] =
    ["worker-llm", "worker-onnx", "worker-whisper", "worker-pdf", "worker-heic", "worker-espeak", "cli"];

/// The worker for the voices of the system of this name (as [`env::consts::OS`] has it), where it has some.
pub(crate) fn system_voice(system: &str) -> &'static [&'static str] {
    if matches!(system, "macos" | "windows") { &["worker-system-voice"] } else { &[] }
}

/// The workers and the command line, as cargo selects them.
pub(crate) fn without_window(system: &str) -> Vec<&'static str> {
    PACKAGES.iter().chain(system_voice(system)).flat_map(|package| ["-p", package]).collect()
}

/// Those and the window.
pub(crate) fn everything() -> Vec<&'static str> {
    let window = ["-p", "hark-desktop", "--features", DESKTOP_FEATURE];
    [without_window(env::consts::OS), window.to_vec()].concat()
}

/// `cargo xtask run`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The conversation in this terminal, even where there is a display
    #[arg(long)]
    cli: bool,
    /// The cargo profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
    /// Build the engine for a graphics card too
    #[arg(long, value_enum)]
    gpu: Option<Gpu>,
    /// Handed on to the program that is started
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Where the conversation appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Window,
    Terminal,
}

impl Surface {
    /// macOS and Windows always have a display; on Linux the session says so.
    fn of(wanted_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let display = !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY");
        if wanted_terminal || !display { Self::Terminal } else { Self::Window }
    }

    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Window => everything(),
            Self::Terminal => without_window(env::consts::OS),
        }
    }
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let surface = Surface::of(options.cli, |name| env::var_os(name));
    let mut steps = Steps::new(if surface == Surface::Window { 7 } else { 5 });
    if surface == Surface::Terminal && !options.cli {
        eprintln!(
            "No display (neither DISPLAY nor WAYLAND_DISPLAY is set): the conversation will be in this terminal."
        );
    }
    steps.step("System packages", || {
        setup::ensure(if surface == Surface::Window { Purpose::Window } else { Purpose::Build })
    })?;
    if surface == Surface::Window {
        steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
        steps.step("Front end (npm run build)", || frontend::build(workspace))?;
    }
    steps.step("Programs (cargo build)", || {
        build(workspace, &options.profile, &surface.packages(), options.gpu)
    })?;
    steps.step("Starter model (hark models pull)", || Ok(models(workspace, &options.profile, STARTER)))?;
    steps.step("Voice models (hark models pull)", || Ok(models(workspace, &options.profile, VOICE)))?;
    steps.step("Model that reads (hark models pull)", || Ok(models(workspace, &options.profile, READING)))?;
    let (name, arguments): (&str, &[&str]) = match surface {
        Surface::Window => ("hark-desktop", &[]),
        Surface::Terminal => ("hark", &["chat"]),
    };
    steps.announce(if surface == Surface::Window { "Opening the window" } else { "The conversation" });
    let mut program = std::process::Command::new(workspace.program(&options.profile, name));
    become_program(program.args(arguments).args(&options.arguments))
}

/// Builds in one go, so that shared dependencies are compiled once. Also says how far llama.cpp is, the longest part.
pub(crate) fn build(
    workspace: &Workspace,
    profile: &str,
    packages: &[&str],
    gpu: Option<Gpu>,
) -> Result<String> {
    if let Some(gpu) = gpu {
        gpu.ensure()?;
    }
    let worker = workspace.program(profile, "worker-llm");
    if !worker.is_file() {
        eprintln!(
            "      The first build compiles llama.cpp, whisper.cpp and everything else: about 15 minutes on two cores."
        );
    }
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", profile]).args(packages);
    cargo.args(gpu.iter().flat_map(|gpu| ["--features", gpu.feature()]));
    let built = workspace.programs(profile).join("build");
    run_watched(&mut cargo, || match llama_objects(&built) {
        0 => "compiling".to_owned(),
        count => format!("compiling; llama.cpp: {count} files done"),
    })?;
    Ok("ready".to_owned())
}

/// The object files that llama.cpp's own build has written below cargo's `build` folder.
fn llama_objects(build: &Path) -> usize {
    let folders = fs::read_dir(build).into_iter().flatten().flatten();
    folders
        .filter(|folder| folder.file_name().to_string_lossy().starts_with("llama-cpp-sys-2-"))
        .map(|folder| objects(&folder.path().join("out/build")))
        .sum()
}

fn objects(folder: &Path) -> usize {
    let entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries
        .iter()
        .map(|path| match path.extension().and_then(|ending| ending.to_str()) {
            Some("o" | "obj") => 1,
            _ if path.is_dir() => objects(path),
            _ => 0,
        })
        .sum()
}

/// Fetches what a first conversation needs. Without a network the window still opens, and its first page says what to do.
fn models(workspace: &Workspace, profile: &str, set: &str) -> String {
    let mut hark = std::process::Command::new(workspace.program(profile, "hark"));
    match shell::run(hark.args(["models", "pull", set])) {
        Ok(()) => "there".to_owned(),
        Err(error) => format!("not fetched: {error:#}. Hark starts without it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_decides_between_window_and_terminal() {
        let with = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| OsString::from(value))
        };
        assert_eq!(Surface::of(false, with("DISPLAY", ":0")), Surface::Window);
        assert_eq!(Surface::of(false, with("WAYLAND_DISPLAY", "wayland-0")), Surface::Window);
        assert_eq!(Surface::of(true, with("DISPLAY", ":0")), Surface::Terminal);
        if cfg!(target_os = "linux") {
            assert_eq!(Surface::of(false, |_| None), Surface::Terminal);
            assert_eq!(Surface::of(false, with("DISPLAY", "")), Surface::Terminal);
        }
    }

    #[test]
    fn the_object_files_of_llama_are_counted_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("llama-cpp-sys-2-0123/out/build/src/CMakeFiles");
        fs::create_dir_all(&inner).unwrap();
        for name in ["a.cpp.o", "b.c.o", "Makefile"] {
            fs::write(inner.join(name), "").unwrap();
        }
        assert_eq!(llama_objects(folder.path()), 2);
        assert_eq!(llama_objects(&folder.path().join("absent")), 0);
    }
}
