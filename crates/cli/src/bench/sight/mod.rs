//! `hark bench sight`: being summoned, looking at the screen, sharing it, and asking about a picture.

mod grabs;
mod hotkey;
mod painter;
mod pictures;
mod sharing;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use super::figure::{Figure, Report};
use super::screen::Screen;
use super::{is_wanted, setup};
use crate::exit::Exit;
use crate::terminal::note;

/// The arguments of `hark bench sight`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    /// Only figures whose names begin so, for example `sight.grab`
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// How often the key is pressed
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(10..=1000))]
    presses: u32,
    /// How often each kind of picture is taken
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pictures: u32,
    /// How long each kind of sharing is watched, in seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=3600))]
    seconds: u32,
    /// A GGUF of a model that sees, for the figures of a question about a picture
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Its projector; otherwise the one beside it (mmproj-FILE)
    #[arg(long, value_name = "FILE", requires = "model")]
    projector: Option<PathBuf>,
    /// The picture that is asked about; otherwise a slope of colours of 960 x 540
    #[arg(long, value_name = "FILE", requires = "model")]
    picture: Option<PathBuf>,
    /// How often each is asked
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Where llama.cpp's own programs are
    #[arg(long, value_name = "FOLDER", env = "HARK_PEERS", default_value = "target/peers/bin")]
    peers: PathBuf,
}

/// Figures that are measured together.
struct Part {
    names: &'static [&'static str],
    measure: Measure,
}

type Measured = anyhow::Result<Vec<Figure>>;

enum Measure {
    /// On a display that it opens itself, where there is none.
    Itself(fn(&Args) -> Measured),
    /// On the display of this process's environment.
    OnADisplay(fn(&Args) -> Measured),
}

const PARTS: [Part; 4] = [
    Part { names: &[hotkey::NAME], measure: Measure::Itself(|args| hotkey::measure(args.presses)) },
    Part { names: &grabs::NAMES, measure: Measure::OnADisplay(grabs::measure) },
    Part { names: &sharing::NAMES, measure: Measure::OnADisplay(sharing::measure) },
    Part { names: &pictures::NAMES, measure: Measure::Itself(pictures::measure) },
];

/// What the display is, told to the process that measures on it.
const DISPLAY: &str = "HARK_BENCH_DISPLAY";

/// The size of a display of our own, pixels: that of most screens.
const SIZE: (u16, u16) = (1920, 1080);

/// Measures what is asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut report = Report::new();
    for part in PARTS.iter().filter(|part| is_wanted(part.names, &args.only)) {
        note(format!("measuring {}", part.names.join(", ")));
        let before = setup::load_average();
        let measured = match part.measure {
            Measure::Itself(measure) => measure(args),
            Measure::OnADisplay(measure) => on_a_display(part.names, measure, args),
        };
        match measured {
            Ok(figures) => report.add(figures, [before, setup::load_average()]),
            Err(reason) => report.skip(part.names, &reason),
        }
    }
    report.print(args.json)?;
    Ok(Exit::Done)
}

/// Where there is no display, this program once more on one of our own: libraries find it through the environment.
fn on_a_display(names: &[&str], measure: fn(&Args) -> Measured, args: &Args) -> Measured {
    let screen = Screen::sized(SIZE)?;
    let Some(display) = screen.name() else { return measure(args) };
    let mut again = Command::new(std::env::current_exe()?);
    again.args(["bench", "sight", "--json", "--only", &names.join(",")]);
    again.args(["--pictures", &args.pictures.to_string(), "--seconds", &args.seconds.to_string()]);
    again.env("DISPLAY", display).env(DISPLAY, screen.describe());
    let done = again.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(done.status.success(), "the measuring process ended with {}", done.status);
    let figures: Vec<Figure> = serde_json::from_slice(&done.stdout).context("no figures came back")?;
    Ok(figures)
}

/// What the display of this process is.
fn display() -> String {
    std::env::var(DISPLAY).unwrap_or_else(|_| "the session's own".to_owned())
}
