//! The project's own commands: `cargo xtask run | test | tidy | …`.
//!
//! This is the first thing that is compiled on a fresh machine, so it depends on little, on no crate of ours and on no
//! system library. Every command does the set-up it needs and says what it is doing while it does.

mod bench;
mod bindings;
mod frontend;
mod gpu;
mod package;
mod peer_sight;
mod peers;
mod python;
mod run;
mod setup;
mod shell;
mod stamp;
mod test;
mod test_model;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Hark's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// From a fresh checkout to the window, or to the conversation in the terminal where there is no display
    Run(run::Options),
    /// Do all set-up and run every check and test
    Test(test::Options),
    /// Check the shape of the tree: who depends on whom, sizes, pins, licences, invariants
    Tidy,
    /// Write the TypeScript side of the UI contract again
    Bindings(bindings::Options),
    /// Only the set-up: system packages, front-end packages, the model for tests
    Setup(setup::Options),
    /// Build the release for this system: a .deb here, with the workers beside the window
    Package(package::Options),
    /// Build optimised and run `hark bench …`
    Bench(bench::Options),
    /// Build llama.cpp's own programs, to measure against
    Peers(peers::Options),
}

fn main() -> ExitCode {
    match dispatch(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match &arguments.command {
        // Says by itself what failed; its last line is the count.
        Command::Test(options) => return test::run(&workspace, options),
        Command::Run(options) => run::run(&workspace, options),
        Command::Tidy => tidy::run(&workspace),
        Command::Bindings(options) => bindings::run(&workspace, options),
        Command::Setup(options) => setup::run(&workspace, options),
        Command::Package(options) => package::run(&workspace, options),
        Command::Bench(options) => bench::run(&workspace, options),
        Command::Peers(options) => peers::run(&workspace, options),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
