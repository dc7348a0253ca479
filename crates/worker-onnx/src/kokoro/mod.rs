//! Kokoro (82M, v1.0): speech of phonemes, 24 kHz.
//!
//! Kokoro cannot find out how words are pronounced; whoever asks tells it, with what espeak-ng's worker said. The model
//! makes a whole stretch of speech at once, so a text is cut into stretches, the first of them short, and each is sent
//! as soon as it is made.

mod model;
mod stretches;
mod symbols;

use std::time::{Duration, Instant};

use engine::{JobError, Pcm, SpeakerInfo, SpeechChunk, SpeechLoad, Spoken};
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest};
use worker_kit::{Job, Worker};

use model::Kokoro;

/// Loading reads up to 330 MB, from a slow disk perhaps, and prepares them.
const LOADING_QUIET: Duration = Duration::from_mins(2);
/// A stretch of half a minute on a slow machine.
const STRETCH_QUIET: Duration = Duration::from_mins(1);

/// The voice as a worker process. Holds at most one model.
#[derive(Default)]
pub struct KokoroWorker {
    model: Option<Kokoro>,
}

impl Worker<Tts> for KokoroWorker {
    fn run(&mut self, request: TtsRequest, job: &Job<Tts>) -> Result<TtsOutput, JobError> {
        match request {
            TtsRequest::Load(load) => {
                self.model = None;
                let begun = Instant::now();
                let model = job.quiet_for(LOADING_QUIET, || Kokoro::load(&load))?;
                let info = info(&model, load, begun.elapsed());
                self.model = Some(model);
                Ok(TtsOutput::Loaded(info))
            }
            TtsRequest::Speak(task) => {
                let model = self.model.as_mut().ok_or(JobError::NoModel)?;
                Ok(TtsOutput::Spoken(speak(model, &task, job)?))
            }
            TtsRequest::Phonemes { .. } => Err(JobError::BadRequest {
                reason: "Kokoro cannot tell how words are pronounced. Install espeak-ng.".into(),
            }),
        }
    }
}

fn info(model: &Kokoro, load: SpeechLoad, took: Duration) -> SpeakerInfo {
    SpeakerInfo {
        name: load.name,
        rate: model::RATE,
        voices: model.voices().to_vec(),
        load_ms: took.as_secs_f64() * 1e3,
    }
}

fn speak(model: &mut Kokoro, task: &SpeakTask, job: &Job<Tts>) -> Result<Spoken, JobError> {
    let begun = Instant::now();
    let ms = |begun: Instant| begun.elapsed().as_secs_f64() * 1e3;
    let words = task.phonemes.as_ref().ok_or_else(|| JobError::BadRequest {
        reason: "Kokoro has to be told how words are pronounced. Install espeak-ng.".into(),
    })?;
    let voice = model.voice(&task.request)?;
    let mut spoken = Spoken::default();
    for stretch in stretches::cut(&model.tokens(words)) {
        if job.is_cancelled() {
            return Err(JobError::Cancelled);
        }
        let pcm = job.quiet_for(STRETCH_QUIET, || {
            model.speak(&stretch.tokens, voice, task.request.rate, &job.cancel_flag())
        })?;
        let marks = stretch.marks(spoken.samples, pcm.len());
        if spoken.samples == 0 {
            spoken.first_sound_ms = ms(begun);
        }
        spoken.samples += pcm.len() as u64;
        job.emit(SpeechChunk { pcm: Pcm(pcm), marks });
    }
    spoken.compute_ms = ms(begun);
    Ok(spoken)
}
