//! `hark bench`: figures of the product, each with the conditions it was measured under.
//!
//! What always holds: nothing is estimated. A figure that cannot be had here is listed with the reason in place of a
//! value, and the rest is measured all the same.

mod browser;
#[cfg(unix)]
mod clauses;
mod conversation;
mod figure;
mod follow_up;
mod frames;
#[cfg(unix)]
mod hearing;
mod history;
mod loopback;
mod peers;
mod processes;
mod screen;
mod setup;
#[cfg(target_os = "linux")]
mod sight;
mod speed;
#[cfg(unix)]
mod spoken;
#[cfg(unix)]
mod turns;
#[cfg(unix)]
mod voice;
mod window;
mod worker;

use std::path::PathBuf;

use clap::Subcommand;

use self::figure::{Figure, Report};
use self::setup::Setup;
use crate::exit::Exit;
use crate::terminal::note;

/// The arguments of `hark bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Typed conversation: the engine against llama.cpp's own programs, the history, the window
    Text(TextArgs),
    /// Spoken conversation: recordings of people spoken into the real program, on a virtual sound card
    #[cfg(unix)]
    Voice(voice::Args),
    /// Being summoned, and seeing: from the key press to the bar; pictures of the screen, and sharing it
    #[cfg(target_os = "linux")]
    Sight(sight::Args),
    /// Taking turns: how soon a sentence is believed to be whole, and how often its beginning is taken for one
    #[cfg(unix)]
    Turns(turns::Args),
}

/// The arguments of `hark bench text`.
#[derive(clap::Args)]
struct TextArgs {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    /// Only figures whose names begin so, for example `text.` or `worker.ready_ms`
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// The folder with llama-bench and llama-server, as `cargo xtask peers` makes it
    #[arg(long, value_name = "FOLDER", env = "HARK_PEERS", default_value = "target/peers/bin")]
    peers: PathBuf,
    /// The GGUF file to measure with; without it the starter model
    #[arg(long, value_name = "FILE", env = "HARK_TEST_MODEL")]
    model: Option<PathBuf>,
    /// Threads of the engine and of what it is compared with; without it one for each core, as the engine chooses
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=512))]
    threads: Option<u32>,
    /// How often each side has its turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
}

/// Figures that are measured together.
struct Part {
    names: &'static [&'static str],
    /// An error is the reason why they cannot be had.
    measure: fn(&Setup) -> anyhow::Result<Vec<Figure>>,
}

const TEXT: [Part; 7] = [
    Part { names: &["text.decode_ratio", "text.prefill_ratio"], measure: speed::measure },
    Part { names: &["text.followup_ttft_ratio"], measure: follow_up::measure },
    Part { names: &["worker.ready_ms"], measure: worker::measure },
    Part { names: &["window.usable_ms"], measure: window::usable },
    Part { names: &["idle.pss_mb"], measure: window::idle_memory },
    Part { names: &["history.list_ms", "history.search_ms"], measure: history::measure },
    Part { names: &["ui.frame_p95_ms"], measure: frames::measure },
];

/// Measures what is asked for.
pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Text(args) => text(args),
        #[cfg(unix)]
        Command::Voice(args) => voice::run(args),
        #[cfg(target_os = "linux")]
        Command::Sight(args) => sight::run(&args),
        #[cfg(unix)]
        Command::Turns(args) => turns::run(&args),
    }
}

fn text(args: TextArgs) -> anyhow::Result<Exit> {
    let setup = Setup {
        model: args.model,
        peers: args.peers,
        threads: args.threads.unwrap_or_else(setup::default_threads),
        rounds: args.rounds,
    };
    let mut report = Report::new();
    for part in TEXT.iter().filter(|part| is_wanted(part.names, &args.only)) {
        note(format!("measuring {}", part.names.join(", ")));
        let before = setup::load_average();
        match (part.measure)(&setup) {
            Ok(figures) => report.add(figures, [before, setup::load_average()]),
            Err(reason) => report.skip(part.names, &reason),
        }
    }
    report.print(args.json)?;
    Ok(Exit::Done)
}

fn is_wanted(names: &[&str], only: &[String]) -> bool {
    only.is_empty() || names.iter().any(|name| only.iter().any(|start| name.starts_with(start.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
        TEXT.iter().filter(|part| is_wanted(part.names, &only)).flat_map(|part| part.names).copied().collect()
    }

    #[test]
    fn without_a_choice_everything_is_measured() {
        assert_eq!(wanted(&[]).len(), 9);
    }

    #[test]
    fn a_beginning_chooses_all_that_begin_so() {
        assert_eq!(
            wanted(&["text."]),
            ["text.decode_ratio", "text.prefill_ratio", "text.followup_ttft_ratio"]
        );
        assert_eq!(wanted(&["worker.ready_ms", "idle"]), ["worker.ready_ms", "idle.pss_mb"]);
        assert!(wanted(&["nothing"]).is_empty());
    }
}
