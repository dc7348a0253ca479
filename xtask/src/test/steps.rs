//! The steps, in their order. A new one is a row here and a function below.

use super::prepare::{Need, Preparations, SELECTION, WINDOW_TESTS};
use crate::{
    bindings, frontend,
    shell::{self, node_script, on_path, run_watched},
    tidy,
    workspace::Workspace,
};
use anyhow::Result;
use std::process::Command;

pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) needs: &'static [Need],
    pub(super) presence: fn(&Workspace) -> Presence,
    pub(super) run: fn(&Preparations) -> Result<()>,
}

/// Whether what a step runs is here at all.
pub(super) enum Presence {
    Here,
    LeftOut(&'static str),
}

use Need::{FrontEnd, Model, NodeModules, Programs, SystemPackages, Voice};

#[rustfmt::skip]
pub(super) const STEPS: &[Step] = &[
    Step { name: "fmt",      what: "cargo fmt --check",                           needs: &[],                           presence: always,      run: fmt },
    Step { name: "tidy",     what: "cargo xtask tidy",                            needs: &[],                           presence: always,      run: tidy_tree },
    Step { name: "deny",     what: "cargo deny check bans licenses sources",      needs: &[],                           presence: cargo_deny,  run: deny },
    Step { name: "clippy",   what: "cargo clippy, warnings are errors",           needs: &[SystemPackages, FrontEnd],   presence: always,      run: clippy },
    Step { name: "bindings", what: "the generated TypeScript is fresh",           needs: &[SystemPackages, FrontEnd],   presence: always,      run: bindings_fresh },
    Step { name: "test",     what: "cargo test",                                  needs: &[Programs, Model, Voice],     presence: always,      run: cargo_test },
    Step { name: "ui-check", what: "types of the front end",                      needs: &[NodeModules],                presence: ui_check,    run: |prepared| npm(prepared, "check") },
    Step { name: "ui-lint",  what: "format and lints of the front end",           needs: &[NodeModules],                presence: ui_lint,     run: |prepared| npm(prepared, "lint") },
    Step { name: "ui-test",  what: "tests of the front end",                      needs: &[NodeModules],                presence: ui_test,     run: |prepared| npm(prepared, "test") },
    Step { name: "browser",  what: "the front end in Chromium",                   needs: &[Programs, Model],            presence: ui_browser,  run: |prepared| npm(prepared, "test:browser") },
    Step { name: "window",   what: "the real window, on a virtual display",       needs: &[Programs, Model],            presence: window_tests, run: window },
];

fn always(_: &Workspace) -> Presence {
    Presence::Here
}

fn when(here: bool, otherwise: &'static str) -> Presence {
    if here { Presence::Here } else { Presence::LeftOut(otherwise) }
}

fn cargo_deny(_: &Workspace) -> Presence {
    when(
        on_path("cargo-deny").is_some(),
        "cargo-deny is not installed; licences, sources and single versions were checked by tidy",
    )
}

fn ui_check(workspace: &Workspace) -> Presence {
    when(frontend::has_script(workspace, "check"), "ui has no script \"check\"")
}

fn ui_lint(workspace: &Workspace) -> Presence {
    when(frontend::has_script(workspace, "lint"), "ui has no script \"lint\"")
}

fn ui_test(workspace: &Workspace) -> Presence {
    when(frontend::has_script(workspace, "test"), "ui has no script \"test\"")
}

fn ui_browser(workspace: &Workspace) -> Presence {
    when(frontend::has_script(workspace, "test:browser"), "ui has no script \"test:browser\"")
}

fn window_tests(workspace: &Workspace) -> Presence {
    if !cfg!(target_os = "linux") {
        return Presence::LeftOut("the real-window tests run on Linux");
    }
    when(has_window_tests(workspace), "there is no package of real-window tests")
}

fn has_window_tests(workspace: &Workspace) -> bool {
    workspace.root.join("tests/desktop/Cargo.toml").is_file()
}

fn fmt(prepared: &Preparations) -> Result<()> {
    shell::run(prepared.cargo().args(["fmt", "--all", "--check"]))
}

fn tidy_tree(prepared: &Preparations) -> Result<()> {
    tidy::run(prepared.workspace)
}

/// Not the advisories: they need the network, and a tree does not turn bad while nobody touches it. CI asks for them.
fn deny(prepared: &Preparations) -> Result<()> {
    shell::run(prepared.cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}

fn clippy(prepared: &Preparations) -> Result<()> {
    let mut cargo = prepared.cargo();
    cargo.args(["clippy", "--all-targets"]).args(SELECTION).args(["--", "-D", "warnings"]);
    run_watched(&mut cargo, || "clippy reads the workspace".to_owned())
}

fn bindings_fresh(prepared: &Preparations) -> Result<()> {
    bindings::check(prepared.cargo(), &SELECTION)
}

fn cargo_test(prepared: &Preparations) -> Result<()> {
    let mut cargo = prepared.cargo();
    cargo.args(["test", "--no-fail-fast"]).args(SELECTION);
    if has_window_tests(prepared.workspace) {
        cargo.args(["--exclude", WINDOW_TESTS]);
    }
    run_watched(&mut cargo, || "cargo tests the workspace".to_owned())
}

fn npm(prepared: &Preparations, script: &str) -> Result<()> {
    let mut npm = prepared.with_environment(node_script("npm"));
    npm.current_dir(prepared.workspace.ui()).args(["run", "--silent", script]);
    run_watched(&mut npm, || format!("npm run {script}"))
}

/// A display, a bus and a window manager of its own, one window at a time.
fn window(prepared: &Preparations) -> Result<()> {
    let mut display = prepared.with_environment(Command::new("xvfb-run"));
    display
        .current_dir(&prepared.workspace.root)
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .env_remove("WAYLAND_DISPLAY")
        .args(["-a", "-s", "-screen 0 1280x800x24", "dbus-run-session", "--"])
        .args(["sh", "-c", "openbox >/dev/null 2>&1 & exec \"$0\" \"$@\""])
        .arg(prepared.cargo().get_program())
        .args(["test", "--no-fail-fast", "-p", WINDOW_TESTS, "--", "--test-threads=1"]);
    run_watched(&mut display, || "the real window is being tested".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_are_one_word_each_and_unique() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        assert!(
            names.iter().all(|name| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn a_step_without_its_part_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), target: folder.path().join("target") };
        assert!(matches!(window_tests(&workspace), Presence::LeftOut(_)));
        assert!(matches!(ui_browser(&workspace), Presence::LeftOut(_)));
    }
}
