//! A model that says what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::error::EngineError;
use crate::language_model::{
    Channel, Delta, EventSink, FinishReason, GenerateEvent, GenerateRequest, Generated, LanguageModel,
    LoadProgress, ModelInfo, PromptReport, Timings,
};

/// One step of a scripted reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// Says a piece of the answer.
    Say(String),
    /// Thinks a piece.
    Think(String),
    /// Waits until the job is cancelled.
    UntilCancelled,
    /// Waits until the test opens the gate.
    Wait(Gate),
    /// Ends with this error.
    Fail(EngineError),
}

/// Something a script waits for, and a test opens. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Notify>);

impl Gate {
    /// Lets whoever waits, or comes next, pass.
    pub fn open(&self) {
        self.0.notify_one();
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A [`LanguageModel`] that plays scripts, one a job, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    // A mutex because the trait takes `&self`; held for a push or a pop, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    scripts: VecDeque<Vec<Line>>,
    asked: Vec<GenerateRequest>,
}

impl ScriptedModel {
    /// A model that plays `scripts` in order, and afterwards answers with nothing.
    pub fn new(scripts: impl IntoIterator<Item = Vec<Line>>) -> Self {
        Self { state: Mutex::new(State { scripts: scripts.into_iter().collect(), asked: Vec::new() }) }
    }

    /// The requests so far, oldest first.
    pub fn asked(&self) -> Vec<GenerateRequest> {
        self.locked().asked.clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl LanguageModel for ScriptedModel {
    async fn ready(&self, _progress: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        Ok(ModelInfo {
            name: "Scripted".into(),
            context_tokens: 4096,
            trained_context_tokens: 4096,
            sees: false,
            hears: false,
            thinks: true,
            device: "script".into(),
            load_ms: 0.0,
        })
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Generated, EngineError> {
        let prompt = PromptReport {
            prompt_tokens: u32::try_from(request.messages.len()).unwrap_or(u32::MAX),
            context_tokens: 4096,
            ..PromptReport::default()
        };
        let script = {
            let mut state = self.locked();
            state.asked.push(request);
            state.scripts.pop_front().unwrap_or_default()
        };
        let mut timings = Timings::default();
        let done = |reason, timings| Ok(Generated { reason, prompt, timings });
        if events.send(GenerateEvent::Prompt(prompt)).await.is_err() {
            return done(FinishReason::Cancelled, timings);
        }
        for line in script {
            if cancel.is_cancelled() {
                return done(FinishReason::Cancelled, timings);
            }
            let delta = match line {
                Line::Say(text) => Delta { channel: Channel::Answer, text },
                Line::Think(text) => Delta { channel: Channel::Thinking, text },
                Line::UntilCancelled => {
                    cancel.cancelled().await;
                    return done(FinishReason::Cancelled, timings);
                }
                Line::Wait(gate) => {
                    gate.0.notified().await;
                    continue;
                }
                Line::Fail(error) => return Err(error),
            };
            timings.completion_tokens += 1;
            if events.send(GenerateEvent::Delta(delta)).await.is_err() {
                return done(FinishReason::Cancelled, timings);
            }
        }
        done(FinishReason::EndOfTurn, timings)
    }
}
