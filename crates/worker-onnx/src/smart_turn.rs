//! Smart Turn v3: whether a speaker has finished, by the melody of the last 8 s.

use std::time::Duration;

use engine::{JobError, Pcm, Spectrogram, SpeechLoad};
use ort::session::Session;
use ort::value::TensorRef;
use worker_kit::protocols::{Judge, JudgeOutput, JudgeRequest};
use worker_kit::{Job, Worker};

use crate::runtime::{Runtime, failed, needed};

/// The network's input: so many mel bands, each of so many frames.
const SHAPE: [usize; 3] = [1, 80, 800];
const LENGTH: usize = SHAPE[1] * SHAPE[2];

/// Loading reads 9 MB, from a slow disk perhaps.
const LOADING_QUIET: Duration = Duration::from_mins(1);

/// The judge as a worker process. Holds at most one model.
#[derive(Default)]
pub struct SmartTurnWorker {
    network: Option<Session>,
}

impl Worker<Judge> for SmartTurnWorker {
    fn run(&mut self, request: JudgeRequest, job: &Job<Judge>) -> Result<JudgeOutput, JobError> {
        match request {
            JudgeRequest::Load(load) => {
                self.network = None;
                self.network = Some(job.quiet_for(LOADING_QUIET, || open(&load))?);
                Ok(JudgeOutput::Loaded)
            }
            JudgeRequest::Judge(Spectrogram(Pcm(voice))) => {
                let network = self.network.as_mut().ok_or(JobError::NoModel)?;
                Ok(JudgeOutput::Judged(judge(network, &voice)?))
            }
        }
    }
}

/// The network, which has been run once: the first run is several times as slow as all others.
fn open(load: &SpeechLoad) -> Result<Session, JobError> {
    let mut network = Runtime::open(load)?.session(needed(load, "weights")?, &["input_features"])?;
    judge(&mut network, &vec![0.0; LENGTH])?;
    Ok(network)
}

/// The network's output is called `logits`, but is a probability already: the publisher's code compares it with 0.5 and
/// calls it so.
fn judge(network: &mut Session, voice: &[f32]) -> Result<f32, JobError> {
    if voice.len() != LENGTH {
        return Err(JobError::BadRequest { reason: "A spectrogram has 80 bands of 800 frames.".into() });
    }
    let mut run = || -> ort::Result<f32> {
        let input = TensorRef::from_array_view((SHAPE, voice))?;
        let made = network.run(ort::inputs! { "input_features" => input })?;
        let value = made.values().next().ok_or_else(|| ort::Error::new("no result"))?;
        let (_, data) = value.try_extract_tensor::<f32>()?;
        data.first().copied().ok_or_else(|| ort::Error::new("an empty result"))
    };
    run().map_err(|error| failed(&error))
}
