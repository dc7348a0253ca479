//! The protocols there are. Each worker program speaks one.

use engine::{GenerateEvent, GenerateRequest, Generated, LoadProgress, LoadRequest, ModelInfo};
use serde::{Deserialize, Serialize};

use crate::message::{Nothing, Protocol};

/// The language model's protocol: `worker-llm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Llm {}

impl Protocol for Llm {
    const NAME: &'static str = "llm";
    const VERSION: u32 = 1;
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
    /// runs; with [`engine::JobError::NoModel`] when none is ready.
    Generate(GenerateRequest),
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
    /// To [`LlmRequest::Unload`].
    Unloaded,
}
