//! `hark bench turns`: how soon a whole sentence is believed to be one, and how often its beginning is taken for it; on
//! recordings alone, with the listening chain, the judge, the recogniser and the turn machine of the product.
//!
//! Every sentence is heard whole, and as up to three beginnings that end at a word in mid-clause where the sound is weak;
//! silence of the recording's own noise floor follows. A beginning stands for a sentence with a pause inside: if the turn is believed
//! to be over before such a pause ends, the user is cut off.

mod belief;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use turn::TurnConfig;

use self::belief::{believed, scaled};
use super::clauses;
use super::figure::{Figure, Report, median, rounded};
use super::hearing::{Hearer, Kind, Paused};
use super::setup::load_average;
use super::spoken::{Files, Given};
use crate::exit::Exit;
use crate::opened;
use crate::terminal::note;

/// The arguments of `hark bench turns`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    given: Given,
    /// Writes what was known at every pause here, a JSON object for each line
    #[arg(long, value_name = "FILE")]
    pauses: Option<PathBuf>,
}

/// Pauses inside a sentence, milliseconds, as `hark bench voice` puts them in.
const PAUSES: [u32; 5] = [300, 500, 700, 900, 1_200];
/// All silences of the configuration times these.
const SCALES: [f64; 9] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0];

const NAMES: [&str; 4] = ["turns.delay_median_ms", "turns.delay_p95_ms", "turns.cutoff_rate", "turns.curve"];

/// Measures it.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut report = Report::new();
    let before = load_average();
    opened::block_on(async {
        let files = args.given.files(&Handle::current())?;
        match measure(args, &files).await {
            Ok(figures) => report.add(figures, [before, load_average()]),
            Err(reason) => report.skip(&NAMES, &reason),
        }
        anyhow::Ok(())
    })?;
    report.print(args.json)?;
    Ok(Exit::Done)
}

async fn measure(args: &Args, files: &Files) -> anyhow::Result<Vec<Figure>> {
    let sentences = files.utterances()?;
    let mut hearer = Hearer::new(files).await?;
    let mut pauses = Vec::new();
    for (n, sentence) in sentences.iter().enumerate() {
        if n % 10 == 0 {
            note(format!("hearing sentences: {n} of {}", sentences.len()));
        }
        let Some((whole, cuts)) = clauses::heard(&mut hearer, sentence).await? else { continue };
        pauses.push(whole);
        pauses.extend(cuts.into_iter().map(|(_, beginning)| beginning));
    }
    if let Some(file) = &args.pauses {
        let mut out = std::fs::File::create(file).with_context(|| file.display().to_string())?;
        for pause in &pauses {
            writeln!(out, "{}", serde_json::to_string(pause)?)?;
        }
    }
    Ok(figures(&pauses))
}

/// How a configuration does.
struct Outcome {
    /// From the last voiced sample until whole sentences are believed to be over, in milliseconds, sorted.
    delays: Vec<f64>,
    /// The share of pauses inside a sentence that are taken for its end.
    cut: f64,
}

fn outcome(pauses: &[Paused], config: &TurnConfig) -> Outcome {
    let of = |kind| pauses.iter().filter(move |pause| pause.kind == kind);
    // The detector takes some of the silence for voice.
    let after = |pause: &Paused| {
        believed(pause, config)
            .map_or(f64::INFINITY, |ms| f64::from(ms.0) + pause.seen_ms as f64 - f64::from(pause.told_ms))
    };
    let delays = sorted(of(Kind::Whole).map(after).collect());
    let early = |pause: &Paused| {
        let after = after(pause);
        PAUSES.iter().filter(|length| after < f64::from(**length)).count()
    };
    let cut: usize = of(Kind::Beginning).map(early).sum();
    let all = of(Kind::Beginning).count() * PAUSES.len();
    Outcome { delays, cut: cut as f64 / all.max(1) as f64 }
}

fn figures(pauses: &[Paused]) -> Vec<Figure> {
    let now = outcome(pauses, &TurnConfig::default());
    let curve: Vec<Value> = SCALES
        .iter()
        .map(|scale| {
            let outcome = outcome(pauses, &scaled(&TurnConfig::default(), *scale));
            json!({
                "silences_times": scale,
                "delay_median_ms": rounded(median(&outcome.delays)),
                "delay_p95_ms": rounded(p95(&outcome.delays)),
                "cutoff_rate": rounded(outcome.cut),
            })
        })
        .collect();
    let whole = now.delays.len();
    let beginnings = pauses.iter().filter(|pause| pause.kind == Kind::Beginning).count();
    let conditions = json!({
        "what": "on recordings alone: from the last voiced sample of a whole sentence until its end is believed; beginnings \
                 of sentences with a pause behind them that is taken for the end",
        "pause_seen_median_ms": median(&sorted(pauses.iter().map(|pause| pause.seen_ms as f64).collect())),
        "pauses_ms": PAUSES, "sentences": whole, "beginnings": beginnings,
    });
    let with_curve = json!({
        "what": "the value is the cut-off rate now; the pairs are those of all silences times a factor",
        "pairs": curve,
    });
    vec![
        Figure::new(NAMES[0], median(&now.delays), "ms", whole, conditions.clone()),
        Figure::new(NAMES[1], p95(&now.delays), "ms", whole, conditions.clone()),
        Figure::new(NAMES[2], now.cut, "", beginnings * PAUSES.len(), conditions),
        Figure::new(NAMES[3], now.cut, "", beginnings * PAUSES.len(), with_curve),
    ]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Of sorted values.
fn p95(sorted: &[f64]) -> f64 {
    let place = (sorted.len() * 95).div_ceil(100);
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
