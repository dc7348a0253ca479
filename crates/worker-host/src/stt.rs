//! A recogniser in its worker.
//!
//! Always holds: what was spoken is not lost silently. Sound waits in bounded channels, in front of a worker that is slow
//! or still loads; nothing is dropped when they are full, whoever sends waits. When the worker dies in the middle of an
//! utterance, the sound so far is played again to its next life, once, and the utterance goes on; only one longer than
//! [`REPLAYED`] ends with an error. Committed words of the first life may then come a little different.

use std::collections::VecDeque;
use std::convert::Infallible;

use async_trait::async_trait;
use engine::{
    EngineError, Hypothesis, JobError, ListenRequest, Pcm, RecogniserInfo, SPEECH_RATE, SoundIn, SpeechLoad,
    SpeechToText, Transcript,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use worker_kit::protocols::{Stt, SttOutput, SttRequest};

use crate::command::WorkerCommand;
use crate::kept::{Kept, wanted};
use crate::status::{Limits, WorkerGone, WorkerStatus};

/// Pieces of sound on their way to the worker; a full channel makes the sender wait.
const PIECES: usize = 64;

/// Samples that are kept to be played again to a worker's next life: two minutes, 8 MB.
pub const REPLAYED: usize = 120 * SPEECH_RATE as usize;

/// A recogniser in its worker process, which is started and given its model at the first use. Clones speak to the same
/// one; with the last the process ends.
#[derive(Clone)]
pub struct SttWorker {
    kept: Kept<Stt>,
}

impl SttWorker {
    /// A recogniser with this model.
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
}

#[async_trait]
impl SpeechToText for SttWorker {
    async fn ready(&self) -> Result<RecogniserInfo, EngineError> {
        self.kept.ready().await
    }

    async fn listen(
        &self,
        request: ListenRequest,
        sound: mpsc::Receiver<SoundIn>,
        heard: mpsc::Sender<Hypothesis>,
        cancel: CancellationToken,
    ) -> Result<Transcript, EngineError> {
        let mut spoken = Spoken::new(sound);
        let mut tries = 0..2;
        loop {
            tries.next();
            self.kept.ready_unless(&cancel).await?;
            let result = self.attempt(request.clone(), &mut spoken, heard.clone(), cancel.clone()).await;
            let lost = matches!(result, Err(WorkerGone::Died { .. }) | Ok(Err(JobError::NoModel)));
            if lost {
                self.kept.forget().await;
            }
            if !lost || tries.is_empty() || !spoken.is_whole() {
                return wanted(result, |output| match output {
                    SttOutput::Heard(transcript) => Some(transcript),
                    SttOutput::Loaded(_) => None,
                });
            }
        }
    }
}

impl SttWorker {
    /// One job, over what was spoken before and what comes.
    async fn attempt(
        &self,
        request: ListenRequest,
        spoken: &mut Spoken,
        heard: mpsc::Sender<Hypothesis>,
        cancel: CancellationToken,
    ) -> Result<Result<SttOutput, JobError>, WorkerGone> {
        let (feed, inputs) = mpsc::channel(PIECES);
        let request = SttRequest::Listen(request);
        let call = self.kept.supervisor().call_with_input(request, inputs, heard, cancel);
        tokio::select! {
            biased;
            result = call => result,
            never = spoken.play(feed) => match never {},
        }
    }
}

/// What comes from the microphone, and what came.
struct Spoken {
    coming: mpsc::Receiver<SoundIn>,
    /// Of this utterance; without its beginning once that is more than [`REPLAYED`].
    came: VecDeque<SoundIn>,
    samples: usize,
}

impl Spoken {
    fn new(coming: mpsc::Receiver<SoundIn>) -> Self {
        Self { coming, came: VecDeque::new(), samples: 0 }
    }

    /// Whether all that came can be played again.
    fn is_whole(&self) -> bool {
        self.samples <= REPLAYED
    }

    /// Plays what came, then passes on what comes, and ends with it: the feed, not this future.
    async fn play(&mut self, feed: mpsc::Sender<SoundIn>) -> Infallible {
        for piece in self.again() {
            // A worker that takes no more has ended, which the call tells.
            let _ = feed.send(piece).await;
        }
        while let Some(piece) = self.coming.recv().await {
            self.keep(&piece);
            let _ = feed.send(piece).await;
        }
        drop(feed);
        std::future::pending().await
    }

    /// All sound, and of the questions the last: the others were answered, or nobody waits for them any more.
    fn again(&self) -> Vec<SoundIn> {
        let last = self.came.iter().rposition(|piece| matches!(piece, SoundIn::Settle(_)));
        let pieces = self.came.iter().enumerate();
        pieces
            .filter(|(at, piece)| matches!(piece, SoundIn::Sound(_)) || Some(*at) == last)
            .map(|(_, piece)| piece.clone())
            .collect()
    }

    fn keep(&mut self, piece: &SoundIn) {
        if let SoundIn::Sound(Pcm(sound)) = piece {
            self.samples += sound.len();
        }
        if self.is_whole() {
            self.came.push_back(piece.clone());
        } else {
            self.came.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(samples: usize) -> SoundIn {
        SoundIn::Sound(Pcm(vec![0.5; samples]))
    }

    fn spoken(pieces: &[SoundIn]) -> Spoken {
        let mut spoken = Spoken::new(mpsc::channel(1).1);
        for piece in pieces {
            spoken.keep(piece);
        }
        spoken
    }

    #[test]
    fn sound_is_played_again_with_the_last_question() {
        let spoken = spoken(&[sound(1), SoundIn::Settle(1), sound(2), SoundIn::Settle(2), sound(3)]);
        assert_eq!(spoken.again(), [sound(1), sound(2), SoundIn::Settle(2), sound(3)]);
    }

    #[test]
    fn only_a_whole_utterance_is_played_again() {
        assert!(spoken(&[sound(REPLAYED)]).is_whole());
        let long = spoken(&[sound(REPLAYED), sound(1), sound(1)]);
        assert!(!long.is_whole() && long.came.is_empty());
    }
}
