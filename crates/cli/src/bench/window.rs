//! `window.usable_ms` and `idle.pss_mb`: the window's program, opened for real.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;
use settings::{Paths, Settings};
use worker_host::worker_program;

use super::browser::Browser;
use super::figure::{Figure, rounded};
use super::processes::{Pid, memory_mb};
use super::screen::Screen;
use super::setup::{Setup, build_of};

/// The composer takes the focus when it can be written in.
const USABLE: &str = "document.activeElement?.matches('textarea:not(:disabled)')";

/// So long after its start the window has nothing left to do.
const SETTLED: Duration = Duration::from_secs(15);

/// The process that shows the page.
const PAGE: &str = "WebKitWebProces";

pub(super) fn usable(setup: &Setup) -> anyhow::Result<Vec<Figure>> {
    let program = program()?;
    let model = setup.model()?;
    let screen = Screen::open()?;
    let home = tempfile::tempdir()?;
    furnish(home.path(), &model)?;
    let mut times = Vec::new();
    // The first one brings programs and libraries into the system's memory.
    for round in 0..=setup.rounds {
        let browser = Browser::open(&screen, &program, home.path())?;
        let age = browser.age_when(USABLE)?;
        if round > 0 {
            times.push(age);
        }
        browser.close()?;
    }
    let conditions = json!({
        "what": "process start to a focused message field; seen from outside, so it is an upper bound",
        "display": screen.describe(),
        "window_build": build_of(&program),
    });
    Ok(vec![Figure::median("window.usable_ms", &times, "ms", conditions)])
}

pub(super) fn idle_memory(_: &Setup) -> anyhow::Result<Vec<Figure>> {
    let program = program()?;
    let screen = Screen::open()?;
    let home = tempfile::tempdir()?;
    let bus = screen.command(&program, home.path()).spawn().context("dbus-run-session cannot be started")?;
    let opened = Opened(bus);
    let begun = Instant::now();
    std::thread::sleep(SETTLED);
    let window = opened.pid().running(&program).context("the window did not open")?;
    let tree = window.tree();
    if !tree.iter().any(|pid| pid.name() == PAGE) {
        bail!("the window shows no page");
    }
    let by_name = memory_mb(&tree)?;
    let rounded: serde_json::Map<_, _> =
        by_name.iter().map(|(name, &mb)| (name.clone(), json!(rounded(mb)))).collect();
    let conditions = json!({
        "what": "PSS of all processes of an open window, no model loaded (first-run page)",
        "seconds_after_start": begun.elapsed().as_secs(),
        "processes": rounded,
        "display": screen.describe(),
        "window_build": build_of(&program),
    });
    Ok(vec![Figure::new("idle.pss_mb", by_name.values().sum(), "MB", 1, conditions)])
}

fn program() -> anyhow::Result<PathBuf> {
    let program = worker_program("hark-desktop").context("the window's program was not built")?;
    Ok(std::fs::canonicalize(program)?)
}

/// Gives a home a model, and chooses it.
fn furnish(home: &Path, model: &Path) -> anyhow::Result<()> {
    let paths = Paths::under(home);
    let store = assembly::model_store_of(&paths, &Settings::default())?;
    let model = store.import(model)?;
    std::fs::write(paths.settings_file(), format!("[model]\nactive = \"{}\"\n", model.id))?;
    Ok(())
}

/// The bus with the window in it.
struct Opened(Child);

impl Opened {
    fn pid(&self) -> Pid {
        Pid(self.0.id())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.pid().end_tree();
        let _ = self.0.wait();
    }
}
