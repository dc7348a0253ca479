//! How long a picture takes to the first token, and a second question about it, beside llama.cpp's own program on the
//! same files in the same run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use engine::{
    CacheUse, ChatMessage, GenerateEvent, GenerateRequest, Generated, LoadProgress, LoadRequest, Media, Role,
    Sampling, Thinking, Weigh,
};
use serde::Serialize;

use crate::bench::Setup;
use crate::engine::{Engine, Listener};
use crate::watch::IsCancelled;

/// The first question; the peer is asked the same.
const QUESTION: &str = "What is in this picture?";
const REPLY: &str = "It is a cat.";
const SECOND: &str = "And what is behind it?";
/// Room for the largest picture of the models of today.
const CONTEXT: u32 = 8192;

/// What to look at, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The text model.
    pub weights: PathBuf,
    /// The part that sees.
    pub projector: PathBuf,
    /// The picture.
    pub picture: PathBuf,
    /// llama.cpp's `llama-mtmd-cli`, to compare with.
    pub against: Option<PathBuf>,
}

/// What was measured, with its conditions. Times are medians over the runs, of a model loaded anew for each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SightFigures {
    /// The text model's file.
    pub model: String,
    /// Pixels of the picture.
    pub picture: [u32; 2],
    /// Tokens of the first prompt, the picture's included.
    pub prompt_tokens: u32,
    /// Threads.
    pub threads: u32,
    /// Runs that count.
    pub runs: u32,
    /// Milliseconds for looking at the picture and reading the prompt with it.
    pub image_ms: f64,
    /// Milliseconds for reading a second question about the same picture.
    pub second_question_ms: f64,
    /// The same for a question with a picture that was prepared.
    pub prepared_ms: f64,
    /// A second question against the first.
    pub second_question_ratio: f64,
    /// The most memory that this process had after the first question of the first run, in MiB; none where the system
    /// does not tell.
    pub peak_mib: Option<f64>,
    /// The peer's milliseconds for encoding the picture and reading the prompt.
    pub peer_image_ms: Option<f64>,
    /// The most memory the peer had, in MiB.
    pub peer_peak_mib: Option<f64>,
    /// Ours against the peer's.
    pub image_time_ratio: Option<f64>,
    /// Ours against the peer's.
    pub peak_memory_ratio: Option<f64>,
}

/// Measures, ours and the peer's by turns.
///
/// # Errors
/// When something cannot be loaded, read, run or understood.
pub fn measure(subject: &Subject, setup: &Setup) -> anyhow::Result<SightFigures> {
    let mut runs = Vec::new();
    let mut theirs = Vec::new();
    let mut peak = None;
    for _ in 0..setup.runs.max(1) {
        runs.push(run(subject, setup, &mut peak)?);
        if let Some(program) = &subject.against {
            theirs.push(peer(program, subject, setup)?);
        }
    }
    let image_ms = median(runs.iter().map(|run| run.image_ms)).unwrap_or(0.0);
    let second_question_ms = median(runs.iter().map(|run| run.second_ms)).unwrap_or(0.0);
    let peer_image_ms = median(theirs.iter().map(|peer| peer.image_ms));
    let peer_peak_mib = theirs.iter().filter_map(|peer| peer.peak_mib).reduce(f64::max);
    let over = |ours: Option<f64>, theirs: Option<f64>| Some(ours? / theirs.filter(|&theirs| theirs > 0.0)?);
    Ok(SightFigures {
        model: subject.weights.file_name().map_or_else(String::new, |name| name.to_string_lossy().into()),
        picture: runs[0].picture,
        prompt_tokens: runs[0].prompt_tokens,
        threads: setup.threads,
        runs: setup.runs,
        image_ms,
        second_question_ms,
        prepared_ms: median(runs.iter().map(|run| run.prepared_ms)).unwrap_or(0.0),
        second_question_ratio: second_question_ms / image_ms,
        peak_mib: peak,
        peer_image_ms,
        peer_peak_mib,
        image_time_ratio: over(Some(image_ms), peer_image_ms),
        peak_memory_ratio: over(peak, peer_peak_mib),
    })
}

/// One run of ours.
struct Run {
    picture: [u32; 2],
    prompt_tokens: u32,
    image_ms: f64,
    second_ms: f64,
    prepared_ms: f64,
}

