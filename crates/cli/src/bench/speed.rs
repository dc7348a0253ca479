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
    let mut rounds = Vec::new();
    for round in 0..setup.rounds {
        let our_turn = || ask_worker(&worker, &model, setup.threads);
        let their_turn = || ask_llama_bench(&llama_bench, &model, setup.threads);
        let (ours, theirs) = if round % 2 == 0 {
            (our_turn()?, their_turn()?)
        } else {
            let theirs = their_turn()?;
            (our_turn()?, theirs)
        };
        let [read, written] = [(ours.prefill.mean, theirs.prefill), (ours.decode.mean, theirs.decode)];
        note(format_args!(
            "  {}/{}: reading {:.1} to {:.1}, writing {:.1} to {:.1} tokens/s",
            round + 1,
            setup.rounds,
            read.0,
            read.1,
            written.0,
            written.1
        ));
        rounds.push((ours, theirs));
    }
    let conditions =
        conditions(setup, &rounds, json!({ "model": name_of(&model), "worker_build": build_of(&worker) }));
    let figure = |name: &str, what: &str, pair: fn(&(Figures, Speed)) -> [f64; 2]| {
        let pairs: Vec<[f64; 2]> = rounds.iter().map(pair).collect();
        let ratios: Vec<f64> = pairs.iter().map(|[ours, theirs]| ours / theirs).collect();
        let [ours, theirs] =
            [0, 1].map(|side| median(&pairs.iter().map(|pair| pair[side]).collect::<Vec<_>>()));
        let mut conditions = conditions.clone();
        conditions["what"] = json!(format!("{what}, ours / llama-bench"));
        conditions["ours_tokens_per_s"] = json!(rounded(ours));
        conditions["llama_bench_tokens_per_s"] = json!(rounded(theirs));
        Figure::median(name, &ratios, "x", conditions)
    };
    Ok(vec![
        figure("text.decode_ratio", "writing 128 tokens (tg128)", |(a, b)| [a.decode.mean, b.decode]),
        figure("text.prefill_ratio", "reading 512 tokens (pp512)", |(a, b)| [a.prefill.mean, b.prefill]),
    ])
}

/// What both figures share, beside what is in `known`.
fn conditions(setup: &Setup, rounds: &[(Figures, Speed)], mut known: Value) -> Value {
    let peer = peers::instructions(setup).ok();
    known["threads"] = json!(setup.threads);
    known["runs_a_round"] = json!(RUNS);
    known["peer_instructions"] = json!(peer);
    if let Some((ours, _)) = rounds.last() {
        known["device"] = json!(ours.device);
        known["ours_tokens_a_step"] = json!(ours.step);
        known["ours_instructions"] = json!(ours.instructions);
        known["same_instructions"] = json!(fairness(ours.instructions.as_deref(), peer.as_deref()));
    }
    known
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
