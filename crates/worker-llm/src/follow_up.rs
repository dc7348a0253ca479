//! How long a follow-up question waits for its first token when the conversation so far is in memory.

use std::path::Path;
use std::sync::Arc;

use engine::{
    CacheUse, ChatMessage, GenerateEvent, GenerateRequest, JobError, LoadProgress, LoadRequest, PromptReport,
    Role, Sampling, Thinking, Weigh,
};
use serde::Serialize;

use crate::bench::Setup;
use crate::engine::{Engine, Listener};
use crate::watch::IsCancelled;

/// Twenty-five tokens or so; 120 times that is a conversation of about 3,000.
const HISTORY: &str = "The river bends around the old mill, and in the spring its water reaches the first step of the stone stairs. ";
const QUESTION: &str = "And does the water reach the second step?";

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FollowUp {
    /// Threads for reading and writing.
    pub threads: u32,
    /// Milliseconds until the model was ready.
    pub load_ms: f64,
    /// Tokens of the conversation before the first follow-up.
    pub history_tokens: u32,
    /// Milliseconds it took to read them.
    pub history_ms: f64,
    /// Tokens of the last follow-up's whole prompt.
    pub prompt_tokens: u32,
    /// Of these, tokens that were in memory.
    pub reused_tokens: u32,
    /// Milliseconds from a follow-up to its first token; the median of the runs.
    pub first_token_ms: f64,
    /// The same, of the quickest run.
    pub best_ms: f64,
}

/// Holds a conversation of about 3,000 tokens, then asks short questions one after another.
///
/// # Errors
/// As loading and generating.
pub fn measure(weights: &Path, setup: &Setup) -> Result<FollowUp, JobError> {
    let request = LoadRequest {
        weights: weights.to_owned(),
        projector: None,
        context_tokens: Some(8192),
        threads: Some(setup.threads),
        prefill_threads: None,
        gpu_layers: None,
    };
    let mut engine = Engine::load(&request, &mut Nobody)?;
    let message = |role, text: String| ChatMessage::new(role, text);
    let mut ask = GenerateRequest {
        messages: vec![message(Role::User, HISTORY.repeat(60)), message(Role::Assistant, HISTORY.repeat(60))],
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        max_tokens: Some(8),
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    };
    ask.messages.push(message(Role::User, QUESTION.into()));
    let history = engine.generate(&ask, &mut Nobody)?;
    let mut waits = Vec::new();
    let mut prompt = PromptReport::default();
    for _ in 0..setup.runs.max(1) {
        ask.messages.push(message(Role::Assistant, "Yes, it does.".into()));
        ask.messages.push(message(Role::User, QUESTION.into()));
        let generated = engine.generate(&ask, &mut Nobody)?;
        waits.push(generated.timings.first_token_ms);
        prompt = generated.prompt;
    }
    waits.sort_by(f64::total_cmp);
    Ok(FollowUp {
        threads: setup.threads,
        load_ms: engine.info().load_ms,
        history_tokens: history.prompt.prompt_tokens,
        history_ms: history.timings.prefill_ms,
        prompt_tokens: prompt.prompt_tokens,
        reused_tokens: prompt.reused_tokens,
        first_token_ms: waits[waits.len() / 2],
        best_ms: waits[0],
    })
}

/// Hears nothing and wants everything.
struct Nobody;

impl Listener for Nobody {
    fn event(&mut self, _: GenerateEvent) {}

    fn loading(&mut self, _: LoadProgress) {}

    fn is_cancelled(&self) -> IsCancelled {
        Arc::new(|| false)
    }
}
