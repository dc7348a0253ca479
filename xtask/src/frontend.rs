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

/// Below `ui/`, what is made by tools and never read by the build.
const MADE: [&str; 6] = ["node_modules", "dist", "dist-test", "coverage", "test-results", "tests"];

/// `npm ci`, when the lock file is not the one `node_modules` was made from.
pub(crate) fn packages(workspace: &Workspace) -> Result<String> {
    let ui = workspace.ui();
    check_node(&package_json(workspace)?)?;
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
    package_json(workspace).is_ok_and(|package| package["scripts"][script].is_string())
}

fn package_json(workspace: &Workspace) -> Result<Value> {
    let file = workspace.ui().join("package.json");
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))
}

/// Holds the installed Node against `engines.node` of `ui/package.json`, whose form is `>=20.19`.
fn check_node(package: &Value) -> Result<()> {
    let wanted = package["engines"]["node"].as_str().unwrap_or(">=0.0");
    let oldest =
        wanted.strip_prefix(">=").and_then(version).with_context(|| format!("engines.node is {wanted:?}"))?;
    let advice = format!("Node {wanted} with npm is needed for the window: https://nodejs.org");
    if on_path("node").is_none() || on_path("npm").is_none() {
        bail!("{advice}");
    }
    let printed = output(Command::new("node").arg("--version"))?;
    let found = version(printed.trim().trim_start_matches('v'));
    if found.is_none_or(|found| found < oldest) {
        bail!("{advice} (found {})", printed.trim());
    }
    Ok(())
}

/// `20.19.2` as (20, 19).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn node_is_held_against_what_the_front_end_asks_for() {
        assert!(check_node(&json!({ "engines": { "node": ">=12.0" } })).is_ok());
        let error = check_node(&json!({ "engines": { "node": ">=9999.0" } })).unwrap_err().to_string();
        assert!(error.contains(">=9999.0"), "{error}");
        assert!(version("20.9.0") < version("20.19.2"));
        assert_eq!(version("twenty"), None);
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
