//! A model that says what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::error::{EngineError, JobError};
use crate::image::{Image, ImageId};
use crate::language_model::{
    Channel, Delta, EventSink, FinishReason, GenerateEvent, GenerateRequest, Generated, LanguageModel,
    LoadProgress, ModelInfo, Prepared, PromptReport, Timings,
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

/// How a scripted model looks at a picture before it is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eyes {
    /// It does not see.
    #[default]
    None,
    /// At once.
    Quick,
    /// Until it is told to look away.
    UntilCancelled,
}

/// What became of such a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It was seen.
    Done(ImageId),
    /// It was looked away.
    Cancelled(ImageId),
}

/// A [`LanguageModel`] that plays scripts, one a job, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    // A mutex because the trait takes `&self`; held for a push or a pop, never across an await.
    state: Mutex<State>,
    eyes: Eyes,
    looks: watch::Sender<Vec<Look>>,
}

#[derive(Debug, Default)]
struct State {
    scripts: VecDeque<Vec<Line>>,
    asked: Vec<GenerateRequest>,
}

impl ScriptedModel {
    /// A model that plays `scripts` in order, and afterwards answers with nothing.
    pub fn new(scripts: impl IntoIterator<Item = Vec<Line>>) -> Self {
        let state = State { scripts: scripts.into_iter().collect(), asked: Vec::new() };
        Self { state: Mutex::new(state), ..Self::default() }
    }

    /// The same with these eyes.
    #[must_use]
    pub fn with_eyes(self, eyes: Eyes) -> Self {
        Self { eyes, ..self }
    }

    /// The looks that ended so far, oldest first.
    pub fn looks(&self) -> watch::Receiver<Vec<Look>> {
        self.looks.subscribe()
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
            sees: self.eyes != Eyes::None,
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

    async fn prepare(&self, image: Image, cancel: CancellationToken) -> Result<Prepared, EngineError> {
        let (look, seen) = match self.eyes {
            Eyes::None => return Err(JobError::CannotSee { model: "Scripted".into() }.into()),
            Eyes::Quick => (Look::Done(image.id()), Ok(Prepared::default())),
            Eyes::UntilCancelled => {
                cancel.cancelled().await;
                (Look::Cancelled(image.id()), Err(JobError::Cancelled.into()))
            }
        };
        self.looks.send_modify(|looks| looks.push(look));
        seen
    }
}
