//! The engine on this machine, through its worker process.

use std::sync::Arc;

use api::{LocalEngine, LocalStatus};
use async_trait::async_trait;
use engine::{
    EngineError, EventSink, GenerateRequest, Generated, LanguageModel, LoadProgress, LoadRequest, ModelInfo,
};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, LlmWorker, WorkerCommand, WorkerStatus, worker_program};

/// The language model's worker, shared by all conversations.
pub(crate) struct WorkerEngine {
    shared: Arc<Shared>,
    status: watch::Receiver<LocalStatus>,
}

struct Shared {
    worker: LlmWorker,
    /// Why there is no program to start, if there is none.
    missing: Option<EngineError>,
    // Which model the worker is to hold is set just before it is asked, so the two belong together: a conversation
    // with another model waits until this one is answered.
    turn: Mutex<()>,
}

impl WorkerEngine {
    /// The process starts with the first job.
    pub(crate) fn new() -> Self {
        let (program, missing) = match worker_program("worker-llm") {
            Ok(program) => (program, None),
            Err(error) => ("worker-llm".into(), Some(error)),
        };
        let worker = LlmWorker::new(WorkerCommand::new(program), Limits::default());
        let (told, status) = watch::channel(LocalStatus::Stopped);
        tokio::spawn(translate(worker.status(), told));
        Self { shared: Arc::new(Shared { worker, missing, turn: Mutex::new(()) }), status }
    }
}

async fn translate(mut from: watch::Receiver<WorkerStatus>, to: watch::Sender<LocalStatus>) {
    loop {
        let status = match &*from.borrow_and_update() {
            WorkerStatus::Stopped => LocalStatus::Stopped,
            WorkerStatus::Starting | WorkerStatus::Ready { .. } | WorkerStatus::Busy { .. } => {
                LocalStatus::Running
            }
            WorkerStatus::Restarting { reason } => LocalStatus::Restarting { reason: reason.clone() },
            WorkerStatus::Degraded { reason, crashes } => {
                let error = EngineError::Degraded { crashes: *crashes, reason: reason.clone() };
                LocalStatus::Degraded { reason: error.to_string() }
            }
            WorkerStatus::CannotStart { reason } => LocalStatus::Degraded {
                reason: EngineError::CannotStart { reason: reason.clone() }.to_string(),
            },
        };
        to.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
        if from.changed().await.is_err() {
            return;
        }
    }
}

#[async_trait]
impl LocalEngine for WorkerEngine {
    fn language_model(&self, load: LoadRequest) -> Arc<dyn LanguageModel> {
        Arc::new(BoundModel { shared: self.shared.clone(), load })
    }

    fn status(&self) -> watch::Receiver<LocalStatus> {
        self.status.clone()
    }

    fn revive(&self) {
        let worker = self.shared.worker.clone();
        // How it went is told by the status.
        tokio::spawn(async move { worker.revive().await });
    }

    async fn unload(&self) {
        // A worker that does not answer holds no memory for long: it is killed.
        let _ = self.shared.worker.unload().await;
    }
}

/// The worker with one certain model.
struct BoundModel {
    shared: Arc<Shared>,
    load: LoadRequest,
}

impl BoundModel {
    fn want(&self) -> Result<&LlmWorker, EngineError> {
        if let Some(missing) = &self.shared.missing {
            return Err(missing.clone());
        }
        self.shared.worker.set_model(Some(self.load.clone()));
        Ok(&self.shared.worker)
    }
}

#[async_trait]
impl LanguageModel for BoundModel {
    async fn ready(&self, progress: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        let _turn = self.shared.turn.lock().await;
        self.want()?.ready(progress).await
    }

    async fn prepare(
        &self,
        image: engine::Image,
        cancel: CancellationToken,
    ) -> Result<engine::Prepared, EngineError> {
        // Not held while the picture is looked at: a question goes before it.
        let worker = {
            let _turn = self.shared.turn.lock().await;
            self.want()?
        };
        worker.prepare(image, cancel).await
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Generated, EngineError> {
        let _turn = tokio::select! {
            turn = self.shared.turn.lock() => turn,
            () = cancel.cancelled() => return Err(engine::JobError::Cancelled.into()),
        };
        self.want()?.generate(request, events, cancel).await
    }
}
