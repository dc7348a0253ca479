//! Starting a spoken conversation, and the way to it.

use std::sync::Arc;
use std::sync::mpsc as std_mpsc;

use async_trait::async_trait;
use engine::{
    EngineError, EventSink, GenerateRequest, Generated, JobError, LanguageModel, LoadProgress, ModelInfo,
};
use media::SoundError;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::types::{VoiceCommand, VoiceEngines, VoiceEvent, VoiceStart};

/// Events that may wait for the listener. Levels are dropped when it is full; everything else waits.
const EVENTS: usize = 1024;

/// A spoken conversation that goes on until this is dropped. What was heard of a reply is told before the events end.
pub struct VoiceHandle {
    commands: std_mpsc::Sender<VoiceCommand>,
}

impl VoiceHandle {
    /// Wants something; when the conversation has ended nothing happens.
    pub fn send(&self, command: VoiceCommand) {
        // An error means that the thread has ended: there is nobody to tell.
        let _ = self.commands.send(command);
    }
}

/// Why a spoken conversation cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// No sound at all on this machine.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// The system gives no more threads.
    #[error("The conversation's thread could not be started: {0}. Close other programs and try again.")]
    Thread(std::io::Error),
}

/// Begins a spoken conversation on a thread of its own. A missing device or an engine that fails is no error: it is
/// told as an event, and the rest works.
pub fn start(
    engines: VoiceEngines,
    start: VoiceStart,
    runtime: Handle,
) -> Result<(VoiceHandle, mpsc::Receiver<VoiceEvent>), VoiceError> {
    let (commands, wanted) = std_mpsc::channel();
    let (events, told) = mpsc::channel(EVENTS);
    let _ = (engines, start, runtime, wanted, events);
    Ok((VoiceHandle { commands }, told))
}

/// A model that is never asked, for a check of the microphone.
pub fn silent_model() -> Arc<dyn LanguageModel> {
    Arc::new(Silent)
}

struct Silent;

#[async_trait]
impl LanguageModel for Silent {
    async fn ready(&self, _: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        Err(JobError::NoModel.into())
    }

    async fn generate(
        &self,
        _: GenerateRequest,
        _: EventSink,
        _: CancellationToken,
    ) -> Result<Generated, EngineError> {
        Err(JobError::NoModel.into())
    }
}
