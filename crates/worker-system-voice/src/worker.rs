//! The voice as a worker process: jobs from the wire, sound back to it.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use engine::{JobError, Language, SpeakRequest, SpeakerInfo, Spoken};
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest};
use worker_kit::{Identity, Job, Worker};

use crate::speech::Speech;
use crate::synthesiser::{Heard, Say, Synthesiser, Trouble};
use crate::voices::Voices;
use crate::{RATE, system, text};

/// How long the system may take to list its voices, the first time after it was started.
const LOADING_QUIET: Duration = Duration::from_mins(1);
/// How long it may take to the next piece of sound; a voice may have to be loaded first.
const SPEAKING_QUIET: Duration = Duration::from_secs(30);

/// Holds the system's speech once it has been asked for.
pub struct SystemVoiceWorker<S> {
    start: fn() -> Result<S, Trouble>,
    ready: Option<Ready<S>>,
}

struct Ready<S> {
    synthesiser: S,
    voices: Voices,
}

impl<S: Synthesiser> SystemVoiceWorker<S> {
    /// Starts nothing yet.
    pub fn new(start: fn() -> Result<S, Trouble>) -> Self {
        Self { start, ready: None }
    }

    /// Lists the voices anew: the user may have installed one meanwhile.
    fn load(&mut self) -> Result<SpeakerInfo, JobError> {
        let began = Instant::now();
        self.ready = None;
        let mut synthesiser = (self.start)().map_err(|trouble| unusable(&trouble))?;
        let voices = Voices::of(synthesiser.voices().map_err(|trouble| unusable(&trouble))?);
        if voices.is_empty() {
            return Err(unusable(&Trouble::NoVoices(system::SETTINGS)));
        }
        let told = voices.told();
        self.ready = Some(Ready { synthesiser, voices });
        Ok(SpeakerInfo {
            name: system::NAME.into(),
            rate: RATE,
            voices: told,
            load_ms: began.elapsed().as_secs_f64() * 1e3,
        })
    }
}

impl<S: Synthesiser> Worker<Tts> for SystemVoiceWorker<S> {
    fn run(&mut self, request: TtsRequest, job: &Job<Tts>) -> Result<TtsOutput, JobError> {
        match request {
            TtsRequest::Load(_) => job.quiet_for(LOADING_QUIET, || self.load()).map(TtsOutput::Loaded),
            TtsRequest::Speak(SpeakTask { request, .. }) => {
                let ready = self.ready.as_mut().ok_or(JobError::NoModel)?;
                let spoken = job.quiet_for(SPEAKING_QUIET, || ready.speak(&request, job));
                spoken.map(TtsOutput::Spoken)
            }
            TtsRequest::Phonemes { .. } => Err(JobError::BadRequest {
                reason: "The system's voices cannot tell how words are pronounced. Install eSpeak NG.".into(),
            }),
        }
    }
}

impl<S: Synthesiser> Ready<S> {
    fn speak(&mut self, request: &SpeakRequest, job: &Job<Tts>) -> Result<Spoken, JobError> {
        let began = Instant::now();
        let ms = |began: Instant| began.elapsed().as_secs_f64() * 1e3;
        let Self { synthesiser, voices } = self;
        let voice = choose(voices, request.voice.as_deref(), &request.language)?;
        let mut spoken = Spoken::default();
        if !text::sounds(&request.text) {
            return Ok(spoken);
        }
        let plain = text::plain(&request.text);
        let mut out = |chunk| {
            if spoken.first_sound_ms == 0.0 {
                spoken.first_sound_ms = ms(began);
            }
            job.emit(chunk);
        };
        let mut speech = Speech::new(&request.text, &mut out);
        let mut trouble = None;
        // Reading the flag alone shows no progress: a system that hangs is noticed.
        let cancel = job.cancel_flag();
        let said = synthesiser.speak(&Say { text: &plain, voice, rate: request.rate }, &mut |heard| {
            if heard != Heard::Nothing {
                job.tick();
            }
            trouble = speech.take(heard).err();
            if cancel.load(Ordering::Relaxed) || trouble.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if job.is_cancelled() {
            return Err(JobError::Cancelled);
        }
        said.and(trouble.map_or(Ok(()), Err))
            .map_err(|trouble| JobError::Internal { reason: trouble.to_string() })?;
        let samples = speech.finish();
        Ok(Spoken { samples, compute_ms: ms(began), ..spoken })
    }
}

fn choose<'v>(voices: &'v Voices, voice: Option<&str>, language: &Language) -> Result<&'v str, JobError> {
    match voice {
        Some(id) => voices.key(id).ok_or_else(|| JobError::BadRequest {
            reason: format!("The system has no voice called “{id}”. Choose another voice."),
        }),
        None => voices.for_language(language).ok_or_else(|| JobError::BadRequest {
            reason: format!(
                "The system has no voice for the language “{}”. Add one in its settings ({}), or choose another language.",
                language.0,
                system::SETTINGS
            ),
        }),
    }
}

fn unusable(trouble: &Trouble) -> JobError {
    JobError::BadModel { reason: trouble.to_string() }
}

/// What this build says of itself in the handshake.
pub fn identity() -> Identity {
    Identity {
        name: "worker-system-voice".into(),
        build: env!("CARGO_PKG_VERSION").into(),
        features: vec!["cpu".into()],
    }
}
