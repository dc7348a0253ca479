//! The engine as a worker process: jobs from the wire, events back to it.

use std::sync::Arc;
use std::time::Duration;

use engine::{GenerateEvent, JobError, LoadProgress};
use worker_kit::protocols::{Llm, LlmEvent, LlmOutput, LlmRequest};
use worker_kit::{Identity, Job, Worker};

use crate::engine::{Engine, Listener};
use crate::watch::IsCancelled;

/// Loading says nothing while memory is set up or a graphics card compiles its programs; after this long without a
/// sign it hangs.
const LOADING_QUIET: Duration = Duration::from_mins(2);
/// A graphics card cannot be asked within a step of a large model.
const STEP_QUIET: Duration = Duration::from_mins(1);

/// Holds at most one model.
#[derive(Default)]
pub struct LlmWorker {
    engine: Option<Engine>,
}

impl Worker<Llm> for LlmWorker {
    fn run(&mut self, request: LlmRequest, job: &Job<Llm>) -> Result<LlmOutput, JobError> {
        let mut listener = Wire { job };
        match request {
            LlmRequest::Load(request) => {
                // The old model goes first: two do not fit where one is chosen by what fits.
                self.engine = None;
                let engine = job.quiet_for(LOADING_QUIET, || Engine::load(&request, &mut listener))?;
                let info = engine.info().clone();
                self.engine = Some(engine);
                Ok(LlmOutput::Loaded(info))
            }
            LlmRequest::Generate(request) => {
                let engine = self.engine.as_mut().ok_or(JobError::NoModel)?;
                let missing = engine.missing(&request)?;
                if !missing.is_empty() {
                    return Ok(LlmOutput::Missing(missing));
                }
                let generated = job.quiet_for(STEP_QUIET, || engine.generate(&request, &mut listener))?;
                Ok(LlmOutput::Generated(generated))
            }
            LlmRequest::Keep(pixels) => {
                let engine = self.engine.as_mut().ok_or(JobError::NoModel)?;
                engine.keep(pixels).map(|()| LlmOutput::Kept)
            }
            LlmRequest::Prepare(image) => {
                let engine = self.engine.as_mut().ok_or(JobError::NoModel)?;
                if engine.lacks(&image)? {
                    return Ok(LlmOutput::Missing(vec![image.id()]));
                }
                let prepared = job.quiet_for(STEP_QUIET, || engine.prepare_image(&image, &mut listener))?;
                Ok(LlmOutput::Prepared(prepared))
            }
            LlmRequest::Unload => {
                self.engine = None;
                Ok(LlmOutput::Unloaded)
            }
        }
    }
}

/// What this build says of itself in the handshake.
pub fn identity() -> Identity {
    let mut features = vec!["cpu".to_owned()];
    for (name, built) in [
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(any(feature = "metal", all(target_os = "macos", target_arch = "aarch64")))),
        ("vulkan", cfg!(feature = "vulkan")),
    ] {
        if built {
            features.push(name.into());
        }
    }
    Identity { name: "worker-llm".into(), build: env!("CARGO_PKG_VERSION").into(), features }
}

struct Wire<'j> {
    job: &'j Job<Llm>,
}

impl Listener for Wire<'_> {
    fn event(&mut self, event: GenerateEvent) {
        self.job.emit(LlmEvent::Generate(event));
    }

    fn loading(&mut self, progress: LoadProgress) {
        self.job.emit(LlmEvent::Load(progress));
    }

    fn is_cancelled(&self) -> IsCancelled {
        let emitter = self.job.emitter();
        Arc::new(move || emitter.is_cancelled())
    }
}
