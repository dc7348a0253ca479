//! `cargo xtask bench`: figures from an optimised build. The program is `hark bench`; this only builds what it measures.

use crate::{
    frontend, run,
    setup::{self, Purpose},
    shell::{Steps, become_program},
    workspace::Workspace,
};
use anyhow::Result;
use std::{ffi::OsString, process::Command};

/// `cargo xtask bench`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The cargo profile to measure
    #[arg(long, default_value = "release")]
    profile: String,
    /// Handed on to `hark bench`, for example `text --json`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut steps = Steps::new(5);
    steps.step("System packages", || setup::ensure(Purpose::Window))?;
    steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
    steps.step("Front end (npm run build)", || frontend::build(workspace))?;
    steps.step("Programs (cargo build)", || run::build(workspace, &options.profile, &run::EVERYTHING))?;
    steps.announce("hark bench");
    let mut hark = Command::new(workspace.program(&options.profile, "hark"));
    become_program(hark.arg("bench").args(&options.arguments))
}
