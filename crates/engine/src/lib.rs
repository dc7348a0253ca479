//! What a heavy engine is asked and what it answers: the traits, their request and event types, and scripted
//! fakes. Nothing here knows how an engine is reached; `worker-host` and `remote` implement the traits, `session`
//! uses them.
//!
//! Every type that crosses to a worker process is plain serde data, so the wire carries these very types.

mod error;
mod image;
mod language_model;
mod reading;
mod scripted;
mod speech;

pub use error::{EngineError, JobError};
pub use image::{BadImage, Image, ImageFile, ImageId, ImagePixels, ImageSource, MOST_PIXELS};
pub use language_model::{
    CacheUse, Channel, ChatMessage, Constraint, Delta, EventSink, FinishReason, GenerateEvent,
    GenerateRequest, Generated, LanguageModel, LoadProgress, LoadRequest, Media, ModelInfo, Prepared,
    PromptReport, Role, Sampling, Thinking, Timings, Weigh,
};
pub use reading::{ReadAnswer, ReadPicture, TextLine};
pub use scripted::{Eyes, Gate, Line, Look, ScriptedModel};
pub use speech::{
    Hypothesis, Language, ListenRequest, Pcm, RecogniserInfo, SPEECH_RATE, SoundIn, SpeakRequest,
    SpeakerInfo, Spectrogram, SpeechChunk, SpeechLoad, SpeechTask, SpeechToText, Spoken, TextToSpeech,
    Transcript, TurnJudge, Voice, WordMark, WordTime,
};
