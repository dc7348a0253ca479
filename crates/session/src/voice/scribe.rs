//! Writing down utterances: feeds a recogniser while somebody speaks.
//!
//! Always holds: at most one utterance is written down at a time; all of its sound is kept until it is closed, so that a
//! recogniser that dies costs time and no words.

use std::sync::Arc;

use engine::{
    EngineError, Hypothesis, Language, ListenRequest, Pcm, SoundIn, SpeechTask, SpeechToText, Transcript,
};
use media::{RATE, SamplePos};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use turn::{Text, Utt};

use super::happened::{Happened, Job, Out};

/// Pieces of sound that may wait for a recogniser: more than three minutes. One that is so far behind has failed.
const PIECES: usize = 4096;

/// Sound is handed over in pieces of 50 ms: a recogniser does nothing with less.
const PIECE: usize = RATE as usize / 20;

/// Hypotheses that may wait; a full queue makes the recogniser wait.
const WORDS: usize = 64;

/// A recogniser that died is asked once more about the same utterance.
const ATTEMPTS: u8 = 2;

pub(super) struct Scribe {
    recogniser: Arc<dyn SpeechToText>,
    language: Option<Language>,
    runtime: Handle,
    out: Out,
    open: Option<Open>,
}

struct Open {
    job: Job,
    /// Where its sound begins.
    begin: SamplePos,
    sound: Vec<f32>,
    /// Of the sound, what the running job was given.
    given: usize,
    settles: u32,
    feed: mpsc::Sender<SoundIn>,
    cancel: CancellationToken,
}

/// What became of a recogniser's job.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// It is of no interest any more, or was begun again.
    Passed,
    /// Its words cannot be had.
    Failed(Utt, EngineError),
}

impl Scribe {
    pub(super) fn new(
        recogniser: Arc<dyn SpeechToText>,
        language: Option<Language>,
        runtime: Handle,
        out: Out,
    ) -> Self {
        Self { recogniser, language, runtime, out, open: None }
    }

    pub(super) fn set_language(&mut self, language: Option<Language>) {
        self.language = language;
    }

    /// Begins with an utterance of which `sound` is there already; it begins at `begin`.
    pub(super) fn open(&mut self, utt: Utt, begin: SamplePos, sound: Vec<f32>) {
        self.stop();
        let job = Job { utt, attempt: 1 };
        let (feed, cancel) = self.listen(job);
        self.open = Some(Open { job, begin, sound, given: 0, settles: 0, feed, cancel });
        self.give(0);
    }

    /// More sound, whoever speaks.
    pub(super) fn hear(&mut self, sound: &[f32]) {
        if let Some(open) = &mut self.open {
            open.sound.extend_from_slice(sound);
            self.give(PIECE);
        }
    }

    /// Asks for the words so far; false when they cannot be had.
    pub(super) fn settle(&mut self, utt: Utt) -> bool {
        self.give(0);
        let Some(open) = self.open.as_mut().filter(|open| open.job.utt == utt) else { return false };
        open.settles += 1;
        // A feed that is closed has its job's end on the way, which decides what becomes of the utterance.
        !matches!(open.feed.try_send(SoundIn::Settle(open.settles)), Err(mpsc::error::TrySendError::Full(_)))
    }

    pub(super) fn close(&mut self, utt: Utt) {
        if self.open.as_ref().is_some_and(|open| open.job.utt == utt) {
            self.stop();
        }
    }

    fn stop(&mut self) {
        if let Some(open) = self.open.take() {
            open.cancel.cancel();
        }
    }

    /// Words that came, as the turn machine takes them; nothing if they are of no interest any more.
    pub(super) fn words(&self, job: Job, hypothesis: Hypothesis) -> Option<Text> {
        let open = self.open.as_ref().filter(|open| open.job == job)?;
        Some(Text {
            utt: job.utt,
            settled: hypothesis.settles.is_some_and(|settles| settles == open.settles),
            through: SamplePos(open.begin.0 + hypothesis.through),
            committed: hypothesis.committed,
            tentative: hypothesis.tentative,
        })
    }

    /// A job has ended. One whose engine died is begun again with all its sound.
    pub(super) fn ended(&mut self, job: Job, result: Result<Transcript, EngineError>) -> Ended {
        let Some(open) = self.open.as_ref().filter(|open| open.job == job) else { return Ended::Passed };
        let Err(error) = result else { return Ended::Passed };
        let settles = open.settles;
        if !matches!(error, EngineError::Gone { .. }) || job.attempt >= ATTEMPTS {
            self.stop();
            return Ended::Failed(job.utt, error);
        }
        let again = Job { attempt: job.attempt + 1, ..job };
        let (feed, cancel) = self.listen(again);
        if let Some(open) = &mut self.open {
            (open.job, open.feed, open.cancel, open.given) = (again, feed, cancel, 0);
        }
        self.give(0);
        if settles > 0
            && let Some(open) = &self.open
        {
            // The queue of a new job has room.
            let _ = open.feed.try_send(SoundIn::Settle(settles));
        }
        Ended::Passed
    }

    /// Hands over what the job was not given, when it is at least so much.
    fn give(&mut self, least: usize) {
        let Some(open) = &mut self.open else { return };
        let new = &open.sound[open.given..];
        if new.is_empty() || new.len() < least {
            return;
        }
        // A full queue keeps what is new for the next time; a closed one has its job's end on the way.
        if open.feed.try_send(SoundIn::Sound(Pcm(new.to_vec()))).is_ok() {
            open.given = open.sound.len();
        }
    }

    fn listen(&self, job: Job) -> (mpsc::Sender<SoundIn>, CancellationToken) {
        let (feed, sound) = mpsc::channel(PIECES);
        let (heard, mut words) = mpsc::channel::<Hypothesis>(WORDS);
        let cancel = CancellationToken::new();
        let request = ListenRequest {
            language: self.language.clone(),
            task: SpeechTask::Transcribe,
            word_times: false,
        };
        let (recogniser, out, stop) = (self.recogniser.clone(), self.out.clone(), cancel.clone());
        self.runtime.spawn(async move {
            let forward = async {
                while let Some(hypothesis) = words.recv().await {
                    // An error means that the conversation has ended.
                    let _ = out.send(Happened::Words { job, hypothesis }).await;
                }
            };
            let (result, ()) = tokio::join!(recogniser.listen(request, sound, heard, stop), forward);
            let _ = out.send(Happened::Listened { job, result }).await;
        });
        (feed, cancel)
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.stop();
    }
}
