//! `cargo xtask bindings`: the TypeScript side of the UI contract, written by the crate that declares it.

use crate::{shell, workspace::Workspace};
use anyhow::Result;
use std::process::Command;

/// The test in `crates/api` that compares the file in `ui/src/generated` with the Rust types, or writes it.
const TEST: &str = "bindings_are_fresh";

/// `cargo xtask bindings`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only say whether the file is fresh
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--quiet", "-p", "api", "--lib"]);
    if !options.check {
        cargo.env("HARK_WRITE_BINDINGS", "1");
    }
    shell::run(cargo.args(["--", TEST]))
}

/// The check as a step of the whole run: `selection` is what every other cargo command of that run selects, so that
/// nothing is compiled twice.
pub(crate) fn check(mut cargo: Command, selection: &[&str]) -> Result<()> {
    shell::run(cargo.args(["test", "--quiet", "--lib"]).args(selection).args(["--", TEST]))
}
