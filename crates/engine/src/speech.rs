//! Speech: sound in, text out, and text in, sound out, both as streams.

use std::ops::Range;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::EngineError;

/// Samples a second of all sound that is listened to: mono, 16 kHz.
pub const SPEECH_RATE: u32 = 16_000;

/// Mono samples in -1..=1. On the wire they are little-endian `f32` bytes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pcm(pub Vec<f32>);

impl Serialize for Pcm {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * 4);
        bytes.extend(self.0.iter().flat_map(|sample| sample.to_le_bytes()));
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Pcm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        let (samples, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(serde::de::Error::invalid_length(bytes.len(), &"whole samples of 4 bytes"));
        }
        Ok(Self(samples.iter().map(|sample| f32::from_le_bytes(*sample)).collect()))
    }
}

/// What a voice looks like: the log-mel spectrogram of the last 8 s at 16 kHz, as Whisper has it: 80 bands, each of 800
/// frames of 10 ms, one band after the other. On the wire as [`Pcm`] is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spectrogram(pub Pcm);

/// A language as BCP 47 has it, at its shortest: `en`, `es`, `zh`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

/// What goes into a recogniser while somebody speaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SoundIn {
    /// More sound, at [`SPEECH_RATE`].
    Sound(Pcm),
    /// The speaker paused: tell soon what was said in all sound so far, in a [`Hypothesis`] with this number. A pass
    /// that is under way over less sound is not worth waiting for.
    Settle(u32),
}

/// What a recogniser is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenRequest {
    /// The language spoken; none lets the engine find out, if it can.
    pub language: Option<Language>,
    /// What is wanted back.
    pub task: SpeechTask,
    /// Whether times of words are wanted in the [`Transcript`].
    pub word_times: bool,
}

/// What is wanted of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechTask {
    /// The words as they were said.
    #[default]
    Transcribe,
    /// The words in English.
    TranslateToEnglish,
}

/// What was said so far. The text is `committed`, then `tentative`, with a space between them where the language has one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Words that will not change any more; what one hypothesis commits is the beginning of what the next commits.
    pub committed: String,
    /// Words after them that may still change.
    pub tentative: String,
    /// Samples of sound this is the text of, counted from the beginning of the job.
    pub through: u64,
    /// The number of the [`SoundIn::Settle`] that this answers.
    pub settles: Option<u32>,
    /// The language that was found, where the engine finds out.
    pub language: Option<Language>,
}

/// A word and when it was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordTime {
    /// The word as it stands in the text, with its punctuation.
    pub word: String,
    /// Samples at [`SPEECH_RATE`] from the beginning of the job; the end is not included.
    pub samples: Range<u64>,
    /// How sure the engine is, 0..=1.
    pub probability: f32,
}

/// All that was said, when no more sound comes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Transcript {
    /// The text.
    pub text: String,
    /// The language, as asked or as found.
    pub language: Option<Language>,
    /// Its words, if they were asked for and the engine can tell.
    pub words: Vec<WordTime>,
    /// Milliseconds of computing, and of sound: their ratio is the real-time factor.
    pub compute_ms: f64,
    /// Milliseconds of sound.
    pub sound_ms: f64,
}

/// A recogniser to be made ready: the files of a model, by the role they have in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeechLoad {
    /// Name for people.
    pub name: String,
    /// `weights`, `decoder`, `tokenizer`, `library`, …, and where each is.
    pub files: Vec<(String, PathBuf)>,
    /// Threads; `None` chooses by the machine.
    pub threads: Option<u32>,
}

impl SpeechLoad {
    /// The file of this role.
    pub fn file(&self, role: &str) -> Option<&std::path::Path> {
        self.files.iter().find(|(own, _)| own == role).map(|(_, path)| path.as_path())
    }
}

/// A recogniser that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecogniserInfo {
    /// Name for people.
    pub name: String,
    /// Languages it knows; empty means very many.
    pub languages: Vec<Language>,
    /// Whether it can translate to English.
    pub translates: bool,
    /// Milliseconds from the request to ready.
    pub load_ms: f64,
}

