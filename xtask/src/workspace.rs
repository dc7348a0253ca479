//! Where things are: the repository's root, cargo's target folder, and the cargo that started us.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Turns `hark-desktop` into the program that carries its own front end. Every command that builds the whole workspace
/// passes it, so that no two of them compile Tauri differently.
pub(crate) const DESKTOP_FEATURE: &str = "hark-desktop/custom-protocol";

/// The repository and the folder cargo builds into.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

#[derive(Deserialize)]
struct Located {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and `build.target-dir` are respected.
    pub(crate) fn find() -> Result<Self> {
        let ours = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = Path::new(&ours).join("Cargo.toml");
        let mut metadata = cargo_program();
        metadata.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
        let located: Located = serde_json::from_str(&crate::shell::output(&mut metadata)?)
            .context("cargo metadata printed something else than expected")?;
        Ok(Self { root: located.workspace_root, target: located.target_directory })
    }

    /// `cargo`, started in the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = cargo_program();
        cargo.current_dir(&self.root);
        cargo
    }

    /// Our own corner of the target folder: stamps, test models, peers.
    pub(crate) fn own_target(&self) -> PathBuf {
        self.target.join("xtask")
    }

    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// The folder that holds the programs of a cargo profile; `dev` is the one that does not go by its name.
    pub(crate) fn programs(&self, profile: &str) -> PathBuf {
        self.target.join(if profile == "dev" { "debug" } else { profile })
    }

    /// A program built by us, with the system's file ending.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.programs(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

/// The same cargo that runs us. What `cargo run` put into our environment about xtask itself must not reach other builds.
fn cargo_program() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_and_the_target_folder_is_known() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root.join("xtask/Cargo.toml").is_file());
        assert!(workspace.target.is_absolute());
    }

    #[test]
    fn the_dev_profile_builds_into_debug() {
        let workspace = Workspace { root: "/r".into(), target: "/t".into() };
        assert_eq!(workspace.programs("dev"), Path::new("/t/debug"));
        assert_eq!(workspace.programs("dist"), Path::new("/t/dist"));
    }
}
