//! Voices in their workers.
//!
//! Always holds: what was sent to `out` before a worker died was delivered; a unit of which nothing was heard yet is
//! spoken by the worker's next life, one that was begun ends with an error, because going on in its middle would be
//! heard. Sound waits in the caller's bounded channel; when it is full the worker waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use engine::{
    EngineError, JobError, Language, SpeakRequest, SpeakerInfo, SpeechChunk, SpeechLoad, Spoken, TextToSpeech,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest, WordPhonemes};

use crate::command::WorkerCommand;
use crate::events::Events;
use crate::kept::{Kept, wanted};
use crate::status::{Limits, WorkerGone, WorkerStatus};

/// A voice in its worker process, which is started and given its model at the first use. Clones speak to the same one;
/// with the last the process ends.
#[derive(Clone)]
pub struct SpeakWorker {
    kept: Kept<Tts>,
}

impl SpeakWorker {
    /// A voice with this model; for a voice without one its files are empty.
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

    /// Ends the process after the jobs that were asked before, to give its memory back; the next job starts it again.
    pub async fn stop(&self) {
        self.kept.stop().await;
    }

    /// Starts the process again after it died too often.
    pub async fn revive(&self) -> Result<(), EngineError> {
        self.kept.revive().await
    }

    /// How this is pronounced, if the voice can tell.
    ///
    /// # Errors
    /// See [`EngineError`]. When cancelled: [`JobError::Cancelled`].
    pub async fn phonemes(
        &self,
        text: String,
        language: Language,
        cancel: CancellationToken,
    ) -> Result<Vec<WordPhonemes>, EngineError> {
        let ask = || TtsRequest::Phonemes { text: text.clone(), language: language.clone() };
        let output = self.job(ask, Events::ignored, || false, &cancel).await;
        wanted(output?, |output| match output {
            TtsOutput::Phonemes(phonemes) => Some(phonemes),
            TtsOutput::Loaded(_) | TtsOutput::Spoken(_) => None,
        })
    }

    /// Speaks something whose pronunciation may be known.
    async fn say(
        &self,
        task: SpeakTask,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        let begun = Arc::new(AtomicBool::new(false));
        let events = || {
            let begun = Arc::clone(&begun);
            Events::mapped(out.clone(), move |chunk| {
                begun.store(true, Ordering::Relaxed);
                Some(chunk)
            })
        };
        let ask = || TtsRequest::Speak(task.clone());
        let output = self.job(ask, events, || begun.load(Ordering::Relaxed), &cancel).await;
        wanted(output?, |output| match output {
            TtsOutput::Spoken(spoken) => Some(spoken),
            TtsOutput::Loaded(_) | TtsOutput::Phonemes(_) => None,
        })
    }

    /// Does a job with the model ready; once more when the worker died of it or before it and it has not begun.
    async fn job(
        &self,
        ask: impl Fn() -> TtsRequest + Send + Sync,
        events: impl Fn() -> Events<SpeechChunk> + Send + Sync,
        has_begun: impl Fn() -> bool + Send + Sync,
        cancel: &CancellationToken,
    ) -> Result<Result<Result<TtsOutput, JobError>, WorkerGone>, EngineError> {
        let mut tries = 0..2;
        loop {
            tries.next();
            self.kept.ready_unless(cancel).await?;
            let result = self.kept.supervisor().call(ask(), events(), cancel.clone()).await;
            let lost = matches!(result, Err(WorkerGone::Died { .. }) | Ok(Err(JobError::NoModel)));
            if lost {
                self.kept.forget().await;
            }
            if !lost || tries.is_empty() || has_begun() {
                return Ok(result);
            }
        }
    }
}

#[async_trait]
impl TextToSpeech for SpeakWorker {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        self.kept.ready().await
    }

    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        self.say(SpeakTask { request, phonemes: None }, out, cancel).await
    }
}

/// A voice that reads phonemes, together with one that tells them.
#[derive(Clone)]
pub struct PhonemeVoice {
    /// Tells how words are pronounced.
    pub phonemes: SpeakWorker,
    /// Speaks.
    pub voice: SpeakWorker,
}

#[async_trait]
impl TextToSpeech for PhonemeVoice {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        let (phonemes, voice) = tokio::join!(self.phonemes.ready(), self.voice.ready());
        phonemes.and(voice)
    }

    /// Milliseconds count from the request, the phonemes among them.
    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        let begun = Instant::now();
        let (text, language) = (request.text.clone(), request.language.clone());
        let phonemes = self.phonemes.phonemes(text, language, cancel.clone()).await?;
        let waited = begun.elapsed().as_secs_f64() * 1e3;
        let spoken = self.voice.say(SpeakTask { request, phonemes: Some(phonemes) }, out, cancel).await?;
        Ok(Spoken {
            first_sound_ms: spoken.first_sound_ms + waited,
            compute_ms: spoken.compute_ms + waited,
            ..spoken
        })
    }
}