/// Speech to text. Jobs are taken one after another: a conversation has one open at a time.
#[async_trait]
pub trait SpeechToText: Send + Sync {
    /// Makes sure the recogniser is ready; returns at once when it is.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn ready(&self) -> Result<RecogniserInfo, EngineError>;

    /// Listens to one utterance while it is spoken, until `sound` closes. Hypotheses arrive in `heard`; the return value
    /// comes after the last of them.
    ///
    /// # Errors
    /// See [`EngineError`]. When cancelled: [`JobError::Cancelled`](crate::JobError::Cancelled).
    async fn listen(
        &self,
        request: ListenRequest,
        sound: mpsc::Receiver<SoundIn>,
        heard: mpsc::Sender<Hypothesis>,
        cancel: CancellationToken,
    ) -> Result<Transcript, EngineError>;
}

/// Something to be spoken: one unit of a reply, a phrase or a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeakRequest {
    /// Plain words, as they are to be read: no Markdown, numbers already in words where the voice needs it.
    pub text: String,
    /// The language of the text.
    pub language: Language,
    /// The voice's id; none takes the engine's best for the language.
    pub voice: Option<String>,
    /// How fast, relative to the voice's own pace: 0.5..=3.
    pub rate: f32,
}

/// Where in the sound a word begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordMark {
    /// Bytes of the request's text.
    pub text: Range<usize>,
    /// Samples from the beginning of the job's sound.
    pub at: u64,
}

/// A piece of speech, in order. Marks may come before the sound they are in, never after it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpeechChunk {
    /// Sound at the voice's rate.
    pub pcm: Pcm,
    /// Words that begin in this or a later piece.
    pub marks: Vec<WordMark>,
}

/// What was spoken.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spoken {
    /// Samples made.
    pub samples: u64,
    /// Milliseconds from the request to the first sound.
    pub first_sound_ms: f64,
    /// Milliseconds of computing.
    pub compute_ms: f64,
}

/// A voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// Its id within the engine.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Languages it speaks, its own first.
    pub languages: Vec<Language>,
}

/// A speech engine that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeakerInfo {
    /// Name for people.
    pub name: String,
    /// Samples a second of all its sound.
    pub rate: u32,
    /// Its voices.
    pub voices: Vec<Voice>,
    /// Milliseconds from the request to ready.
    pub load_ms: f64,
}

/// Judges by the melody of a voice whether somebody has finished speaking.
#[async_trait]
pub trait TurnJudge: Send + Sync {
    /// Makes the judge ready, if it is not.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn ready(&self) -> Result<(), EngineError>;

    /// How likely it is that the speaker has finished, 0..=1.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn judge(&self, voice: Spectrogram) -> Result<f32, EngineError>;
}

/// Text to speech. Jobs are taken one after another in the order of their calls.
#[async_trait]
pub trait TextToSpeech: Send + Sync {
    /// Makes sure the engine is ready; returns at once when it is.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn ready(&self) -> Result<SpeakerInfo, EngineError>;

    /// Speaks. Sound arrives in `out` as it is made; the return value comes after the last of it. A listener that has
    /// gone away is a cancellation.
    ///
    /// # Errors
    /// See [`EngineError`]. When cancelled: [`JobError::Cancelled`](crate::JobError::Cancelled).
    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_survives_the_wire() {
        let pcm = Pcm(vec![0.0, 1.0, -0.25]);
        let bytes = rmp_serde::to_vec(&pcm).unwrap();
        assert_eq!(bytes.len(), 2 + 12);
        assert_eq!(rmp_serde::from_slice::<Pcm>(&bytes).unwrap(), pcm);
    }

    #[test]
    fn half_a_sample_is_refused() {
        let bytes = rmp_serde::to_vec(&serde_bytes::ByteBuf::from(vec![0u8; 6])).unwrap();
        assert!(rmp_serde::from_slice::<Pcm>(&bytes).is_err());
    }
}
