//! `cargo xtask package`: what users install, with the workers and the command line beside the window's program.
//!
//! Built in the profile `dist`. Which kinds of package each system gets is a column below; everything else about them
//! is in `src-tauri/tauri.conf.json`.

use crate::{
    frontend, run,
    setup::{self, Purpose},
    shell::{Steps, answer, node_script, run_watched},
    workspace::Workspace,
};
use anyhow::{Context, Result};
use serde_json::json;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const PROFILE: &str = "dist";

/// Programs that live beside the window's own.
const BESIDE: [&str; 6] =
    ["worker-llm", "worker-moonshine", "worker-kokoro", "worker-whisper", "worker-espeak", "hark"];

/// `cargo xtask package`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Kinds of package, as Tauri names them; without it, the ones this system can make
    #[arg(long, value_delimiter = ',')]
    bundles: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut steps = Steps::new(5);
    steps.step("System packages", || setup::ensure(Purpose::Window))?;
    steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
    steps.step("Front end (npm run build)", || frontend::build(workspace))?;
    steps.step("Programs (cargo build)", || run::build(workspace, PROFILE, &run::WITHOUT_WINDOW))?;
    steps.step("The window and its package (tauri build)", || {
        let staged = stage(workspace, &host_triple()?)?;
        bundle(workspace, &options.bundles, &staged)
    })
}

/// No `AppImage` on Linux: making one downloads tools at build time.
fn default_bundles() -> &'static str {
    if cfg!(target_os = "macos") {
        "dmg"
    } else if cfg!(windows) {
        "nsis"
    } else {
        "deb"
    }
}

/// Tauri looks for each program to ship beside the window under its name with the target triple behind it.
fn stage(workspace: &Workspace, triple: &str) -> Result<Vec<PathBuf>> {
    let folder = workspace.own_target().join("beside");
    fs::create_dir_all(&folder)?;
    BESIDE
        .iter()
        .map(|name| {
            let program = workspace.program(PROFILE, name);
            let staged = folder.join(name);
            let with_triple = folder.join(format!("{name}-{triple}{}", env::consts::EXE_SUFFIX));
            fs::copy(&program, &with_triple).with_context(|| format!("copying {}", program.display()))?;
            Ok(staged)
        })
        .collect()
}

fn host_triple() -> Result<String> {
    let version = answer(Command::new("rustc").arg("-vV")).context("rustc does not answer")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// The packager's version; the window's library is of the same.
const TAURI_CLI: &str = "2.12.5";

/// The programs beside the window are added here and not in the checked-in configuration: there, every plain
/// `cargo build` of the window would ask for them.
fn bundle(workspace: &Workspace, bundles: &[String], beside: &[PathBuf]) -> Result<String> {
    let kinds = if bundles.is_empty() { default_bundles().to_owned() } else { bundles.join(",") };
    let overlay = json!({ "bundle": { "active": true, "externalBin": beside } });
    // Not among the front end's packages: its lock file could not name the programs of other systems, which npm leaves
    // out where it is made.
    let mut tauri = node_script("npm");
    tauri
        .current_dir(workspace.root.join("src-tauri"))
        .args(["exec", "--yes", &format!("--package=@tauri-apps/cli@{TAURI_CLI}"), "--", "tauri"])
        .args(["build", "--ci", "--bundles", &kinds, "--config", &overlay.to_string()])
        .args(["--features", "custom-protocol", "--", "--profile", PROFILE]);
    run_watched(&mut tauri, || "making the package".to_owned())?;
    Ok(list(&workspace.programs(PROFILE).join("bundle")))
}

/// The packages that lie in the bundle folder, with their sizes.
fn list(folder: &Path) -> String {
    let mut lines = Vec::new();
    for kind in fs::read_dir(folder).into_iter().flatten().flatten() {
        for file in fs::read_dir(kind.path()).into_iter().flatten().flatten() {
            let size = file.metadata().map_or(0, |metadata| metadata.len());
            if file.path().is_file() {
                lines.push(format!("{} ({:.1} MB)", file.path().display(), size as f64 / 1e6));
            }
        }
    }
    lines.join("\n      ")
}
