//! `hark completions`: what a shell needs to complete the calls of this program.

use std::io::Write;

use clap_complete::Shell;

use crate::exit::Exit;

/// The arguments of `hark completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For which shell
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> anyhow::Result<Exit> {
    // Into memory first: the generator panics when its output ends early, as it does before `head`.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "hark", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}
