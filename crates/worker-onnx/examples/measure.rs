//! Measures `worker-moonshine`: word errors, real-time factor, memory, and how long an answer to `Settle` takes.
//!
//! `cargo build --release -p worker-onnx && cargo run -p worker-onnx --example measure -- WORKER MODELS RECORDINGS THREADS`
//!
//! `RECORDINGS` holds WAV files (16-bit mono, 16 kHz) and a `transcripts.tsv` with file, language and transcript. Sound
//! for the waits comes in real time, in pieces of 30 ms, as from a microphone.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program for developers")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use engine::{Hypothesis, ListenRequest, Pcm, SoundIn, SpeechLoad, SpeechTask, SpeechToText, Transcript};
use testkit::{WordErrors, wer};
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, SttWorker, WorkerCommand};

const PIECE: usize = 480;

/// Times that each wait is measured.
const RUNS: usize = 3;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, models, recordings, threads] = &*arguments else {
        panic!("measure WORKER MODELS RECORDINGS THREADS")
    };
    let (models, recordings) = (Path::new(models), Path::new(recordings));
    let worker = SttWorker::new(
        WorkerCommand::new(program),
        Limits::default(),
        load(models, threads.parse().unwrap()),
    );
    let info = worker.ready().await.unwrap();
    println!("threads {threads}, loaded in {:.0} ms", info.load_ms);
    println!("memory after loading: {}", memory());
    errors(&worker, recordings).await;
    println!("memory after all recordings: {}", memory());
    let jfk = wav(&recordings.join("jfk.wav"));
    println!("\nwait for an answer to Settle, ms, jfk.wav from its beginning");
    println!("seconds  asked at once (median of {RUNS})  asked after 100 ms of quiet (median of {RUNS})");
    for seconds in [1, 3, 6, 11] {
        let sound = &jfk[..(seconds * 16_000).min(jfk.len())];
        let at_once = median(&worker, sound, 0).await;
        let after = median(&worker, sound, 100).await;
        println!("{seconds:7}  {at_once:27.1}  {after:41.1}");
    }
    println!("memory: {}", memory());
}

fn load(models: &Path, threads: u32) -> SpeechLoad {
    let entries = std::fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    let is_library = |path: &PathBuf| path.to_string_lossy().contains("libonnxruntime");
    let files = [
        ("weights", models.join("encoder_model.ort")),
        ("decoder", models.join("decoder_model_merged.ort")),
        ("tokenizer", models.join("tokenizer.bin")),
        ("library", entries.into_iter().find(is_library).expect("the library is beside the models")),
    ];
    let files = files.map(|(role, path)| (role.to_owned(), path)).into();
    SpeechLoad { name: "Moonshine".into(), files, threads: Some(threads) }
}

/// The samples of a WAV file of 16-bit mono at 16 kHz.
fn wav(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|tag| tag == b"data").unwrap() + 8;
    bytes[data..].as_chunks::<2>().0.iter().map(|two| f32::from(i16::from_le_bytes(*two)) / 32768.0).collect()
}

/// Every English recording, as fast as it goes.
async fn errors(worker: &SttWorker, recordings: &Path) {
    let table = std::fs::read_to_string(recordings.join("transcripts.tsv")).unwrap();
    let (mut all, mut compute, mut sound) = (WordErrors::default(), 0.0, 0.0);
    for line in table.lines().skip(1) {
        let [file, language, said] = *line.split('\t').collect::<Vec<_>>() else { continue };
        let path = recordings.join(file);
        if !(language == "en" || language == "-") || !path.is_file() {
            continue;
        }
        let samples = wav(&path);
        let pieces = samples.chunks(PIECE).map(|piece| (None, SoundIn::Sound(Pcm(piece.to_vec())))).collect();
        let (transcript, _) = listen(worker, pieces).await;
        let errors = wer(said, &transcript.text);
        if errors.errors > 0 {
            println!("  {file}: {} of {}: {}", errors.errors, errors.words, transcript.text);
        }
        all = all + errors;
        compute += transcript.compute_ms;
        sound += transcript.sound_ms;
    }
    println!("word error rate {:.3} ({} of {})", all.rate(), all.errors, all.words);
    println!("real-time factor {:.4} ({:.1} s of sound)", compute / sound, sound / 1e3);
}

async fn median(worker: &SttWorker, sound: &[f32], quiet_ms: usize) -> f64 {
    let mut waits = Vec::new();
    for _ in 0..RUNS {
        waits.push(wait(worker, sound, quiet_ms).await);
    }
    waits.sort_by(f64::total_cmp);
    waits[RUNS / 2]
}

/// Milliseconds from `Settle` to its answer.
async fn wait(worker: &SttWorker, sound: &[f32], quiet_ms: usize) -> f64 {
    let start = Instant::now();
    let quiet: Vec<f32> = (0..quiet_ms * 16).map(|at| if at % 2 == 0 { 2e-4 } else { -2e-4 }).collect();
    let all = [sound, &quiet].concat();
    let mut pieces = Vec::new();
    let mut samples = 0;
    for piece in all.chunks(PIECE) {
        samples += piece.len();
        let due = start + Duration::from_secs_f64(samples as f64 / 16_000.0);
        pieces.push((Some(due), SoundIn::Sound(Pcm(piece.to_vec()))));
    }
    let asked = start + Duration::from_secs_f64(samples as f64 / 16_000.0);
    pieces.push((Some(asked), SoundIn::Settle(1)));
    let (_, answered) = listen(worker, pieces).await;
    answered.expect("it was asked").duration_since(asked).as_secs_f64() * 1e3
}

/// Plays pieces, each when it is due; when the answer came.
async fn listen(
    worker: &SttWorker,
    pieces: Vec<(Option<Instant>, SoundIn)>,
) -> (Transcript, Option<Instant>) {
    let (sound, sounds) = mpsc::channel(64);
    let (heard, mut hypotheses) = mpsc::channel::<Hypothesis>(64);
    let feed = async move {
        for (due, piece) in pieces {
            if let Some(due) = due {
                sleep_until(due.into()).await;
            }
            sound.send(piece).await.unwrap();
        }
    };
    let gather = async {
        let mut answered = None;
        while let Some(hypothesis) = hypotheses.recv().await {
            if hypothesis.settles.is_some() {
                answered = Some(Instant::now());
            }
        }
        answered
    };
    let request = ListenRequest { language: None, task: SpeechTask::Transcribe, word_times: false };
    let job = worker.listen(request, sounds, heard, CancellationToken::new());
    let (transcript, (), answered) = tokio::join!(job, feed, gather);
    (transcript.unwrap(), answered)
}

/// Of the worker's process, as Linux counts it.
fn memory() -> String {
    let own = std::process::id().to_string();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let at = entry.path();
        let stat = std::fs::read_to_string(at.join("stat")).unwrap_or_default();
        if stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)) != Some(&*own) {
            continue;
        }
        let rollup = std::fs::read_to_string(at.join("smaps_rollup")).unwrap_or_default();
        let of = |name: &str| {
            let line = rollup.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
            kib * 1024.0 / 1e6
        };
        return format!(
            "{:.0} MB resident, {:.0} MB PSS, {:.0} MB of that private and not a file",
            of("Rss:"),
            of("Pss:"),
            of("Pss_Anon:")
        );
    }
    "unknown".into()
}
