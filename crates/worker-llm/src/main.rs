//! The language-model worker's program: without arguments it serves one host over its standard input and output.

use std::process::ExitCode;

use anyhow::{Context, bail};
use worker_kit::protocols::Llm;
use worker_llm::bench::{self, Setup};
use worker_llm::sight_bench::{self, Subject};
use worker_llm::{LlmWorker, follow_up, identity, machine};

const USAGE: &str = "usage: worker-llm                         serve a host on standard input and output
       worker-llm --devices               list what models can run on, as JSON
       worker-llm --bench MODEL.gguf [--threads N] [--step N] [--runs N]
                                          measure reading and writing, as JSON
       worker-llm --bench-follow-up MODEL.gguf [--threads N] [--runs N]
                                          measure the wait for a follow-up's first token, as JSON
       worker-llm --bench-image MODEL.gguf MMPROJ.gguf PICTURE [--against LLAMA-MTMD-CLI] [--threads N] [--runs N]
                                          measure looking at a picture and a second question about it, as JSON";

fn main() -> ExitCode {
    worker_llm::native::abort_at_once();
    worker_kit::log_to_stderr();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        return worker_kit::serve::<Llm, _>(identity(), LlmWorker::default());
    }
    match answer(&arguments) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the program prints when it is asked something instead of serving.
fn answer(arguments: &[String]) -> anyhow::Result<String> {
    match arguments.first().map(String::as_str) {
        Some("--devices") => Ok(serde_json::to_string_pretty(&machine::devices())?),
        Some("--bench") => {
            let model = arguments.get(1).context(USAGE)?;
            let figures = bench::measure(model.as_ref(), &setup(&arguments[2..])?)?;
            Ok(serde_json::to_string_pretty(&figures)?)
        }
        Some("--bench-follow-up") => {
            let model = arguments.get(1).context(USAGE)?;
            let figures = follow_up::measure(model.as_ref(), &setup(&arguments[2..])?)?;
            Ok(serde_json::to_string_pretty(&figures)?)
        }
        Some("--bench-image") => {
            let (subject, rest) = subject(&arguments[1..])?;
            Ok(serde_json::to_string_pretty(&sight_bench::measure(&subject, &setup(rest)?)?)?)
        }
        _ => bail!(USAGE),
    }
}

/// What to look at, and the arguments behind it.
fn subject(arguments: &[String]) -> anyhow::Result<(Subject, &[String])> {
    let [weights, projector, picture, rest @ ..] = arguments else { bail!(USAGE) };
    let (against, rest) = match rest {
        [name, program, rest @ ..] if name == "--against" => (Some(program.into()), rest),
        rest => (None, rest),
    };
    let (weights, projector, picture) = (weights.into(), projector.into(), picture.into());
    Ok((Subject { weights, projector, picture, against }, rest))
}

fn setup(arguments: &[String]) -> anyhow::Result<Setup> {
    let mut setup = Setup::default();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!(USAGE) };
        let value: u32 = value.parse().with_context(|| format!("{name} takes a number"))?;
        match name.as_str() {
            "--threads" => setup.threads = value.max(1),
            "--step" => setup.step = value.max(1),
            "--runs" => setup.runs = value.max(1),
            _ => bail!(USAGE),
        }
    }
    Ok(setup)
}
