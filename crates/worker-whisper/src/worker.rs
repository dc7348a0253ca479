//! The recogniser as a worker process.

use std::time::{Duration, Instant};

use engine::{JobError, RecogniserInfo, SpeechLoad};
use worker_kit::protocols::{Stt, SttOutput, SttRequest};
use worker_kit::{Identity, Job, Worker};

use crate::whisper::Whisper;

/// Loading says nothing while it reads a file of up to 3 GB or a graphics card compiles its programs.
const LOADING_QUIET: Duration = Duration::from_mins(2);

/// Holds at most one model.
#[derive(Default)]
pub struct WhisperWorker {
    whisper: Option<Whisper>,
}

impl Worker<Stt> for WhisperWorker {
    fn run(&mut self, request: SttRequest, job: &Job<Stt>) -> Result<SttOutput, JobError> {
        match request {
            SttRequest::Load(load) => {
                // The old model goes first: two may not fit.
                self.whisper = None;
                let (whisper, info) = job.quiet_for(LOADING_QUIET, || ready(&load))?;
                self.whisper = Some(whisper);
                Ok(SttOutput::Loaded(info))
            }
            SttRequest::Listen(request) => {
                let whisper = self.whisper.as_mut().ok_or(JobError::NoModel)?;
                listening::serve_job(job, whisper, &request).map(SttOutput::Heard)
            }
        }
    }
}

fn ready(load: &SpeechLoad) -> Result<(Whisper, RecogniserInfo), JobError> {
    let began = Instant::now();
    let whisper = Whisper::load(load)?;
    let info = RecogniserInfo {
        name: load.name.clone(),
        languages: whisper.languages(),
        translates: whisper.translates(),
        load_ms: began.elapsed().as_secs_f64() * 1e3,
    };
    Ok((whisper, info))
}

/// What this build says of itself in the handshake.
pub fn identity() -> Identity {
    let mut features = vec!["cpu".to_owned()];
    for (name, built) in [
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
        ("vulkan", cfg!(feature = "vulkan")),
    ] {
        if built {
            features.push(name.into());
        }
    }
    let build = format!("{}, whisper.cpp {}", env!("CARGO_PKG_VERSION"), whisper_rs::WHISPER_CPP_VERSION);
    Identity { name: "worker-whisper".into(), build, features }
}
