//! The front end's packages and its build, each done only when what it reads has changed.

use crate::{
    shell::{node_script, on_path, output, run_watched},
    stamp::Stamp,
    workspace::Workspace,
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs::{self, File},
    process::Command,
    time::SystemTime,
};

/// What the front end's bundler asks for (its `engines` field): the first such release.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Below `ui/`, what is made by tools and never read by the build.
const MADE: [&str; 6] = ["node_modules", "dist", "dist-test", "coverage", "test-results", "tests"];

/// `npm ci`, when the lock file is not the one `node_modules` was made from.
pub(crate) fn packages(workspace: &Workspace) -> Result<String> {
    check_node()?;
    let ui = workspace.ui();
    // Kept inside node_modules: whoever deletes that deletes the stamp with it.
    let folder = ui.join("node_modules");
    let stamp = Stamp::of(&folder, ".hark", &[ui.join("package.json"), ui.join("package-lock.json")], &[])?;
    if stamp.is_fresh() {
        return Ok("unchanged".to_owned());
    }
    let mut npm = node_script("npm");
    npm.current_dir(&ui).args(["ci", "--no-audit", "--no-fund"]);
    run_watched(&mut npm, || "npm fetches the front end's packages".to_owned())?;
    stamp.keep()?;
    Ok("installed".to_owned())
}

/// `npm run build`, when a source of the front end changed. Needs [`packages`] before.
pub(crate) fn build(workspace: &Workspace) -> Result<String> {
    let ui = workspace.ui();
    let stamp = Stamp::of(&workspace.own_target(), "ui-dist", std::slice::from_ref(&ui), &MADE)?;
    if stamp.is_fresh() && ui.join("dist/index.html").is_file() {
        return Ok("unchanged".to_owned());
    }
    let mut npm = node_script("npm");
    npm.current_dir(&ui).args(["run", "--silent", "build"]);
    run_watched(&mut npm, || "the bundler is at work".to_owned())?;
    touch_window(workspace)?;
    stamp.keep()?;
    Ok("built".to_owned())
}

/// The window's program carries the front end inside, and cargo does not watch `ui/dist` by itself.
fn touch_window(workspace: &Workspace) -> Result<()> {
    let build_script = workspace.root.join("src-tauri/build.rs");
    if build_script.is_file() {
        File::options().append(true).open(&build_script)?.set_modified(SystemTime::now())?;
    }
    Ok(())
}

/// Whether `ui/package.json` has a script of this name.
pub(crate) fn has_script(workspace: &Workspace, script: &str) -> bool {
    fs::read_to_string(workspace.ui().join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .is_some_and(|package| package["scripts"][script].is_string())
}

fn check_node() -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    if on_path("node").is_none() || on_path("npm").is_none() {
        bail!("Node {major}.{minor} or newer with npm is needed for the window: https://nodejs.org");
    }
    let printed = output(Command::new("node").arg("--version"))?;
    let found = node_version(&printed).with_context(|| format!("`node --version` printed {printed:?}"))?;
    if found < OLDEST_NODE {
        bail!(
            "Node {major}.{minor} or newer is needed for the window; found {}: https://nodejs.org",
            printed.trim()
        );
    }
    Ok(())
}

/// `v20.19.2` as (20, 19).
fn node_version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(node_version("v20.19.2\n"), Some((20, 19)));
        assert!(node_version("v18.20.4").unwrap() < OLDEST_NODE);
        assert!(node_version("v22.2.0").unwrap() > OLDEST_NODE);
        assert_eq!(node_version("twenty"), None);
    }

    #[test]
    fn scripts_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), target: folder.path().join("target") };
        assert!(!has_script(&workspace, "check"));
        fs::create_dir(folder.path().join("ui")).unwrap();
        fs::write(folder.path().join("ui/package.json"), r#"{"scripts":{"check":"svelte-check"}}"#).unwrap();
        assert!(has_script(&workspace, "check"));
        assert!(!has_script(&workspace, "test"));
    }
}
