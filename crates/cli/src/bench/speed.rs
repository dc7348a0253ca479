//! `text.decode_ratio` and `text.prefill_ratio`: the engine's own speed against `llama-bench`'s.
//!
//! The same file and threads, one program after the other, each round in the other order, so that a machine that gets
//! warmer or busier does so for both. The value is the middle one of the rounds' ratios.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use worker_host::worker_program;

use super::figure::{Figure, median, rounded};
use super::peers;
use super::setup::{Setup, build_of, name_of};
use crate::terminal::{note, warn};

/// Tokens read and written, as `llama-bench` has them by default and the engine's benchmark too.
const READ: u32 = 512;
const WRITTEN: u32 = 128;
/// Runs in one turn of a program, after one that does not count.
const RUNS: u32 = 3;

/// Tokens a second.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Speed {
    prefill: f64,
    decode: f64,
}

pub(super) fn measure(setup: &Setup) -> anyhow::Result<Vec<Figure>> {
    let model = setup.model()?;
    let worker = worker_program("worker-llm")?;
    let llama_bench = setup.peer("llama-bench")?;
    let (mut ours, mut theirs, mut conditions) = (Vec::new(), Vec::new(), Value::Null);
    for round in 0..setup.rounds {
        let mut our_turn = || -> anyhow::Result<()> {
            let figures = ask_worker(&worker, &model, setup.threads)?;
            conditions = json!({ "device": figures.device, "instructions": figures.instructions, "step": figures.step });
            ours.push(Speed { prefill: figures.prefill.mean, decode: figures.decode.mean });
            Ok(())
        };
        let mut their_turn = || -> anyhow::Result<()> {
            theirs.push(ask_llama_bench(&llama_bench, &model, setup.threads)?);
            Ok(())
        };
        if round % 2 == 0 {
            our_turn()?;
            their_turn()?;
        } else {
            their_turn()?;
            our_turn()?;
        }
        if let (Some(ours), Some(theirs)) = (ours.last(), theirs.last()) {
            note(format_args!(
                "  {}/{}: reading {:.1} to {:.1}, writing {:.1} to {:.1} tokens/s",
                round + 1,
                setup.rounds,
                ours.prefill,
                theirs.prefill,
                ours.decode,
                theirs.decode
            ));
        }
    }
    let peer = peers::instructions(setup).ok();
    let same = fairness(conditions["instructions"].as_str(), peer.as_deref());
    let figure = |name: &str, what: &str, speed: fn(&Speed) -> f64| {
        let [ours, theirs] = [&ours, &theirs].map(|side| side.iter().map(speed).collect::<Vec<f64>>());
        let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
        Figure::median(
            name,
            &ratios,
            "x",
            json!({
                "what": what,
                "model": name_of(&model),
                "threads": setup.threads,
                "runs_a_round": RUNS,
                "ours_tokens_per_s": rounded(median(&ours)),
                "llama_bench_tokens_per_s": rounded(median(&theirs)),
                "device": conditions["device"],
                "ours_tokens_a_step": conditions["step"],
                "ours_instructions": conditions["instructions"],
                "peer_instructions": peer,
                "same_instructions": same,
                "worker_build": build_of(&worker),
            }),
        )
    };
    Ok(vec![
        figure("text.decode_ratio", "writing 128 tokens (tg128), ours / llama-bench", |speed| speed.decode),
        figure("text.prefill_ratio", "reading 512 tokens (pp512), ours / llama-bench", |speed| speed.prefill),
    ])
}

/// Says when the two were compiled for different processors.
fn fairness(ours: Option<&str>, theirs: Option<&str>) -> Option<bool> {
    let same = peers::same_instructions(ours?, theirs?);
    if !same {
        warn(
            "the peers were compiled for other instruction sets than the worker: this is no fair comparison.",
        );
        warn("`cargo xtask peers` builds them for the same ones.");
    }
    Some(same)
}

/// What the worker's own benchmark prints.
#[derive(Deserialize)]
struct Figures {
    device: String,
    instructions: Option<String>,
    step: u32,
    prefill: Mean,
    decode: Mean,
}

#[derive(Deserialize)]
struct Mean {
    mean: f64,
}

fn ask_worker(program: &Path, model: &Path, threads: u32) -> anyhow::Result<Figures> {
    let mut worker = Command::new(program);
    worker.arg("--bench").arg(model);
    worker.args(["--threads", &threads.to_string(), "--runs", &RUNS.to_string()]);
    answer(&mut worker)
}

/// One row of what `llama-bench` prints.
#[derive(Deserialize)]
struct Row {
    n_prompt: u32,
    n_gen: u32,
    avg_ts: f64,
}

fn ask_llama_bench(program: &Path, model: &Path, threads: u32) -> anyhow::Result<Speed> {
    let mut llama_bench = Command::new(program);
    llama_bench.arg("--model").arg(model);
    llama_bench.args(["--threads", &threads.to_string(), "--repetitions", &RUNS.to_string()]);
    llama_bench.args(["--n-prompt", &READ.to_string(), "--n-gen", &WRITTEN.to_string(), "--output", "json"]);
    speed_of(&answer::<Vec<Row>>(&mut llama_bench)?)
}

fn speed_of(rows: &[Row]) -> anyhow::Result<Speed> {
    let of = |prompt, written| {
        let row = rows.iter().find(|row| (row.n_prompt, row.n_gen) == (prompt, written));
        row.map(|row| row.avg_ts).context("llama-bench did not print what was asked for")
    };
    Ok(Speed { prefill: of(READ, 0)?, decode: of(0, WRITTEN)? })
}

/// The JSON that a program prints.
fn answer<T: DeserializeOwned>(command: &mut Command) -> anyhow::Result<T> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{program} cannot be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed ({}): {}", output.status, said.lines().last().unwrap_or_default());
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{program} printed something unexpected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_llama_bench_are_told_apart_by_what_they_measured() {
        let rows = r#"[{"n_prompt": 0, "n_gen": 128, "avg_ts": 120.5, "backends": "CPU"},
                       {"n_prompt": 512, "n_gen": 0, "avg_ts": 290.0, "backends": "CPU"}]"#;
        let rows: Vec<Row> = serde_json::from_str(rows).unwrap();
        assert_eq!(speed_of(&rows).unwrap(), Speed { prefill: 290.0, decode: 120.5 });
        assert!(speed_of(&rows[..1]).is_err());
    }

    #[test]
    fn unknown_instructions_are_neither_the_same_nor_different() {
        assert_eq!(fairness(None, Some("CPU : FMA = 1")), None);
        assert_eq!(fairness(Some("CPU : FMA = 1"), Some("CPU : FMA = 1")), Some(true));
    }
}
