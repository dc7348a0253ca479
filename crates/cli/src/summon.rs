//! `hark --toggle`, `hark --talk` and `hark --look`: what a key would do, asked of the running window, or of a new one. For desktops that
//! give programs no keys, and for whoever binds keys himself.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use worker_host::worker_program;

use crate::exit::Exit;

/// What is asked of the window's program.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct Args {
    /// Show the bar of the running window, or hide it
    #[arg(long)]
    toggle: bool,
    /// Begin to speak, or stop: the talk key for those who cannot hold one
    #[arg(long)]
    talk: bool,
    /// Choose a part of the screen, and ask about it in the bar
    #[arg(long)]
    look: bool,
}

impl Args {
    fn word(&self) -> Option<&'static str> {
        [(self.toggle, "--toggle"), (self.talk, "--talk"), (self.look, "--look")]
            .into_iter()
            .find_map(|(asked, word)| asked.then_some(word))
    }
}

/// Hands it over.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let Some(word) = args.word() else { bail!("Say what to do; `hark help` lists it.") };
    let program = worker_program("hark-desktop").context("The window's program is not installed.")?;
    let mut command = Command::new(program);
    command.arg(word).stdin(Stdio::null()).stdout(Stdio::null());
    hand_over(command)
}

/// The running window does it and this ends at once; else this becomes the window.
#[cfg(unix)]
fn hand_over(mut command: Command) -> anyhow::Result<Exit> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("The window's program cannot be started.")
}

#[cfg(not(unix))]
fn hand_over(mut command: Command) -> anyhow::Result<Exit> {
    command.spawn().context("The window's program cannot be started.")?;
    Ok(Exit::Done)
}
