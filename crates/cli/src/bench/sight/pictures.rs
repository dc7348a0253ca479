//! `sight.image_time_ratio` and `sight.second_question_ratio`: a picture to the first token, against llama.cpp's own
//! program, and a second question about it, as the engine's own benchmark measures them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sight::{Encoding, Picture};
use worker_host::worker_program;

use super::super::figure::{Figure, rounded};
use super::super::setup::{build_of, peer_in};
use super::{Args, Measured};

pub(super) const NAMES: [&str; 2] = ["sight.image_time_ratio", "sight.second_question_ratio"];

/// llama.cpp's program for models that see.
const PEER: &str = "llama-mtmd-cli";

/// The picture that is taken where none is named, pixels: half a screen.
const SIZE: (u32, u32) = (960, 540);

pub(super) fn measure(args: &Args) -> Measured {
    let model = args.model.as_deref().context(
        "no model that sees was named: --model FILE.gguf, with its projector beside it (mmproj-FILE.gguf)",
    )?;
    let projector = match &args.projector {
        Some(projector) => projector.clone(),
        None => beside(model)?,
    };
    let folder = tempfile::tempdir()?;
    let picture = match &args.picture {
        Some(picture) => picture.clone(),
        None => drawn(folder.path())?,
    };
    let program = worker_program("worker-llm")?;
    let mut worker = Command::new(&program);
    worker.arg("--bench-image").args([model, &projector, &picture]);
    let peer = peer_in(&args.peers, PEER);
    if let Ok(peer) = &peer {
        worker.arg("--against").arg(peer);
    }
    worker.args(["--runs", &args.runs.to_string()]);
    let done = worker.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(done.status.success(), "worker-llm ended with {}", done.status);
    let told: Value = serde_json::from_slice(&done.stdout).context("worker-llm's answer")?;
    let mut conditions = told.clone();
    conditions["worker_build"] = json!(build_of(&program));
    let figure = |name: &str, what: &str| {
        let mut conditions = conditions.clone();
        conditions["what"] = json!(what);
        let value = told[name.trim_start_matches("sight.")].as_f64().map(rounded);
        value.map(|value| Figure::new(name, value, "x", args.runs as usize, conditions))
    };
    let [first, second] = NAMES;
    let mut figures = Vec::new();
    match figure(first, "looking at a picture and reading the prompt with it, ours / llama-mtmd-cli") {
        Some(figure) => figures.push(figure),
        // The other figure needs no peer.
        None => crate::terminal::warn(peer.err().map_or_else(String::new, |missing| missing.to_string())),
    }
    let what = "a second question about a picture, against the first: only itself is read";
    figures.push(figure(second, what).context("worker-llm told no second question")?);
    Ok(figures)
}

fn beside(model: &Path) -> anyhow::Result<PathBuf> {
    let name = model.file_name().context("the model has no name")?.to_string_lossy();
    let projector = model.with_file_name(format!("mmproj-{name}"));
    ensure!(projector.is_file(), "{} is not there; name it with --projector", projector.display());
    Ok(projector)
}

/// Something to look at: a slope of colours.
fn drawn(folder: &Path) -> anyhow::Result<PathBuf> {
    let (width, height) = SIZE;
    let shade = |at: u32, of: u32| u8::try_from(at * 255 / of).unwrap_or(u8::MAX);
    let pixel = |n: u32| [shade(n % width, width), shade(n / width, height), 90, 255];
    let pixels = (0..width * height).flat_map(pixel).collect();
    let file = folder.join("slope.png");
    std::fs::write(&file, Picture::new(width, height, pixels)?.encode(Encoding::Png)?)?;
    Ok(file)
}
