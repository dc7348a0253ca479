//! The language model in its worker.
//!
//! Always holds: the model that is wanted is the one that answers; a worker's new life gets the model again by itself.
//! One task owns which model the worker holds.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use engine::{
    EngineError, EventSink, FinishReason, GenerateRequest, Generated, Image, ImageId, JobError,
    LanguageModel, LoadProgress, LoadRequest, ModelInfo, Prepared, PromptReport, Timings,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_kit::protocols::{Llm, LlmEvent, LlmOutput, LlmRequest};

use crate::command::WorkerCommand;
use crate::events::Events;
use crate::status::{Life, Limits, WorkerGone, WorkerStatus};
use crate::supervisor::Supervisor;
use crate::ticket::{Outcome, Ticket, Waiting, ticket};

use self::pictures::{Look, ROUNDS, images};

mod pictures;

/// Jobs that may wait; further ones wait in front of the queue.
const QUEUE: usize = 64;

/// What is known of the model in the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelState {
    /// None is loaded; the next job loads the one that is wanted, if any.
    Unloaded,
    /// Being loaded.
    Loading(LoadProgress),
    /// Ready.
    Ready(ModelInfo),
    /// It could not be loaded; the next job tries again.
    Failed(EngineError),
}

/// The language model in its worker process. Clones speak to the same one; with the last the process ends.
#[derive(Clone)]
pub struct LlmWorker {
    asks: mpsc::Sender<Ask>,
    wanted: watch::Sender<Option<LoadRequest>>,
    model: watch::Receiver<ModelState>,
    supervisor: Supervisor<Llm>,
    /// Ends the task, and with it the process, with the last clone.
    _alive: Arc<DropGuard>,
}

enum Ask {
    Ready(Ticket<(), Result<ModelInfo, EngineError>>),
    Generate {
        ticket: Ticket<Reply, Result<Generated, EngineError>>,
        /// The pictures in it.
        shows: Vec<ImageId>,
    },
    Prepare(Ticket<Look, Result<Prepared, EngineError>>),
    Unload(Ticket<(), Result<(), EngineError>>),
}

struct Reply {
    request: GenerateRequest,
    events: EventSink,
    cancel: CancellationToken,
}

impl LlmWorker {
    /// A worker that starts with its first job, and no model wanted.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self::over(Supervisor::new(command, limits))
    }

    pub(crate) fn over(supervisor: Supervisor<Llm>) -> Self {
        let (asks, queue) = mpsc::channel(QUEUE);
        let (wanted, wanted_seen) = watch::channel(None);
        let (model, model_seen) = watch::channel(ModelState::Unloaded);
        let owner = Owner {
            asks: queue,
            wanted: wanted_seen,
            status: supervisor.status(),
            model,
            held: Held::Nothing,
            waiting: VecDeque::new(),
            supervisor: supervisor.clone(),
        };
        let alive = CancellationToken::new();
        tokio::spawn(alive.clone().run_until_cancelled_owned(owner.run()));
        Self { asks, wanted, model: model_seen, supervisor, _alive: Arc::new(alive.drop_guard()) }
    }

    /// Wants this model, or none, from now on: for every job that has not begun. It is loaded by the next job or by
    /// [`ready`](LanguageModel::ready); a load of another model that is under way is cancelled. Wanting none gives the
    /// memory back.
    pub fn set_model(&self, model: Option<LoadRequest>) {
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != model;
            *wanted = model;
            changed
        });
    }

    /// How the process is, now and from now on.
    pub fn status(&self) -> watch::Receiver<WorkerStatus> {
        self.supervisor.status()
    }

    /// How the model is, now and from now on.
    pub fn model(&self) -> watch::Receiver<ModelState> {
        self.model.clone()
    }

    /// Gives the model's memory back after the jobs that were asked before; the next job loads it again.
    pub async fn unload(&self) -> Result<(), EngineError> {
        let (ticket, waiting) = ticket(());
        self.ask(Ask::Unload(ticket), waiting, &CancellationToken::new()).await.unwrap_or(Ok(()))
    }

    /// Starts the process again after it died too often.
    pub async fn revive(&self) -> Result<(), EngineError> {
        Ok(self.supervisor.revive().await.map(drop)?)
    }

    /// `None` when cancelled before the turn came.
    async fn ask<W, T>(
        &self,
        ask: Ask,
        waiting: Waiting<W, Result<T, EngineError>>,
        cancel: &CancellationToken,
    ) -> Option<Result<T, EngineError>> {
        let closing = || Some(Err(EngineError::Gone { reason: "the program is closing".into() }));
        tokio::select! {
            biased;
            sent = self.asks.send(ask) => {
                if sent.is_err() {
                    return closing();
                }
            }
            () = cancel.cancelled() => return None,
        }
        match waiting.outcome(cancel).await {
            Outcome::Answer(answer) => Some(answer),
            Outcome::Withdrawn => None,
            Outcome::Lost => closing(),
        }
    }
}

