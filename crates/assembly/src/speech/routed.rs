//! Two voices as one: the better one where it knows the language or is asked for by name, the other for the rest.
//!
//! Always holds: all sound has one rate, the better voice's; positions of words are at that rate too.

use std::sync::Arc;

use async_trait::async_trait;
use dsp::Resampler;
use engine::{EngineError, JobError, Pcm, SpeakRequest, SpeakerInfo, SpeechChunk, Spoken, TextToSpeech};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Pieces of sound that wait to be resampled; a full queue makes the voice wait.
const PIECES: usize = 4;

/// Two voices.
pub(super) struct RoutedVoice {
    better: Arc<dyn TextToSpeech>,
    other: Arc<dyn TextToSpeech>,
}

impl RoutedVoice {
    pub(super) fn new(better: Arc<dyn TextToSpeech>, other: Arc<dyn TextToSpeech>) -> Self {
        Self { better, other }
    }
}

/// Whether a voice engine is meant by a request.
fn speaks(info: &SpeakerInfo, request: &SpeakRequest) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
    if let Some(id) = &request.voice {
        return info.voices.iter().any(|voice| voice.id == *id);
    }
    let wanted = primary(&request.language.0);
    let mut languages = info.voices.iter().flat_map(|voice| &voice.languages);
    languages.any(|language| primary(&language.0) == wanted)
}

#[async_trait]
impl TextToSpeech for RoutedVoice {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        let (better, other) = tokio::join!(self.better.ready(), self.other.ready());
        match (better, other) {
            (Ok(mut better), Ok(other)) => {
                better.voices.extend(other.voices);
                better.load_ms = better.load_ms.max(other.load_ms);
                Ok(better)
            }
            // The rate must not change later, so it is one or the other.
            (Ok(better), Err(_)) => Ok(better),
            (Err(error), _) => Err(error),
        }
    }

    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        let better = self.better.ready().await?;
        if speaks(&better, &request) {
            return self.better.speak(request, out, cancel).await;
        }
        let other = self.other.ready().await?;
        if other.rate == better.rate {
            return self.other.speak(request, out, cancel).await;
        }
        let rates = Rates::between(other.rate, better.rate)?;
        let (raw, from_voice) = mpsc::channel(PIECES);
        let speaking = self.other.speak(request, raw, cancel);
        let (spoken, samples) = tokio::join!(speaking, rates.pass_on(from_voice, out));
        Ok(Spoken { samples, ..spoken? })
    }
}

/// From one rate to another.
struct Rates {
    from: u32,
    to: u32,
    resampler: Resampler,
}

impl Rates {
    fn between(from: u32, to: u32) -> Result<Self, EngineError> {
        let resampler = Resampler::new(from, to)
            .map_err(|error| EngineError::from(JobError::Internal { reason: error.to_string() }))?;
        Ok(Self { from, to, resampler })
    }

    /// Passes a voice's sound on; returns the samples that came of it.
    async fn pass_on(
        mut self,
        mut sound: mpsc::Receiver<SpeechChunk>,
        out: mpsc::Sender<SpeechChunk>,
    ) -> u64 {
        let mut samples = 0;
        loop {
            let piece = sound.recv().await;
            let ended = piece.is_none();
            let mut piece = piece.unwrap_or_default();
            let mut resampled = Vec::with_capacity(piece.pcm.0.len() * 2);
            self.resampler.push(&piece.pcm.0, &mut resampled);
            if ended {
                self.resampler.finish(&mut resampled);
            }
            for mark in &mut piece.marks {
                mark.at = mark.at * u64::from(self.to) / u64::from(self.from);
            }
            samples += resampled.len() as u64;
            // Whoever listened may be gone: the voice learns it from the closed channel.
            let sent = out.send(SpeechChunk { pcm: Pcm(resampled), marks: piece.marks }).await;
            if ended || sent.is_err() {
                return samples;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use engine::{Language, Voice, WordMark};

    use super::*;

    /// Says a second of its own rate for every request, with a mark in its middle.
    struct Scripted {
        rate: u32,
        id: &'static str,
        language: &'static str,
    }

    #[async_trait]
    impl TextToSpeech for Scripted {
        async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
            let languages = vec![Language(self.language.into())];
            let voice = Voice { id: self.id.into(), name: self.id.into(), languages };
            Ok(SpeakerInfo { name: self.id.into(), rate: self.rate, voices: vec![voice], load_ms: 1.0 })
        }

        async fn speak(
            &self,
            _: SpeakRequest,
            out: mpsc::Sender<SpeechChunk>,
            _: CancellationToken,
        ) -> Result<Spoken, EngineError> {
            let half = vec![0.5; self.rate as usize / 2];
            let marks = vec![WordMark { text: 0..1, at: u64::from(self.rate) / 2 }];
            out.send(SpeechChunk { pcm: Pcm(half.clone()), marks }).await.unwrap();
            out.send(SpeechChunk { pcm: Pcm(half), marks: Vec::new() }).await.unwrap();
            Ok(Spoken { samples: u64::from(self.rate), ..Spoken::default() })
        }
    }

    async fn spoken(language: &str, voice: Option<&str>) -> (usize, Vec<u64>, u64) {
        let better = Scripted { rate: 24_000, id: "neural", language: "en-us" };
        let other = Scripted { rate: 16_000, id: "plain", language: "es" };
        let routed = RoutedVoice::new(Arc::new(better), Arc::new(other));
        let request = SpeakRequest {
            text: "x".into(),
            language: Language(language.into()),
            voice: voice.map(Into::into),
            rate: 1.0,
        };
        let (out, mut heard) = mpsc::channel(8);
        let spoken = routed.speak(request, out, CancellationToken::new()).await.unwrap();
        let (mut samples, mut marks) = (Vec::new(), Vec::new());
        while let Some(chunk) = heard.recv().await {
            samples.extend(chunk.pcm.0);
            marks.extend(chunk.marks.iter().map(|mark| mark.at));
        }
        let quiet = samples.iter().filter(|sample| sample.abs() < 0.1).count();
        assert!(quiet < 200, "sound from the beginning to the end");
        (samples.len(), marks, spoken.samples)
    }

    #[tokio::test]
    async fn all_sound_has_one_rate_whoever_speaks() {
        assert_eq!(spoken("en", None).await, (24_000, vec![12_000], 24_000));
        assert_eq!(spoken("es", None).await, (24_000, vec![12_000], 24_000));
    }

    #[tokio::test]
    async fn both_voices_are_told() {
        let one = Scripted { rate: 24_000, id: "neural", language: "en" };
        let two = Scripted { rate: 16_000, id: "plain", language: "es" };
        let info = RoutedVoice::new(Arc::new(one), Arc::new(two)).ready().await.unwrap();
        let ids: Vec<&str> = info.voices.iter().map(|voice| voice.id.as_str()).collect();
        assert_eq!((info.rate, ids), (24_000, vec!["neural", "plain"]));
    }

    #[tokio::test]
    async fn a_voice_that_is_named_speaks_whatever_the_language() {
        let info = Scripted { rate: 24_000, id: "neural", language: "en-us" }.ready().await.unwrap();
        let request = |voice: Option<&str>, language: &str| SpeakRequest {
            text: String::new(),
            language: Language(language.into()),
            voice: voice.map(Into::into),
            rate: 1.0,
        };
        assert!(speaks(&info, &request(Some("neural"), "es")));
        assert!(!speaks(&info, &request(Some("plain"), "en")));
        assert!(speaks(&info, &request(None, "en-GB")));
    }
}
