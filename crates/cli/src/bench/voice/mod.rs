//! `hark bench voice`: the real program on the virtual sound card, spoken to by recordings of people and measured on what
//! came out of the loudspeaker; the recogniser and the echo canceller on recordings alone.
//!
//! What always holds: whether it ends well, badly or by Ctrl-C, no process, sound server or folder is left behind.

mod cancelling;
mod recognition;

use std::path::PathBuf;

use anyhow::{Context, bail};
use soundcard_sim::Sound;
use tokio::runtime::Handle;
use voice_bench::parts::{Clause, Measured, PARTS, Scenes};
use voice_bench::{Cast, Peer};

use super::figure::{Figure, Report};
use super::setup::load_average;
use super::spoken::{self, Files, Given};
use crate::exit::Exit;
use crate::models::{Opened, STARTER};
use crate::opened;
use crate::terminal::note;

/// The arguments of `hark bench voice`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    /// Fewer runs, for a first look: a quarter of an hour instead of an hour and more
    #[arg(long)]
    quick: bool,
    /// Only these parts: reply, cutoff, barge-in, false-stops, self-hearing, cost, held, growth, history, peer, recognition,
    /// echo
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<String>,
    #[command(flatten)]
    given: Given,
    /// The model that answers: an id; without it the starter model
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// Another program that speaks and listens, to be compared with Hark in the part “peer”, for example
    /// bench/pipecat/start.py
    #[arg(long, value_name = "PROGRAM", conflicts_with = "model")]
    peer: Option<PathBuf>,
}

/// Figures on recordings alone.
struct OnFiles {
    name: &'static str,
    figures: &'static [&'static str],
    measure: fn(&Files) -> anyhow::Result<Vec<Figure>>,
}

const ON_FILES: [OnFiles; 2] = [
    OnFiles {
        name: "recognition",
        figures: &["asr.wer_clean", "asr.wer_noise10", "asr.rtf"],
        measure: recognition::measure,
    },
    OnFiles { name: "echo", figures: &["aec.erle_db"], measure: cancelling::measure },
];

/// Measures what is asked for.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    check(&args.only)?;
    opened::block_on(async {
        let runtime = Handle::current();
        let measuring = tokio::task::spawn_blocking(move || measure(&args, &runtime));
        tokio::pin!(measuring);
        tokio::select! {
            done = &mut measuring => return done.context("The measurement broke off")?,
            pressed = tokio::signal::ctrl_c() => pressed?,
        }
        // What was started is put away before this ends.
        voice_bench::interrupt();
        let _ = measuring.await;
        Ok(Exit::Interrupted)
    })
}

fn check(only: &[String]) -> anyhow::Result<()> {
    let names = || PARTS.iter().map(|part| part.name).chain(ON_FILES.iter().map(|part| part.name));
    if let Some(unknown) = only.iter().find(|wanted| !names().any(|name| name == wanted.as_str())) {
        bail!("there is no part “{unknown}”; the parts are {}", names().collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn measure(args: &Args, runtime: &Handle) -> anyhow::Result<Exit> {
    let is_wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|wanted| wanted == name);
    let files = args.given.files(runtime)?;
    let needs_clauses = is_wanted("cutoff") || is_wanted("peer") && args.peer.is_some();
    let clauses = if needs_clauses { files.clauses()? } else { Vec::new() };
    let scenes = scenes(args, &files, clauses)?;
    let mut report = Report::new();
    let mut add = |names: &[&str], measure: &dyn Fn() -> anyhow::Result<Vec<Figure>>| -> anyhow::Result<()> {
        note(format!("measuring {}", names.join(", ")));
        let before = load_average();
        match measure() {
            Ok(figures) => report.add(figures, [before, load_average()]),
            Err(reason) => report.skip(names, &reason),
        }
        voice_bench::go_on()
    };
    for part in PARTS.iter().filter(|part| is_wanted(part.name)) {
        add(part.figures, &|| Ok((part.measure)(&scenes)?.into_iter().map(figure).collect()))?;
    }
    for part in ON_FILES.iter().filter(|part| is_wanted(part.name)) {
        add(part.figures, &|| (part.measure)(&files))?;
    }
    report.print(args.json)?;
    Ok(Exit::Done)
}

fn figure(measured: Measured) -> Figure {
    Figure::new(measured.name, measured.value, measured.unit, measured.samples, measured.conditions)
}

fn scenes(args: &Args, files: &Files, clauses: Vec<Clause>) -> anyhow::Result<Scenes> {
    let chosen =
        args.model.clone().map_or_else(|| Opened::here()?.id(STARTER).map(|id| id.to_string()), Ok)?;
    let cast = Cast {
        programs: spoken::programs()?,
        models: spoken::models()?,
        reply_tokens: None,
        arguments: Vec::new(),
        model: Some(chosen),
        environment: Vec::new(),
        folder: None,
    };
    let noise = files.noise.as_ref().map(|noise| Sound::of(noise, engine::SPEECH_RATE));
    Ok(Scenes {
        cast,
        peer: args.peer.clone().map(|command| Peer { command }),
        utterances: files.utterances()?,
        clauses,
        noise,
        quick: args.quick,
        note: |line| note(line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_part_is_refused_with_the_names_there_are() {
        let error = check(&["replies".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("replies") && error.contains("barge-in") && error.contains("recognition"),
            "{error}"
        );
        check(&["reply".to_owned(), "echo".to_owned()]).unwrap();
    }
}
