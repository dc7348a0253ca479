//! `hark`, the program without a window: the same application as the window's, in a terminal, for other programs, and
//! for a browser.
//!
//! Every subcommand is a module with its arguments and its `run`. What always holds: answers go to standard output,
//! everything else to standard error; a failure is one sentence there and a status that tells its kind ([`exit`]).

mod bench;
mod chat;
mod completions;
mod doctor;
mod exit;
mod listen;
mod look;
mod models;
mod opened;
mod opening;
mod say;
mod serve;
mod speech;
mod summon;
mod talk;
mod terminal;
mod wrap;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;

#[derive(Parser)]
#[command(
    name = "hark",
    version,
    about = "An assistant on your own machine: nothing leaves it.",
    after_help = exit::HELP,
    max_term_width = 100,
    subcommand_required = false,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(flatten)]
    summon: summon::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Talk with a model in the terminal, or ask one question
    Chat(chat::Args),
    /// Talk with a model by voice, in the terminal
    Talk(talk::Args),
    /// Write down what is said, from the microphone or in a recording
    Listen(listen::Args),
    /// Speak a text, or write it as sound
    Say(say::Args),
    /// List what can be seen; take a picture of the screen, a window, a region or through a camera; read what is selected
    Look(look::Args),
    /// List, fetch, take in and remove models
    Models(models::Args),
    /// Say what works on this machine, and what to do about the rest
    Doctor(doctor::Args),
    /// Serve the application to a browser or another program on this machine
    Serve(serve::Args),
    /// Measure this build on this machine
    Bench(bench::Args),
    /// Print what a shell needs to complete these commands
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What a person has to know is said in sentences; log lines between them only for those who ask. A server runs
    // unattended, and whoever looks at it later wants to know what went wrong.
    if std::env::var_os("HARK_LOG").is_some() || matches!(cli.command, Some(Command::Serve(_))) {
        assembly::log_to_stderr();
    }
    let done = match cli.command {
        Some(command) => run(command),
        None => summon::run(&cli.summon),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => exit::tell(&error).into(),
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Chat(args) => chat::run(&args),
        Command::Talk(args) => talk::run(&args),
        Command::Listen(args) => listen::run(&args),
        Command::Say(args) => say::run(&args),
        Command::Look(args) => look::run(&args),
        Command::Models(args) => models::run(args),
        Command::Doctor(args) => opened::block_on(doctor::run(args)),
        Command::Bench(args) => bench::run(args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Serve(args) => opened::block_on(serve::run(args)),
    }
}
