//! The language model: text and pictures (later sound) in, text out, as a stream.

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::EngineError;
use crate::image::Image;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions that stand before the conversation; never dropped.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said, as plain UTF-8 text without any template's control tokens.
    pub text: String,
    /// What is shown with it: the model is given it in this order, before the words. Only the user shows anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
}

impl ChatMessage {
    /// Words alone.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), media: Vec::new() }
    }

    /// The pictures in it, in order.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.media.iter().map(|Media::Image(image)| image)
    }
}

/// Something in a message that is not words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A picture.
    Image(Image),
}

/// A picture that a model has looked at, ready for a question about it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Prepared {
    /// Tokens of context that it takes; 0 where the engine does not know.
    pub tokens: u32,
    /// Milliseconds it took; near 0 when it had been looked at before.
    pub ms: f64,
}

/// How tokens are chosen. The defaults are llama.cpp's chat defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 means greedy.
    pub temperature: f32,
    /// Nucleus mass in 0..=1; 1 switches it off.
    pub top_p: f32,
    /// How many of the likeliest tokens are kept; 0 switches it off.
    pub top_k: u32,
    /// Least probability relative to the likeliest token; 0 switches it off.
    pub min_p: f32,
    /// Penalty on tokens of the last 64; 1 switches it off.
    pub repeat_penalty: f32,
    /// The same seed, prompt and model give the same reply; `None` draws one.
    pub seed: Option<u32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.8, top_p: 0.95, top_k: 40, min_p: 0.05, repeat_penalty: 1.0, seed: None }
    }
}

/// Whether a model that can think before it answers should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// As the model's template has it by default.
    #[default]
    Auto,
    /// Asked to answer at once, where the template knows how.
    Off,
}

/// A form that the whole reply must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// A JSON schema, as JSON text.
    JsonSchema(String),
    /// A GBNF grammar whose start rule is `root`.
    Grammar(String),
}

/// What may be kept of the KV cache after the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheUse {
    /// Reuse the longest common prefix, and keep this prompt's cache for the next job.
    #[default]
    Reuse,
    /// Do not touch the conversation's cache more than necessary (titles, side questions).
    Aside,
}

/// What the engine is to tell of the prompt while it reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weigh {
    /// Nothing.
    #[default]
    Nothing,
    /// Whether the user's last message reads as finished: [`GenerateEvent::TurnEnd`].
    TurnEnd,
}

/// One reply to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// The whole conversation, oldest first: at most one system message, at the front; then user and assistant in
    /// turn; the last is the user's (or an assistant's beginning that is to be continued).
    pub messages: Vec<ChatMessage>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// At most so many tokens; `None` means what the context leaves room for. None at all, with [`Weigh::TurnEnd`], has
    /// the prompt only read, up to the user's last words, so that one that goes on with them finds it in the KV cache.
    pub max_tokens: Option<u32>,
    /// The reply ends before any of these; they are not part of it.
    pub stop: Vec<String>,
    /// Whether to think first.
    pub thinking: Thinking,
    /// A form the reply must have.
    pub constraint: Option<Constraint>,
    /// What becomes of the KV cache.
    pub cache: CacheUse,
    /// What is to be told of the prompt.
    pub weigh: Weigh,
}

/// Which of its two voices the model uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Thoughts, shown folded; never spoken, never sent back to the model.
    Thinking,
    /// The reply itself.
    Answer,
}

/// A piece of a reply; whole UTF-8 characters, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Where it belongs.
    pub channel: Channel,
    /// The text.
    pub text: String,
}

/// What became of the prompt; known before the first token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PromptReport {
    /// Tokens in the prompt as it was shown to the model.
    pub prompt_tokens: u32,
    /// Of these, tokens found in the KV cache.
    pub reused_tokens: u32,
    /// Oldest messages left out because the context is full.
    pub dropped_messages: u32,
    /// Tokens the context holds.
    pub context_tokens: u32,
}

