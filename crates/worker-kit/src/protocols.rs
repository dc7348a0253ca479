//! The protocols there are. Each worker program speaks one.

use engine::{
    GenerateEvent, GenerateRequest, Generated, Hypothesis, Image, ImageId, ImagePixels, Language,
    ListenRequest, LoadProgress, LoadRequest, ModelInfo, Prepared, RecogniserInfo, SoundIn, SpeakRequest,
    SpeakerInfo, Spectrogram, SpeechChunk, SpeechLoad, Spoken, Transcript,
};
use serde::{Deserialize, Serialize};

use crate::message::{Nothing, Protocol};

/// The language model's protocol: `worker-llm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Llm {}

impl Protocol for Llm {
    const NAME: &'static str = "llm";
    const VERSION: u32 = 3;
    type Request = LlmRequest;
    type Input = Nothing;
    type Event = LlmEvent;
    type Output = LlmOutput;
}

/// What the language model's worker is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LlmRequest {
    /// Make this model ready, in place of any other. Ends with [`LlmOutput::Loaded`].
    Load(LoadRequest),
    /// Make a reply with the model that is ready. Ends with [`LlmOutput::Generated`], also when cancelled while it
    /// runs; with [`LlmOutput::Missing`], before any event, when it shows pictures whose pixels are needed and not here;
    /// with [`engine::JobError::NoModel`] when none is ready.
    Generate(GenerateRequest),
    /// Keep this picture for the requests that name it. Ends with [`LlmOutput::Kept`]. Pictures that were not used for
    /// the longest time are forgotten when there is no more room, and all of them with the model.
    Keep(ImagePixels),
    /// Look at a picture in advance. Ends with [`LlmOutput::Prepared`], with [`LlmOutput::Missing`] when its pixels are
    /// not here, with [`engine::JobError::Cancelled`] when cancelled; what was done until then is kept.
    Prepare(Image),
    /// Give the model's memory back. Ends with [`LlmOutput::Unloaded`].
    Unload,
}

/// What the language model's worker reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LlmEvent {
    /// Of [`LlmRequest::Load`].
    Load(LoadProgress),
    /// Of [`LlmRequest::Generate`].
    Generate(GenerateEvent),
}

/// What the language model's worker answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LlmOutput {
    /// To [`LlmRequest::Load`].
    Loaded(ModelInfo),
    /// To [`LlmRequest::Generate`].
    Generated(Generated),
    /// To [`LlmRequest::Generate`] and [`LlmRequest::Prepare`]: send these with [`LlmRequest::Keep`], and ask again.
    Missing(Vec<ImageId>),
    /// To [`LlmRequest::Keep`].
    Kept,
    /// To [`LlmRequest::Prepare`].
    Prepared(Prepared),
    /// To [`LlmRequest::Unload`].
    Unloaded,
}

/// A recogniser's protocol: `worker-moonshine`, `worker-whisper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stt {}

impl Protocol for Stt {
    const NAME: &'static str = "stt";
    const VERSION: u32 = 1;
    type Request = SttRequest;
    type Input = SoundIn;
    type Event = Hypothesis;
    type Output = SttOutput;
}

/// What a recogniser is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SttRequest {
    /// Make this model ready, in place of any other. Ends with [`SttOutput::Loaded`].
    Load(SpeechLoad),
    /// Listen to what is streamed in, until its end. Ends with [`SttOutput::Heard`]; with
    /// [`engine::JobError::NoModel`] when none is ready, with [`engine::JobError::Cancelled`] when cancelled.
    Listen(ListenRequest),
}

/// What a recogniser answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SttOutput {
    /// To [`SttRequest::Load`].
    Loaded(RecogniserInfo),
    /// To [`SttRequest::Listen`].
    Heard(Transcript),
}

/// A voice's protocol: `worker-espeak`, `worker-kokoro`, `worker-system-voice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tts {}

impl Protocol for Tts {
    const NAME: &'static str = "tts";
    const VERSION: u32 = 1;
    type Request = TtsRequest;
    type Input = Nothing;
    type Event = SpeechChunk;
    type Output = TtsOutput;
}

/// What a voice is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TtsRequest {
    /// Make this model ready, in place of any other; for a voice without a model its files are empty. Ends with
    /// [`TtsOutput::Loaded`].
    Load(SpeechLoad),
    /// Speak. Ends with [`TtsOutput::Spoken`]; with [`engine::JobError::NoModel`] when none is ready, with
    /// [`engine::JobError::Cancelled`] when cancelled.
    Speak(SpeakTask),
    /// Tell how this is pronounced, in the International Phonetic Alphabet. Ends with [`TtsOutput::Phonemes`].
    Phonemes {
        /// Plain words.
        text: String,
        /// Their language.
        language: Language,
    },
}

/// Something to be spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeakTask {
    /// What and how.
    pub request: SpeakRequest,
    /// How it is pronounced, one for each word of the request's text, for a voice that cannot find out by itself.
    pub phonemes: Option<Vec<WordPhonemes>>,
}

/// How a word is pronounced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordPhonemes {
    /// Bytes of the text.
    pub text: std::ops::Range<usize>,
    /// In the International Phonetic Alphabet; the punctuation that follows the word comes with it.
    pub phonemes: String,
}

/// What a voice answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TtsOutput {
    /// To [`TtsRequest::Load`].
    Loaded(SpeakerInfo),
    /// To [`TtsRequest::Speak`].
    Spoken(Spoken),
    /// To [`TtsRequest::Phonemes`].
    Phonemes(Vec<WordPhonemes>),
}

/// The protocol of a judge of turns: `worker-smart-turn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {}

impl Protocol for Judge {
    const NAME: &'static str = "judge";
    const VERSION: u32 = 1;
    type Request = JudgeRequest;
    type Input = Nothing;
    type Event = Nothing;
    type Output = JudgeOutput;
}

/// What a judge of turns is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum JudgeRequest {
    /// Make this model ready, in place of any other. Ends with [`JudgeOutput::Loaded`].
    Load(SpeechLoad),
    /// How likely it is that this speaker has finished. Ends with [`JudgeOutput::Judged`]; with
    /// [`engine::JobError::NoModel`] when none is ready.
    Judge(Spectrogram),
}

/// What a judge of turns answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum JudgeOutput {
    /// To [`JudgeRequest::Load`].
    Loaded,
    /// To [`JudgeRequest::Judge`]: 0..=1.
    Judged(f32),
}
