//! Engines that hear and speak what a test tells them to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use engine::{
    EngineError, Hypothesis, ListenRequest, Pcm, RecogniserInfo, SoundIn, SpeakRequest, SpeakerInfo,
    SpeechChunk, SpeechToText, Spoken, TextToSpeech, Transcript, WordMark,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Samples that a word takes when it is spoken: 0.2 s at the voice's rate.
pub(super) const WORD: u64 = 3200;

pub(super) const VOICE_RATE: u32 = 16_000;

/// Hears what the user is made to say, whatever the sound is.
#[derive(Default)]
pub(super) struct Ear {
    pub(super) words: Mutex<String>,
    pub(super) dies: AtomicBool,
}

#[async_trait]
impl SpeechToText for Ear {
    async fn ready(&self) -> Result<RecogniserInfo, EngineError> {
        Ok(RecogniserInfo { name: "Script".into(), languages: Vec::new(), translates: false, load_ms: 0.0 })
    }

    async fn listen(
        &self,
        _: ListenRequest,
        mut sound: mpsc::Receiver<SoundIn>,
        heard: mpsc::Sender<Hypothesis>,
        cancel: CancellationToken,
    ) -> Result<Transcript, EngineError> {
        let mut through = 0;
        loop {
            let next = tokio::select! {
                next = sound.recv() => next,
                () = cancel.cancelled() => return Err(engine::JobError::Cancelled.into()),
            };
            match next {
                Some(SoundIn::Sound(Pcm(samples))) => through += samples.len() as u64,
                Some(SoundIn::Settle(_)) if self.dies.swap(false, Ordering::Relaxed) => {
                    return Err(EngineError::Gone { reason: "signal 9".into() });
                }
                Some(SoundIn::Settle(number)) => {
                    let hypothesis = Hypothesis {
                        committed: self.words.lock().unwrap().clone(),
                        through,
                        settles: Some(number),
                        ..Hypothesis::default()
                    };
                    let _ = heard.send(hypothesis).await;
                }
                None => return Ok(Transcript::default()),
            }
        }
    }
}

/// Speaks every word in the same time.
#[derive(Default)]
pub(super) struct Throat {
    pub(super) fails: AtomicBool,
}

#[async_trait]
impl TextToSpeech for Throat {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        Ok(SpeakerInfo { name: "Script".into(), rate: VOICE_RATE, voices: Vec::new(), load_ms: 0.0 })
    }

    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        _: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(EngineError::CannotStart { reason: "There is no voice.".into() });
        }
        let mut samples = 0;
        let mut from = 0;
        for word in request.text.split_inclusive(' ') {
            let mark = WordMark { text: from..from + word.trim_end().len(), at: samples };
            from += word.len();
            samples += WORD;
            let pcm = Pcm(vec![0.1; usize::try_from(WORD).unwrap()]);
            let _ = out.send(SpeechChunk { pcm, marks: vec![mark] }).await;
        }
        Ok(Spoken { samples, ..Spoken::default() })
    }
}
