//! The engine's program, the model in it, and the hub models come from.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use engine::{LanguageModel, LoadRequest};
use model_store::{HubReference, Machine, ModelFiles, ModelId};
use serde::Deserialize;
use settings::Gpu;
use tokio_util::sync::CancellationToken;
use worker_host::protocols::Llm;
use worker_host::{Limits, LlmWorker, Supervisor, WorkerCommand, worker_program};

use super::Check;
use crate::models::Opened;
use crate::terminal::bytes;

/// The engine's program.
const WORKER: &str = "worker-llm";

/// Finding the graphics card may take its driver some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A small repository that has been on the hub for long.
const KNOWN_REPOSITORY: &str = "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF";

/// Whether the program is there, speaks our language, and what it can compute with.
pub(super) async fn program() -> Vec<Check> {
    let (id, name) = ("engine", "Engine");
    let program = match worker_program(WORKER) {
        Ok(program) => program,
        Err(error) => return vec![Check::failed(id, name, error.to_string())],
    };
    let began = Instant::now();
    let worker = Supervisor::<Llm>::new(WorkerCommand::new(&program), Limits::default());
    let greeting = match worker.start().await {
        Ok(hello) => {
            let features = if hello.features.is_empty() {
                String::new()
            } else {
                format!(", {}", hello.features.join(" "))
            };
            let took = began.elapsed().as_millis();
            Check::ok(id, name, format!("{} {}{features}, started in {took} ms", hello.name, hello.build))
        }
        Err(gone) => {
            let says = format!("{} does not work: {gone}.", program.display());
            return vec![Check::problem(id, name, says, "Install Hark again.")];
        }
    };
    worker.stop().await;
    vec![greeting, graphics(&program).await]
}

/// A device as the engine tells it.
#[derive(Deserialize)]
struct Device {
    backend: String,
    description: String,
    kind: String,
    memory_bytes: u64,
}

async fn graphics(program: &Path) -> Check {
    let (id, name) = ("graphics", "Graphics");
    let seen = tokio::task::spawn_blocking(Machine::probe).await.ok().and_then(|machine| machine.vram);
    let devices = devices(program).await.unwrap_or_default();
    let gpus: Vec<String> = devices
        .iter()
        .filter(|device| device.kind == "gpu")
        .map(|device| format!("{} ({}, {})", device.description, device.backend, bytes(device.memory_bytes)))
        .collect();
    match (gpus.is_empty(), seen) {
        (false, _) => Check::ok(id, name, gpus.join("; ")),
        (true, Some(memory)) => {
            let says = format!(
                "There is a card with {}, and this build of the engine does not use it.",
                bytes(memory)
            );
            Check::warning(
                id,
                name,
                says,
                "Install the build of Hark for your card to have much faster replies.",
            )
        }
        (true, None) => Check::ok(id, name, "No card found; models run on the processor"),
    }
}

async fn devices(program: &Path) -> Option<Vec<Device>> {
    let mut command = tokio::process::Command::new(program);
    command.arg("--devices").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// Whether there is a model that answers.
pub(super) async fn model(opened: &Opened, quick: bool) -> Check {
    let (id, name) = ("model", "Model");
    let active = opened.settings.model.active.clone();
    if let Some(server) = active.as_deref().and_then(|active| active.strip_prefix("server:")) {
        return Check::ok(id, name, format!("On the server {server}; not asked"));
    }
    let (chosen, files) = match chosen(opened, active.as_deref()).await {
        Ok(found) => found,
        Err(check) => return check,
    };
    if quick {
        return Check::ok(id, name, format!("{chosen} is here; not loaded (--quick)"));
    }
    let Ok(program) = worker_program(WORKER) else {
        return Check::skipped(id, name, format!("{chosen} is here; without the engine it cannot be loaded"));
    };
    match loaded(opened, program, files).await {
        Ok(says) => Check::ok(id, name, format!("{chosen} {says}")),
        Err(sentence) => Check::problem(
            id,
            name,
            format!("{chosen}: {sentence}"),
            "Choose another model, or fetch this one again.",
        ),
    }
}

async fn chosen(opened: &Opened, active: Option<&str>) -> Result<(ModelId, ModelFiles), Check> {
    let (id, name) = ("model", "Model");
    let found = if let Some(active) = active {
        active.parse().ok()
    } else {
        let machine = tokio::task::spawn_blocking(Machine::probe).await.ok();
        machine.and_then(|machine| opened.store.default_chat_model(&machine))
    };
    let none = || Check::warning(id, name, "There is none yet.", "hark models pull starter");
    let model = found.ok_or_else(none)?;
    let Some(here) = opened.store.installed_model(&model) else {
        if active.is_none() {
            return Err(none());
        }
        let says = format!("The chosen model {model} is not on this machine.");
        return Err(Check::problem(id, name, says, format!("hark models pull {model}")));
    };
    if let Some(problem) = here.problem {
        return Err(Check::failed(id, name, problem));
    }
    let files = opened.store.resolve(&model).ok_or_else(none)?;
    Ok((model, files))
}

async fn loaded(opened: &Opened, program: PathBuf, files: ModelFiles) -> Result<String, String> {
    let model = &opened.settings.model;
    let request = LoadRequest {
        weights: files.weights,
        projector: None,
        context_tokens: Some(model.context_tokens),
        threads: model.threads,
        prefill_threads: model.threads,
        gpu_layers: (model.gpu == Gpu::Off).then_some(0),
    };
    let worker = LlmWorker::new(WorkerCommand::new(program), Limits::default());
    worker.set_model(Some(request));
    let began = Instant::now();
    let info = worker.ready(None).await.map_err(|error| error.to_string())?;
    let took = began.elapsed().as_secs_f64();
    Ok(format!("loads in {took:.1} s on {}, with {} tokens of context", info.device, info.context_tokens))
}

/// Whether the hub answers; asked only when the user wants it.
pub(super) async fn hub(opened: &Opened, online: bool) -> Check {
    let (id, name) = ("hub", "Model hub");
    if !online {
        return Check::skipped(id, name, "Not asked; --online does");
    }
    let Ok(reference) = KNOWN_REPOSITORY.parse::<HubReference>() else {
        return Check::skipped(id, name, "Not asked");
    };
    match opened.store.look_up(&reference, &CancellationToken::new()).await {
        Ok(_) => Check::ok(id, name, "Answers"),
        Err(error) => {
            let todo = "Models that are here, and those from Python packages, need no hub.";
            Check::warning(id, name, error.to_string(), todo)
        }
    }
}
