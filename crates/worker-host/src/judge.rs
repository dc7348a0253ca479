//! A judge of turns in its worker.

use async_trait::async_trait;
use engine::{EngineError, JobError, Spectrogram, SpeechLoad, TurnJudge};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker_kit::protocols::{Judge, JudgeOutput, JudgeRequest};

use crate::command::WorkerCommand;
use crate::events::Events;
use crate::kept::{Kept, wanted};
use crate::status::{Limits, WorkerGone, WorkerStatus};

/// A judge of turns in its worker process, which is started and given its model at the first use. Clones speak to the same
/// one; with the last the process ends.
#[derive(Clone)]
pub struct JudgeWorker {
    kept: Kept<Judge>,
}

impl JudgeWorker {
    /// A judge with this model.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(command: WorkerCommand, limits: Limits, load: SpeechLoad) -> Self {
        Self { kept: Kept::new(command, limits, load) }
    }

    /// How the process is, now and from now on.
    pub fn status(&self) -> watch::Receiver<WorkerStatus> {
        self.kept.status()
    }
}

#[async_trait]
impl TurnJudge for JudgeWorker {
    async fn ready(&self) -> Result<(), EngineError> {
        self.kept.ready().await
    }

    /// Asked once: by the time a worker that died is back, the turn is over without it.
    async fn judge(&self, voice: Spectrogram) -> Result<f32, EngineError> {
        self.kept.ready().await?;
        let request = JudgeRequest::Judge(voice);
        let result = self.kept.supervisor().call(request, Events::ignored(), CancellationToken::new()).await;
        if matches!(result, Err(WorkerGone::Died { .. }) | Ok(Err(JobError::NoModel))) {
            self.kept.forget().await;
        }
        wanted(result, |output| match output {
            JudgeOutput::Judged(probability) => Some(probability),
            JudgeOutput::Loaded => None,
        })
    }
}
