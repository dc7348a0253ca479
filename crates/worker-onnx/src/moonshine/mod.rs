//! Moonshine (tiny, English): words while they are being spoken.
//!
//! The model has no stream of its own: it reads a piece of sound as a whole. [`listening`] decides when it is run over
//! what; here is what one pass makes of its sound.

mod model;
mod recogniser;
mod repetition;
mod tokens;

use std::time::{Duration, Instant};

use engine::{JobError, Language, RecogniserInfo, SpeechLoad};
use worker_kit::protocols::{Stt, SttOutput, SttRequest};
use worker_kit::{Job, Worker};

use recogniser::MoonshineRecogniser;

/// Loading reads 45 MB, from a slow disk perhaps.
const LOADING_QUIET: Duration = Duration::from_mins(1);

/// The recogniser as a worker process. Holds at most one model.
#[derive(Default)]
pub struct MoonshineWorker {
    recogniser: Option<MoonshineRecogniser>,
}

impl Worker<Stt> for MoonshineWorker {
    fn run(&mut self, request: SttRequest, job: &Job<Stt>) -> Result<SttOutput, JobError> {
        match request {
            SttRequest::Load(load) => {
                self.recogniser = None;
                let begun = Instant::now();
                self.recogniser = Some(job.quiet_for(LOADING_QUIET, || MoonshineRecogniser::load(&load))?);
                Ok(SttOutput::Loaded(info(load, begun.elapsed())))
            }
            SttRequest::Listen(request) => {
                let recogniser = self.recogniser.as_mut().ok_or(JobError::NoModel)?;
                Ok(SttOutput::Heard(listening::serve_job(job, recogniser, &request)?))
            }
        }
    }
}

fn info(load: SpeechLoad, took: Duration) -> RecogniserInfo {
    RecogniserInfo {
        name: load.name,
        languages: vec![Language("en".into())],
        translates: false,
        load_ms: took.as_secs_f64() * 1e3,
    }
}
