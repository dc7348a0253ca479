//! The voice as a worker process: jobs from the wire, sound back to it.

use std::ops::ControlFlow;
use std::time::Instant;

use engine::{JobError, Language, SpeakRequest, SpeakerInfo, SpeechLoad, Spoken};
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest, WordPhonemes};
use worker_kit::{Identity, Job, Worker};

use crate::ffi::{Espeak, Event, NoLibrary};
use crate::library;
use crate::phonemes::{self, Bare};
use crate::speech::Speech;
use crate::voices::Voices;
use crate::words::Words;

/// Words a minute at rate 1. The library's own 175 is a brisk pace for a synthetic voice that is heard once, with no text
/// beside it; people who read aloud do about 150. Half of it is the least the library can do, 80.
const PACE: f32 = 160.0;
/// The most words a minute that stay clear of the library's own time compression, which smears positions of words.
const FASTEST: f32 = 450.0;

/// Holds the synthesiser once it has been loaded.
#[derive(Default)]
pub struct EspeakWorker {
    ready: Option<Ready>,
}

struct Ready {
    espeak: Espeak,
    voices: Voices,
}

impl Worker<Tts> for EspeakWorker {
    fn run(&mut self, request: TtsRequest, job: &Job<Tts>) -> Result<TtsOutput, JobError> {
        match request {
            TtsRequest::Load(load) => self.load(&load).map(TtsOutput::Loaded),
            TtsRequest::Speak(SpeakTask { request, .. }) => {
                let ready = self.ready.as_mut().ok_or(JobError::NoModel)?;
                ready.speak(&request, job).map(TtsOutput::Spoken)
            }
            TtsRequest::Phonemes { text, language } => {
                let ready = self.ready.as_mut().ok_or(JobError::NoModel)?;
                ready.phonemes(&text, &language, job).map(TtsOutput::Phonemes)
            }
        }
    }
}

impl EspeakWorker {
    fn load(&mut self, load: &SpeechLoad) -> Result<SpeakerInfo, JobError> {
        let began = Instant::now();
        if self.ready.is_none() {
            let mut espeak = Espeak::start(&library::names(load.file("library")), load.file("data"))
                .map_err(|error| JobError::BadModel { reason: library::sentence(&error) })?;
            let voices = Voices::of(espeak.voices());
            if voices.told().is_empty() {
                return Err(JobError::BadModel { reason: library::sentence(&NoLibrary::NoData) });
            }
            self.ready = Some(Ready { espeak, voices });
        }
        let Some(Ready { espeak, voices }) = &self.ready else { return Err(JobError::NoModel) };
        Ok(SpeakerInfo {
            name: format!("eSpeak NG {}", espeak.version()),
            rate: espeak.rate(),
            voices: voices.told(),
            load_ms: began.elapsed().as_secs_f64() * 1e3,
        })
    }
}

impl Ready {
    fn speak(&mut self, request: &SpeakRequest, job: &Job<Tts>) -> Result<Spoken, JobError> {
        let began = Instant::now();
        self.choose(request.voice.as_deref(), &request.language)?;
        self.espeak.set_pace(pace(request.rate));
        let words = Words::of(&request.text);
        let mut speech = Speech::new(&words, self.espeak.rate(), job, began);
        if !words.ranges().is_empty() {
            let text = words.for_library();
            let ended = self.espeak.synthesize(&text, &mut |sound, events| speech.take(sound, &events));
            if ended.is_break() {
                return Err(JobError::Cancelled);
            }
        }
        speech.finish()
    }

    fn phonemes(
        &mut self,
        text: &str,
        language: &Language,
        job: &Job<Tts>,
    ) -> Result<Vec<WordPhonemes>, JobError> {
        self.choose(None, language)?;
        let words = Words::of(text);
        if words.ranges().is_empty() {
            return Ok(Vec::new());
        }
        let for_library = words.for_library();
        // The least sound for the same phonemes.
        self.espeak.set_pace(pace(3.0));
        let mut bare: Vec<Bare> = Vec::new();
        let ended = self.espeak.synthesize(&for_library, &mut |_, events| {
            for event in events {
                match (event, bare.last_mut()) {
                    (Event::Word { character, .. }, _) => {
                        bare.push(Bare { character, phonemes: String::new() });
                    }
                    (Event::Phoneme(phoneme), Some(word)) => word.phonemes.push_str(&phoneme),
                    (Event::Phoneme(_), None) => {}
                }
            }
            if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if ended.is_break() {
            return Err(JobError::Cancelled);
        }
        Ok(phonemes::assign(&words, &bare, &self.espeak.phonemes(&for_library)))
    }

    fn choose(&mut self, voice: Option<&str>, language: &Language) -> Result<(), JobError> {
        let file = match voice {
            Some(id) => self.voices.file(id).ok_or_else(|| JobError::BadRequest {
                reason: format!("eSpeak NG has no voice called “{id}”. Choose another voice."),
            })?,
            None => self.voices.for_language(language).ok_or_else(|| JobError::BadRequest {
                reason: format!(
                    "eSpeak NG has no voice for the language “{}”. Choose another language or voice.",
                    language.0
                ),
            })?,
        };
        if self.espeak.set_voice(file) {
            return Ok(());
        }
        let reason = "eSpeak NG cannot load this voice. Choose another, or install eSpeak NG again.".into();
        Err(JobError::BadModel { reason })
    }
}

/// Words a minute for a rate relative to our own.
fn pace(rate: f32) -> u32 {
    let rate = if rate.is_finite() { rate } else { 1.0 };
    let words = (PACE * rate.clamp(0.5, 3.0)).min(FASTEST);
    // Between 80 and 450.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let words = words.round() as u32;
    words
}

/// What this build says of itself in the handshake.
pub fn identity() -> Identity {
    Identity {
        name: "worker-espeak".into(),
        build: env!("CARGO_PKG_VERSION").into(),
        features: vec!["cpu".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::pace;

    #[test]
    fn the_pace_stays_within_what_the_library_can() {
        assert_eq!([0.0, 0.5, 1.0, 1.5, 3.0, 99.0, f32::NAN].map(pace), [80, 80, 160, 240, 450, 450, 160]);
    }
}