fn run(subject: &Subject, setup: &Setup, peak: &mut Option<f64>) -> anyhow::Result<Run> {
    let mut engine = load(subject, setup)?;
    let image = engine.picture(&subject.picture).context("the picture cannot be read")?;
    let first =
        ChatMessage { role: Role::User, text: QUESTION.into(), media: vec![Media::Image(image.clone())] };
    engine.keep(image.pixels().map_err(anyhow::Error::msg)?)?;
    let start = Instant::now();
    let told = engine.generate(&ask(vec![first.clone()]), &mut Nobody)?;
    let image_ms = start.elapsed().as_secs_f64() * 1e3;
    if peak.is_none() {
        *peak = memory(std::process::id());
    }
    let reply = ChatMessage::new(Role::Assistant, REPLY);
    let second = ask(vec![first.clone(), reply, ChatMessage::new(Role::User, SECOND)]);
    let second_ms = timed(&mut engine, &second)?.1;
    // In another conversation, so that nothing but the look is there.
    let other = ask(vec![ChatMessage::new(Role::System, "Be brief."), first]);
    engine.generate(&ask(vec![ChatMessage::new(Role::User, SECOND)]), &mut Nobody)?;
    let prepared_ms = timed(&mut engine, &other)?.1;
    let picture = [image.width(), image.height()];
    Ok(Run { picture, prompt_tokens: told.prompt.prompt_tokens, image_ms, second_ms, prepared_ms })
}

fn timed(engine: &mut Engine, request: &GenerateRequest) -> anyhow::Result<(Generated, f64)> {
    let start = Instant::now();
    let generated = engine.generate(request, &mut Nobody)?;
    Ok((generated, start.elapsed().as_secs_f64() * 1e3))
}

fn load(subject: &Subject, setup: &Setup) -> anyhow::Result<Engine> {
    let request = LoadRequest {
        weights: subject.weights.clone(),
        projector: Some(subject.projector.clone()),
        context_tokens: Some(CONTEXT),
        threads: Some(setup.threads),
        prefill_threads: None,
        gpu_layers: None,
    };
    Ok(Engine::load(&request, &mut Nobody)?)
}

/// One token is written, which needs no step of its own.
fn ask(messages: Vec<ChatMessage>) -> GenerateRequest {
    GenerateRequest {
        messages,
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        max_tokens: Some(1),
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

/// One run of the peer's.
struct Peer {
    image_ms: f64,
    peak_mib: Option<f64>,
}

fn peer(program: &Path, subject: &Subject, setup: &Setup) -> anyhow::Result<Peer> {
    let mut command = Command::new(program);
    command.arg("-m").arg(&subject.weights).arg("--mmproj").arg(&subject.projector);
    command.arg("--image").arg(&subject.picture).args(["-p", QUESTION, "--temp", "0", "-n", "1"]);
    command.args(["-c", &CONTEXT.to_string(), "-t", &setup.threads.to_string(), "--perf", "--no-warmup"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let log = child.stderr.take().context("no log")?;
    let reading = thread::spawn(move || std::io::read_to_string(log));
    let mut peak_mib = None;
    let status = loop {
        // The system forgets with the process; what it says just before its end is the most it ever had.
        peak_mib = memory(child.id()).or(peak_mib);
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let log = reading.join().map_err(|_| anyhow::anyhow!("the log was not read"))??;
    if !status.success() {
        bail!("{} failed: {}", program.display(), log.lines().last().unwrap_or_default());
    }
    let image_ms = peer_ms(&log).context("the peer's log says no times")?;
    Ok(Peer { image_ms, peak_mib })
}

/// Encoding and reading, of the peer's log.
fn peer_ms(log: &str) -> Option<f64> {
    let number = |text: &str| text.trim().split(' ').next()?.parse::<f64>().ok();
    let encoded = log.lines().filter_map(|line| number(line.split_once("batch encoding done in ")?.1));
    let read = log.lines().find_map(|line| {
        let (name, times) = line.split_once("eval time =")?;
        name.trim_end().ends_with("prompt").then(|| number(times)).flatten()
    });
    Some(encoded.sum::<f64>() + read?)
}

/// The most memory that a process has had, in MiB.
fn memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Hears nothing and wants everything.
struct Nobody;

impl Listener for Nobody {
    fn event(&mut self, _: GenerateEvent) {}

    fn loading(&mut self, _: LoadProgress) {}

    fn is_cancelled(&self) -> IsCancelled {
        Arc::new(|| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_times_are_read_from_its_log() {
        let log = "0.00.1 I encoding mtmd batch, n_chunks = 1 (done = 1, total = 11)\n\
                   0.00.4 I mtmd batch encoding done in 283 ms\n\
                   0.00.8 I mtmd batch encoding done in 253 ms\n\
                   llama_perf_context_print: prompt eval time =     150.50 ms /   352 tokens\n\
                   llama_perf_context_print:        eval time =       9.00 ms /     1 runs\n";
        assert_eq!(peer_ms(log), Some(686.5));
        assert_eq!(peer_ms("nothing"), None);
    }

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