#[async_trait]
impl LanguageModel for LlmWorker {
    async fn ready(&self, progress: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        let (ticket, waiting) = ticket(());
        let never = CancellationToken::new();
        let answer = self.ask(Ask::Ready(ticket), waiting, &never);
        let told = tell_progress(self.model.clone(), progress);
        tokio::select! {
            answer = answer => answer.unwrap_or(Err(JobError::Cancelled.into())),
            never = told => match never {},
        }
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Generated, EngineError> {
        let shows = images(&request).map(Image::id).collect();
        let (ticket, waiting) = ticket(Reply { request, events, cancel: cancel.clone() });
        let ask = Ask::Generate { ticket, shows };
        self.ask(ask, waiting, &cancel).await.unwrap_or_else(|| Ok(cancelled()))
    }

    async fn prepare(&self, image: Image, cancel: CancellationToken) -> Result<Prepared, EngineError> {
        let (ticket, waiting) = ticket(Look { image, cancel: cancel.clone() });
        let answer = self.ask(Ask::Prepare(ticket), waiting, &cancel).await;
        answer.unwrap_or(Err(JobError::Cancelled.into()))
    }
}

/// A reply that was cancelled before it began.
fn cancelled() -> Generated {
    Generated {
        reason: FinishReason::Cancelled,
        prompt: PromptReport::default(),
        timings: Timings::default(),
    }
}

/// Passes on how far loading is. What the listener has no room for is left out: the next figure replaces it.
async fn tell_progress(
    mut model: watch::Receiver<ModelState>,
    listener: Option<mpsc::Sender<LoadProgress>>,
) -> std::convert::Infallible {
    if let Some(listener) = listener {
        while model.changed().await.is_ok() {
            if let ModelState::Loading(progress) = &*model.borrow_and_update() {
                let _ = listener.try_send(*progress);
            }
        }
    }
    std::future::pending().await
}

/// What the worker holds.
enum Held {
    Nothing,
    /// In this life.
    Model {
        life: Life,
        request: LoadRequest,
        info: ModelInfo,
    },
    /// It died holding a model.
    Lost,
}

/// The task that knows what the worker holds.
struct Owner {
    asks: mpsc::Receiver<Ask>,
    wanted: watch::Receiver<Option<LoadRequest>>,
    status: watch::Receiver<WorkerStatus>,
    model: watch::Sender<ModelState>,
    held: Held,
    /// What was asked while a picture was being looked at, oldest first; comes before `asks`.
    waiting: VecDeque<Ask>,
    supervisor: Supervisor<Llm>,
}

impl Owner {
    /// Runs until the last [`LlmWorker`] is dropped.
    async fn run(mut self) {
        loop {
            if let Some(ask) = self.waiting.pop_front() {
                self.take(ask).await;
                continue;
            }
            tokio::select! {
                biased;
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.take(ask).await,
                    None => return,
                },
                changed = self.status.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.follow_lives().await;
                }
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if self.wanted.borrow_and_update().is_none() {
                        // Whoever wants to know why it failed asks for a model.
                        let _ = self.unload().await;
                    }
                }
            }
        }
    }

    async fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Ready(ticket) => ticket.answer(self.loaded().await),
            Ask::Unload(ticket) => ticket.answer(self.unload().await),
            Ask::Generate { ticket, .. } => self.generate(ticket).await,
            Ask::Prepare(ticket) => self.prepare(ticket).await,
        }
    }

    /// Gives a new life the model that the old one held.
    async fn follow_lives(&mut self) {
        let life = self.status.borrow_and_update().life();
        if let Held::Model { life: held, .. } = self.held
            && life != Some(held)
        {
            self.lose();
        }
        if life.is_some() && matches!(self.held, Held::Lost) {
            // A failure is told to whoever asks for the model next.
            let _ = self.loaded().await;
        }
    }

    fn lose(&mut self) {
        self.held = Held::Lost;
        self.model.send_replace(ModelState::Unloaded);
    }

    async fn generate(&mut self, ticket: Ticket<Reply, Result<Generated, EngineError>>) {
        // The model comes first and the claim second: a reply cancelled while the model loads ends at once, and the
        // load goes on for the next.
        if let Err(error) = self.loaded().await {
            return ticket.answer(Err(error));
        }
        let Some((Reply { request, events, cancel }, mut answer)) = ticket.claim() else { return };
        let mut result = self.shown(&request, &events, &cancel, &mut answer).await;
        if let Ok(Err(JobError::NoModel)) = result {
            // The worker has died and come back since it was last asked.
            self.lose();
            if let Err(error) = self.loaded().await {
                let _ = answer.send(Err(error));
                return;
            }
            result = self.shown(&request, &events, &cancel, &mut answer).await;
        }
        if let Err(WorkerGone::Died { .. }) = result {
            self.lose();
        }
        let result = match result {
            Ok(Ok(LlmOutput::Generated(generated))) => Ok(generated),
            Ok(Err(JobError::Cancelled)) => Ok(cancelled()),
            other => Err(failure(other)),
        };
        let _ = answer.send(result);
    }

    /// Attempts, and sends the pictures that the worker lacks.
    async fn shown(
        &self,
        request: &GenerateRequest,
        events: &EventSink,
        cancel: &CancellationToken,
        answer: &mut oneshot::Sender<Result<Generated, EngineError>>,
    ) -> Result<Result<LlmOutput, JobError>, WorkerGone> {
        for _ in 0..ROUNDS {
            match self.attempt(request.clone(), events, cancel, answer).await? {
                Ok(LlmOutput::Missing(lacking)) => {
                    let sent = pictures::send(&self.supervisor, images(request), &lacking, cancel).await?;
                    if let Err(error) = sent {
                        return Ok(Err(error));
                    }
                }
                ended => return Ok(ended),
            }
        }
        let reason = "There are too many large pictures in this conversation. Show fewer at once.".into();
        Ok(Err(JobError::BadRequest { reason }))
    }

    async fn attempt(
        &self,
        request: GenerateRequest,
        events: &EventSink,
        cancel: &CancellationToken,
        answer: &mut oneshot::Sender<Result<Generated, EngineError>>,
    ) -> Result<Result<LlmOutput, JobError>, WorkerGone> {
        let events = Events::mapped(events.clone(), |event| match event {
            LlmEvent::Generate(event) => Some(event),
            LlmEvent::Load(_) => None,
        });
        // Of our own, so that a caller who has stopped waiting cancels too.
        let stop = cancel.child_token();
        let call = self.supervisor.call(LlmRequest::Generate(request), events, stop.clone());
        tokio::pin!(call);
        tokio::select! {
            result = &mut call => result,
            () = answer.closed() => {
                stop.cancel();
                call.await
            }
        }
    }

    /// The wanted model, loaded if need be.
    async fn loaded(&mut self) -> Result<ModelInfo, EngineError> {
        loop {
            let Some(wanted) = self.wanted.borrow_and_update().clone() else {
                return Err(JobError::NoModel.into());
            };
            if let Held::Model { life, request, info } = &self.held
                && *request == wanted
                && self.status.borrow().life() == Some(*life)
            {
                return Ok(info.clone());
            }
            self.held = Held::Nothing;
            let result = self.load(&wanted).await;
            let result = match result {
                Ok(Ok(LlmOutput::Loaded(info))) => Ok(info),
                other => Err(failure(other)),
            };
            if *self.wanted.borrow() != Some(wanted.clone()) {
                // Another is wanted by now.
                continue;
            }
            return match result {
                Ok(info) => {
                    self.model.send_replace(ModelState::Ready(info.clone()));
                    self.held = match self.status.borrow().life() {
                        Some(life) => Held::Model { life, request: wanted, info: info.clone() },
                        None => Held::Lost,
                    };
                    Ok(info)
                }
                Err(error) => {
                    self.model.send_replace(ModelState::Failed(error.clone()));
                    Err(error)
                }
            };
        }
    }

    /// Loads; stops loading when another model is wanted.
    async fn load(&mut self, wanted: &LoadRequest) -> Result<Result<LlmOutput, JobError>, WorkerGone> {
        self.model.send_replace(ModelState::Loading(LoadProgress(0.0)));
        let model = self.model.clone();
        let events = Events::heard_by(move |event| {
            if let LlmEvent::Load(progress) = event {
                model.send_replace(ModelState::Loading(progress));
            }
        });
        let stop = CancellationToken::new();
        let call = self.supervisor.call(LlmRequest::Load(wanted.clone()), events, stop.clone());
        tokio::pin!(call);
        loop {
            tokio::select! {
                result = &mut call => return result,
                changed = self.wanted.changed() => {
                    if changed.is_err() || self.wanted.borrow_and_update().as_ref() != Some(wanted) {
                        stop.cancel();
                        return call.await;
                    }
                }
            }
        }
    }

    async fn unload(&mut self) -> Result<(), EngineError> {
        self.model.send_replace(ModelState::Unloaded);
        // Asking a worker that does not run would start it.
        if !matches!(std::mem::replace(&mut self.held, Held::Nothing), Held::Model { .. }) {
            return Ok(());
        }
        match self.supervisor.call(LlmRequest::Unload, Events::ignored(), CancellationToken::new()).await {
            // A worker that died has given its memory back.
            Ok(Ok(LlmOutput::Unloaded)) | Err(_) => Ok(()),
            other => Err(failure(other)),
        }
    }
}

/// The error in a result that is not the one that was asked for.
fn failure(result: Result<Result<LlmOutput, JobError>, WorkerGone>) -> EngineError {
    match result {
        Err(gone) => gone.into(),
        Ok(Err(error)) => error.into(),
        Ok(Ok(_)) => JobError::Internal { reason: "The engine answered another question.".into() }.into(),
    }
}