/// Something that happens while a reply is made, in order: `Prompt`, `Prefill`* and at most one `TurnEnd`, `Delta`*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerateEvent {
    /// The prompt is ready.
    Prompt(PromptReport),
    /// So many of the prompt's new tokens have been read. Sent only when reading takes noticeable time.
    Prefill {
        /// Tokens read.
        done: u32,
        /// Tokens to read in all.
        total: u32,
    },
    /// How likely it is, in 0..=1, that a sentence ends where the user's last message does, by its words alone: the
    /// share of what ends a sentence among all that could come next, without the marks at the message's own end. Only
    /// for [`Weigh::TurnEnd`], and only from engines that can see it.
    TurnEnd(f32),
    /// A piece of the reply.
    Delta(Delta),
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model said it was done.
    EndOfTurn,
    /// A stop sequence came.
    StopSequence,
    /// `max_tokens` were made.
    MaxTokens,
    /// The context is full.
    ContextFull,
    /// Cancelled; what was made so far stands.
    Cancelled,
}

/// Times of one reply, measured in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Timings {
    /// From the request's arrival to the end of the prompt's reading, in milliseconds.
    pub prefill_ms: f64,
    /// From the request's arrival to the first sampled token, in milliseconds.
    pub first_token_ms: f64,
    /// From the first sampled token to the last, in milliseconds.
    pub decode_ms: f64,
    /// Tokens made, thoughts included.
    pub completion_tokens: u32,
}

/// A reply that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// Why it ended.
    pub reason: FinishReason,
    /// What became of the prompt.
    pub prompt: PromptReport,
    /// Times.
    pub timings: Timings,
}

/// A model to be made ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRequest {
    /// The weights, a GGUF file.
    pub weights: PathBuf,
    /// The projector for pictures and sound, a GGUF file.
    pub projector: Option<PathBuf>,
    /// Tokens of context; `None` takes a sensible size no larger than the model was trained with.
    pub context_tokens: Option<u32>,
    /// Threads for one-token steps; `None` chooses by the machine.
    pub threads: Option<u32>,
    /// Threads for reading prompts; `None` chooses by the machine.
    pub prefill_threads: Option<u32>,
    /// Layers to put on a GPU; `None` puts there what fits, 0 nothing.
    pub gpu_layers: Option<u32>,
}

/// How far a model's loading has come, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadProgress(pub f32);

/// A model that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// A short name for people.
    pub name: String,
    /// Tokens of context in use.
    pub context_tokens: u32,
    /// Tokens of context the model was trained with; 0 where unknown.
    pub trained_context_tokens: u32,
    /// Whether it takes pictures.
    pub sees: bool,
    /// Whether it takes sound.
    pub hears: bool,
    /// Whether its template knows thinking.
    pub thinks: bool,
    /// Where it runs, for people: `CPU (4 threads)`, `CUDA: NVIDIA …`.
    pub device: String,
    /// Milliseconds from the request to ready.
    pub load_ms: f64,
}

/// Where a job's events go. Bounded: an engine whose listener is slow waits, and a listener that has gone away
/// (`send` fails) is a cancellation.
pub type EventSink = mpsc::Sender<GenerateEvent>;

/// A language model, wherever it runs. Jobs are taken one after another in the order of their calls.
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// Makes sure the model is ready to answer; returns at once when it is.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn ready(&self, progress: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError>;

    /// Makes one reply. Events arrive in `events`; the return value comes after the last of them. A cancelled reply
    /// returns `Ok` with [`FinishReason::Cancelled`] within one token's time.
    ///
    /// # Errors
    /// See [`EngineError`]. Whatever was sent before the error stands.
    async fn generate(
        &self,
        request: GenerateRequest,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Generated, EngineError>;

    /// Looks at a picture that a question will soon be about, so that the question need not wait for it. What was seen is
    /// kept for a while. An engine that gains nothing from it does nothing.
    ///
    /// # Errors
    /// See [`EngineError`]; [`JobError::CannotSee`](crate::JobError::CannotSee) where the model does not see, and
    /// [`JobError::Cancelled`](crate::JobError::Cancelled) when cancelled or when a request about something else came,
    /// which goes before: what was finished until then is kept.
    async fn prepare(&self, image: Image, cancel: CancellationToken) -> Result<Prepared, EngineError> {
        let _ = (image, cancel);
        Ok(Prepared::default())
    }
}
