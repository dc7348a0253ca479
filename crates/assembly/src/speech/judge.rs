//! A judge of turns in this process, for machines without ONNX Runtime: it takes twice as long as the one in a worker.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use dsp::EndOfTurn;
use engine::{EngineError, JobError, Pcm, Spectrogram, TurnJudge};

/// Threads for the network: on two cores a judgement takes 60 ms with two and 90 ms with one.
const THREADS: usize = 2;

/// The network, loaded at its first use. It computes on the thread that asks.
pub(super) struct JudgeHere {
    file: PathBuf,
    // A mutex because the network keeps its buffers; one conversation asks, one question at a time.
    network: Mutex<Option<EndOfTurn>>,
}

impl JudgeHere {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, network: Mutex::default() }
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut EndOfTurn) -> Result<T, dsp::ModelError>,
    ) -> Result<T, EngineError> {
        let mut held = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: dsp::ModelError| JobError::BadModel { reason: error.to_string() };
        let network = match &mut *held {
            Some(network) => network,
            none => none.insert(EndOfTurn::load(&self.file, THREADS).map_err(failed)?),
        };
        Ok(work(network).map_err(failed)?)
    }
}

#[async_trait]
impl TurnJudge for JudgeHere {
    async fn ready(&self) -> Result<(), EngineError> {
        self.with(|_| Ok(()))
    }

    async fn judge(&self, voice: Spectrogram) -> Result<f32, EngineError> {
        let Spectrogram(Pcm(voice)) = voice;
        Ok(self.with(|network| network.judge_spectrogram(voice))?.get())
    }
}
