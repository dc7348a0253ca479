//! `hark bench sight`: being summoned and looking.

mod hotkey;

use super::figure::Report;
use super::setup;
use crate::exit::Exit;
use crate::terminal::note;

/// The arguments of `hark bench sight`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    /// How often the key is pressed
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(10..=1000))]
    presses: u32,
}

/// Measures all of it.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut report = Report::new();
    note(format!("measuring {}", hotkey::NAME));
    let before = setup::load_average();
    match hotkey::measure(args.presses) {
        Ok(figures) => report.add(figures, [before, setup::load_average()]),
        Err(reason) => report.skip(&[hotkey::NAME], &reason),
    }
    report.print(args.json)?;
    Ok(Exit::Done)
}
