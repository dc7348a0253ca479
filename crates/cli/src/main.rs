//! `hark`, the program without a window: the same application as the window's, in a terminal, for other programs, and
//! for a browser.
//!
//! Every subcommand is a module with its arguments and its `run`. What always holds: answers go to standard output,
//! everything else to standard error; a failure is one sentence there and a status that tells its kind ([`exit`]).

mod exit;
mod opened;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

#[derive(Parser)]
#[command(
    name = "hark",
    version,
    about = "An assistant on your own machine: nothing leaves it.",
    after_help = exit::HELP,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the application to a browser or another program on this machine
    Serve(serve::Args),
}

fn main() -> ExitCode {
    assembly::log_to_stderr();
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => exit::tell(&error).into(),
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Serve(args) => opened::block_on(serve::run(args)),
    }
}
