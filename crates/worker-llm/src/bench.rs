//! How fast this build reads and writes, measured the way llama.cpp's `llama-bench` does it: random tokens, an empty
//! memory, no choosing of tokens, the mean of several runs after one that does not count.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::{JobError, LoadRequest};
use llama_cpp_2::token::LlamaToken;
use serde::Serialize;

use crate::load::{self, STEP};
use crate::machine;
use crate::native::{Context, Outputs, Sequence, Shape, instruction_sets};

/// Tokens of the prompt that is read.
pub const PROMPT_TOKENS: usize = 512;
/// Tokens that are written one by one.
pub const WRITTEN_TOKENS: usize = 128;

/// What to measure with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Threads for reading and writing.
    pub threads: u32,
    /// Tokens in one step of reading.
    pub step: u32,
    /// Runs that count.
    pub runs: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self { threads: machine::default_threads(), step: STEP, runs: 5 }
    }
}

/// Tokens a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// The mean over the runs.
    pub mean: f64,
    /// The standard deviation over the runs.
    pub deviation: f64,
    /// The best run.
    pub best: f64,
}

/// What was measured, with its conditions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The file's name.
    pub model: String,
    /// Where it ran.
    pub device: String,
    /// What the processor's part was compiled for, as llama.cpp says it.
    pub instructions: String,
    /// Threads.
    pub threads: u32,
    /// Tokens in one step of reading.
    pub step: u32,
    /// Runs that count.
    pub runs: u32,
    /// Milliseconds until the model was loaded.
    pub load_ms: f64,
    /// Reading a prompt of 512 tokens, tokens a second.
    pub prefill: Speed,
    /// Writing 128 tokens, tokens a second.
    pub decode: Speed,
}

/// Measures the model in `weights`.
///
/// # Errors
/// As loading; [`JobError::Internal`] when a step fails.
pub fn measure(weights: &Path, setup: &Setup) -> Result<Figures, JobError> {
    let start = Instant::now();
    let request = LoadRequest {
        weights: weights.to_owned(),
        projector: None,
        context_tokens: Some(1024),
        threads: Some(setup.threads),
        prefill_threads: None,
        gpu_layers: None,
    };
    let loaded = load::load(&request, &(Arc::new(|| false) as _), &mut |_| ())?;
    let load_ms = start.elapsed().as_secs_f64() * 1000.0;
    let cells = NonZeroU32::new(1024).unwrap_or(NonZeroU32::MIN);
    let shape = Shape { cells, batch: setup.step, threads: setup.threads, prefill_threads: setup.threads };
    drop(loaded.context);
    let mut context = Context::new(&loaded.model, shape).ok_or_else(|| JobError::OutOfMemory {
        reason: "the context for measuring cannot be made.".into(),
    })?;
    let vocabulary = u32::try_from(loaded.model.n_vocab()).unwrap_or(1).max(1);
    let prefill = speeds(setup.runs, PROMPT_TOKENS, || read(&mut context, setup.step as usize, vocabulary))?;
    let decode = speeds(setup.runs, WRITTEN_TOKENS, || write(&mut context, vocabulary))?;
    Ok(Figures {
        model: weights.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        device: loaded.device,
        instructions: instruction_sets(),
        threads: setup.threads,
        step: setup.step,
        runs: setup.runs,
        load_ms,
        prefill,
        decode,
    })
}

fn read(context: &mut Context, step: usize, vocabulary: u32) -> Result<(), JobError> {
    let tokens: Vec<LlamaToken> = (0..PROMPT_TOKENS).map(|at| token(at, vocabulary)).collect();
    context.clear();
    for (at, chunk) in tokens.chunks(step).enumerate() {
        take(context, at * step, chunk)?;
    }
    context.logits().map(|_| ()).ok_or_else(|| failed("no scores"))
}

fn write(context: &mut Context, vocabulary: u32) -> Result<(), JobError> {
    context.clear();
    for at in 0..WRITTEN_TOKENS {
        take(context, at, &[token(at, vocabulary)])?;
        context.logits().map(|_| ()).ok_or_else(|| failed("no scores"))?;
    }
    Ok(())
}

fn take(context: &mut Context, at: usize, tokens: &[LlamaToken]) -> Result<(), JobError> {
    context.step(Sequence::Main, at, tokens, Outputs::Last).map_err(|error| failed(&format!("{error:?}")))
}

fn failed(what: &str) -> JobError {
    JobError::Internal { reason: format!("The measurement failed ({what}).") }
}

/// Some token; the same for the same place.
fn token(at: usize, vocabulary: u32) -> LlamaToken {
    let mixed = u32::try_from(at).unwrap_or(0).wrapping_add(1).wrapping_mul(2_654_435_761) % vocabulary;
    LlamaToken(i32::try_from(mixed).unwrap_or(0))
}

fn speeds(
    runs: u32,
    tokens: usize,
    mut run: impl FnMut() -> Result<(), JobError>,
) -> Result<Speed, JobError> {
    run()?;
    let mut speeds = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        run()?;
        speeds.push(tokens as f64 / start.elapsed().as_secs_f64());
    }
    let count = speeds.len() as f64;
    let mean = speeds.iter().sum::<f64>() / count;
    let deviation = (speeds.iter().map(|speed| (speed - mean).powi(2)).sum::<f64>() / count).sqrt();
    Ok(Speed { mean, deviation, best: speeds.iter().copied().fold(0.0, f64::max) })
}
