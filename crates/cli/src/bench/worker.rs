//! `worker.ready_ms`: from the start of the engine's process to a model that is ready to answer.

use std::time::Instant;

use engine::{LanguageModel, LoadRequest};
use serde_json::json;
use settings::Settings;
use worker_host::{Limits, LlmWorker, WorkerCommand, worker_program};

use super::figure::Figure;
use super::setup::{Setup, build_of, name_of};
use crate::opened;

pub(super) fn measure(setup: &Setup) -> anyhow::Result<Vec<Figure>> {
    let request = LoadRequest {
        weights: setup.model()?,
        projector: None,
        context_tokens: Some(Settings::default().model.context_tokens),
        threads: Some(setup.threads),
        prefill_threads: Some(setup.threads),
        gpu_layers: None,
    };
    let program = worker_program("worker-llm")?;
    opened::block_on(async {
        let mut times = Vec::new();
        let mut loads = Vec::new();
        // The first one brings program and model into the system's memory.
        for round in 0..=setup.rounds {
            let begun = Instant::now();
            let worker = LlmWorker::new(WorkerCommand::new(&program), Limits::default());
            worker.set_model(Some(request.clone()));
            let info = worker.ready(None).await?;
            if round > 0 {
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
                loads.push(info.load_ms.round());
            }
        }
        let conditions = json!({
            "what": "process start to model ready, files in the system's memory",
            "model": name_of(&request.weights),
            "threads": setup.threads,
            "context_tokens": request.context_tokens,
            "load_ms_each": loads,
            "worker_build": build_of(&program),
        });
        Ok(vec![Figure::median("worker.ready_ms", &times, "ms", conditions)])
    })
}
