//! Speech for conversations in which everything is typed: nothing is heard, and replies are only read.

use std::sync::Arc;

use async_trait::async_trait;
use engine::{
    EngineError, Hypothesis, JobError, ListenRequest, RecogniserInfo, SPEECH_RATE, SoundIn, SpeakRequest,
    SpeakerInfo, SpeechChunk, SpeechToText, Spoken, TextToSpeech, Transcript,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Card;

/// The parts of such a conversation.
pub fn parts(card: Arc<Card>) -> api::SpokenParts {
    api::SpokenParts {
        card,
        recogniser: Arc::new(Mute),
        voice: Arc::new(Mute),
        judge: None,
        voice_activity: None,
    }
}

struct Mute;

#[async_trait]
impl SpeechToText for Mute {
    async fn ready(&self) -> Result<RecogniserInfo, EngineError> {
        Ok(RecogniserInfo { name: String::new(), languages: Vec::new(), translates: false, load_ms: 0.0 })
    }

    async fn listen(
        &self,
        _: ListenRequest,
        _: mpsc::Receiver<SoundIn>,
        _: mpsc::Sender<Hypothesis>,
        _: CancellationToken,
    ) -> Result<Transcript, EngineError> {
        Err(JobError::NoModel.into())
    }
}

#[async_trait]
impl TextToSpeech for Mute {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        Ok(SpeakerInfo { name: String::new(), rate: SPEECH_RATE, voices: Vec::new(), load_ms: 0.0 })
    }

    async fn speak(
        &self,
        _: SpeakRequest,
        _: mpsc::Sender<SpeechChunk>,
        _: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        Err(JobError::NoModel.into())
    }
}
