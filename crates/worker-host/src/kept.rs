//! A speech model kept ready in its worker.
//!
//! Always holds: one model, loaded at its first use and again in every new life of the worker, by itself. One place
//! knows in which life it was loaded.

use std::sync::Arc;

use engine::{EngineError, JobError, SpeechLoad};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_kit::Protocol;
use worker_kit::protocols::{
    Judge, JudgeOutput, JudgeRequest, Stt, SttOutput, SttRequest, Tts, TtsOutput, TtsRequest,
};

use crate::command::WorkerCommand;
use crate::events::Events;
use crate::status::{Life, Limits, WorkerGone, WorkerStatus};
use crate::supervisor::Supervisor;

/// Protocols with models that are loaded from [`SpeechLoad`].
pub(crate) trait Loads: Protocol {
    /// What a load is answered with.
    type Info: Clone + Send + Sync + 'static;
    fn load(load: SpeechLoad) -> Self::Request;
    fn info(output: Self::Output) -> Option<Self::Info>;
}

impl Loads for Stt {
    type Info = engine::RecogniserInfo;

    fn load(load: SpeechLoad) -> SttRequest {
        SttRequest::Load(load)
    }

    fn info(output: SttOutput) -> Option<Self::Info> {
        if let SttOutput::Loaded(info) = output { Some(info) } else { None }
    }
}

impl Loads for Tts {
    type Info = engine::SpeakerInfo;

    fn load(load: SpeechLoad) -> TtsRequest {
        TtsRequest::Load(load)
    }

    fn info(output: TtsOutput) -> Option<Self::Info> {
        if let TtsOutput::Loaded(info) = output { Some(info) } else { None }
    }
}

impl Loads for Judge {
    type Info = ();

    fn load(load: SpeechLoad) -> JudgeRequest {
        JudgeRequest::Load(load)
    }

    fn info(output: JudgeOutput) -> Option<()> {
        matches!(output, JudgeOutput::Loaded).then_some(())
    }
}

/// A worker and the model it holds. Clones speak to the same one; with the last the process ends.
pub(crate) struct Kept<P: Loads> {
    model: Arc<Model<P>>,
    /// Ends the task that follows the lives, and with it the process, with the last clone.
    alive: Arc<DropGuard>,
}

impl<P: Loads> Clone for Kept<P> {
    fn clone(&self) -> Self {
        Self { model: Arc::clone(&self.model), alive: Arc::clone(&self.alive) }
    }
}

struct Model<P: Loads> {
    supervisor: Supervisor<P>,
    load: SpeechLoad,
    // A mutex, because it is held while the model is loaded: whoever else needs the model waits for that load instead
    // of asking for another.
    held: Mutex<Option<(Life, P::Info)>>,
}

impl<P: Loads> Kept<P> {
    /// Starts nothing yet.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn new(command: WorkerCommand, limits: Limits, load: SpeechLoad) -> Self {
        let supervisor = Supervisor::new(command, limits);
        let model = Arc::new(Model { supervisor, load, held: Mutex::new(None) });
        let alive = CancellationToken::new();
        tokio::spawn(alive.clone().run_until_cancelled_owned(follow_lives(Arc::clone(&model))));
        Self { model, alive: Arc::new(alive.drop_guard()) }
    }

    pub(crate) fn supervisor(&self) -> &Supervisor<P> {
        &self.model.supervisor
    }

    pub(crate) fn status(&self) -> watch::Receiver<WorkerStatus> {
        self.model.supervisor.status()
    }

    /// Waits until the model is ready; loads it if need be.
    pub(crate) async fn ready(&self) -> Result<P::Info, EngineError> {
        self.model.ready().await
    }

    /// As [`ready`](Self::ready), but not longer than `cancel` allows. The load goes on for the next.
    pub(crate) async fn ready_unless(&self, cancel: &CancellationToken) -> Result<P::Info, EngineError> {
        let model = Arc::clone(&self.model);
        let load = tokio::spawn(async move { model.ready().await });
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(JobError::Cancelled.into()),
            loaded = load => loaded.unwrap_or_else(|_| Err(JobError::Cancelled.into())),
        }
    }

    /// The worker said that it holds no model, or died.
    pub(crate) async fn forget(&self) {
        *self.model.held.lock().await = None;
    }

    /// Ends the process, to give its memory back. The next use starts it again.
    pub(crate) async fn stop(&self) {
        let mut held = self.model.held.lock().await;
        *held = None;
        self.model.supervisor.stop().await;
    }

    /// Starts the process again after it died too often.
    pub(crate) async fn revive(&self) -> Result<(), EngineError> {
        Ok(self.model.supervisor.revive().await.map(drop)?)
    }
}

impl<P: Loads> Model<P> {
    async fn ready(&self) -> Result<P::Info, EngineError> {
        let mut held = self.held.lock().await;
        let status = self.supervisor.status();
        if let Some((life, info)) = &*held
            && status.borrow().life() == Some(*life)
        {
            return Ok(info.clone());
        }
        *held = None;
        let request = P::load(self.load.clone());
        let result = self.supervisor.call(request, Events::ignored(), CancellationToken::new()).await;
        let info = wanted(result, P::info)?;
        *held = status.borrow().life().map(|life| (life, info.clone()));
        Ok(info)
    }
}

/// Loads the model again whenever a life that held it is followed by another, so that the next utterance need not wait.
async fn follow_lives<P: Loads>(model: Arc<Model<P>>) {
    let mut status = model.supervisor.status();
    while status.changed().await.is_ok() {
        let life = status.borrow_and_update().life();
        let held = model.held.lock().await.as_ref().map(|(held, _)| *held);
        if life.is_some() && held.is_some() && held != life {
            // A failure is told to whoever needs the model next.
            let _ = model.ready().await;
        }
    }
}

/// The output that was asked for, or else the error in this result.
pub(crate) fn wanted<O, T>(
    result: Result<Result<O, JobError>, WorkerGone>,
    take: impl FnOnce(O) -> Option<T>,
) -> Result<T, EngineError> {
    let other = || JobError::Internal { reason: "The engine answered another question.".into() };
    Ok(take(result??).ok_or_else(other)?)
}
