//! `cargo xtask package`: what users install, with the workers and the command line beside the window's program.
//!
//! Built in the profile `dist`. Which kinds of package each system gets is a column below; everything else about them
//! is in `src-tauri/tauri.conf.json`.

use crate::{
    frontend,
    gpu::Gpu,
    run,
    setup::{self, Purpose},
    shell::{Steps, answer, node_script, run_watched},
    workspace::Workspace,
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const PROFILE: &str = "dist";

/// Programs that live beside the window's own, on every system.
const BESIDE: [&str; 10] = [
    "worker-llm",
    "worker-moonshine",
    "worker-kokoro",
    "worker-smart-turn",
    "worker-paddle",
    "worker-whisper",
    "worker-pdf",
    "worker-heic",
    "worker-espeak",
    "hark",
];

/// Those, and what the system of this name (as [`env::consts::OS`] has it) gets besides.
fn beside(system: &str) -> Vec<&'static str> {
    [&BESIDE[..], run::system_voice(system)].concat()
}

/// `cargo xtask package`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Kinds of package, as Tauri names them; without it, the ones this system can make
    #[arg(long, value_delimiter = ',')]
    bundles: Vec<String>,
    /// Build the engine for a graphics card too
    #[arg(long, value_enum)]
    gpu: Option<Gpu>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut steps = Steps::new(5);
    steps.step("System packages", || setup::ensure(Purpose::Window))?;
    steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
    steps.step("Front end (npm run build)", || frontend::build(workspace))?;
    steps.step("Programs (cargo build)", || {
        run::build(workspace, PROFILE, &run::without_window(env::consts::OS), options.gpu)
    })?;
    steps.step("The window and its package (tauri build)", || {
        let staged = stage(workspace, &host_triple()?)?;
        bundle(workspace, options, &staged)
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
    beside(env::consts::OS)
        .into_iter()
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
fn bundle(workspace: &Workspace, options: &Options, beside: &[PathBuf]) -> Result<String> {
    let bundles = &options.bundles;
    let kinds = if bundles.is_empty() { default_bundles().to_owned() } else { bundles.join(",") };
    let depends = depends(&workspace.root.join("src-tauri/tauri.conf.json"), options.gpu)?;
    let overlay = json!({
        "bundle": { "active": true, "externalBin": beside, "linux": { "deb": { "depends": depends } } }
    });
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

/// What the .deb asks for: the checked-in list, and the library that an engine for a card links. Only Vulkan's has one
/// name everywhere.
fn depends(configuration: &Path, gpu: Option<Gpu>) -> Result<Vec<String>> {
    let text = fs::read_to_string(configuration)?;
    let configuration: Value = serde_json::from_str(&text)?;
    let listed = configuration["bundle"]["linux"]["deb"]["depends"].as_array().context("no depends")?;
    let mut depends: Vec<String> = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    depends.extend((gpu == Some(Gpu::Vulkan)).then(|| "libvulkan1".to_owned()));
    Ok(depends)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_voice_is_shipped_where_the_system_has_one() {
        for (system, ships) in [("linux", false), ("macos", true), ("windows", true)] {
            assert_eq!(beside(system).contains(&"worker-system-voice"), ships, "{system}");
            assert_eq!(run::without_window(system).contains(&"worker-system-voice"), ships, "{system}");
            assert!(beside(system).contains(&"worker-espeak"));
        }
    }

    #[test]
    fn a_package_for_cards_asks_for_their_library_too() {
        let configuration = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/tauri.conf.json"));
        let plain = depends(configuration, None).unwrap();
        assert!(plain.iter().any(|package| package == "libasound2"));
        assert!(!plain.iter().any(|package| package == "libvulkan1"));
        assert_eq!(depends(configuration, Some(Gpu::Vulkan)).unwrap().len(), plain.len() + 1);
    }
}
