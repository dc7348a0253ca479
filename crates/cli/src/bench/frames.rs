//! `ui.frame_p95_ms`: frame times while a long reply streams into the page. The measuring is a script of the front end's
//! (`ui/bench/frames`), which needs Node and Chromium; this only runs it.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::figure::Figure;
use super::setup::Setup;

const SCRIPT: &str = "bench/frames/run.mjs";

/// Tokens a second: more than people read and most machines write, so that it is the page that is measured.
const RATE: &str = "400";

pub(super) fn measure(_: &Setup) -> anyhow::Result<Vec<Figure>> {
    let ui = front_end().context("the front end's sources are not here; run this in a checkout of Hark")?;
    if !ui.join("node_modules").is_dir() {
        bail!("the front end's packages are not installed; `cargo xtask setup` does that");
    }
    let mut node = Command::new("node");
    node.current_dir(&ui).args([SCRIPT, "--json", "--rates", RATE]).stdin(Stdio::null());
    let output = node.output().context("node cannot be started")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().find(|line| line.contains("Error")).or(said.lines().last());
        bail!("the script {SCRIPT} failed: {}", error.unwrap_or_default().trim());
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{SCRIPT} printed something unexpected"))
}

/// The folder `ui` of the checkout that this is run in, or that this program was built in.
fn front_end() -> Option<PathBuf> {
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    let mut folders =
        starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join("ui"));
    folders.find(|ui| ui.join(SCRIPT).is_file())
}
