//! Judging the ends of turns, apart from the conversation's thread (`hark-judge`), because a judgement takes some tens of
//! milliseconds.

use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Duration;

use dsp::{JudgeInput, LogMel};
use engine::{Pcm, Spectrogram, TurnJudge};
use media::{Probability, SamplePos};
use tokio::runtime::Handle;
use tokio::sync::watch;
use turn::Utt;

use super::happened::{Happened, Out};

/// Nobody waits longer for a judgement.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is to be judged.
struct Case {
    utt: Utt,
    pause: SamplePos,
    sound: JudgeInput,
}

/// The way to the judge. Without one, or without a thread, nothing is ever judged, and pauses and words decide.
pub(super) struct Judge {
    cases: Option<std_mpsc::Sender<Case>>,
    at_work: Arc<watch::Sender<bool>>,
}

/// The thread's side.
struct Bench {
    judge: Arc<dyn TurnJudge>,
    runtime: Handle,
    mel: LogMel,
    at_work: Arc<watch::Sender<bool>>,
    out: Out,
}

impl Judge {
    pub(super) fn new(judge: Option<Arc<dyn TurnJudge>>, runtime: &Handle, out: &Out) -> Self {
        let at_work = Arc::new(watch::Sender::new(false));
        let Some(judge) = judge else { return Self { cases: None, at_work } };
        let (cases, waiting) = std_mpsc::channel();
        let thread = std::thread::Builder::new().name("hark-judge".into());
        let mut bench = Bench {
            judge,
            runtime: runtime.clone(),
            mel: LogMel::default(),
            at_work: at_work.clone(),
            out: out.clone(),
        };
        let spawned = thread.spawn(move || bench.sit(&waiting));
        Self { cases: spawned.is_ok().then_some(cases), at_work }
    }

    /// When nothing is being judged, or soon. A model that begins to read meanwhile would share its cores, and its
    /// threads wait for one another at every layer: on two cores both take twice as long, and the first token comes
    /// later than if it had waited.
    pub(super) fn rests(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut at_work = self.at_work.subscribe();
        async move {
            if !*at_work.borrow() {
                return;
            }
            // An error means that the conversation is over.
            let _ = tokio::time::timeout(PATIENCE, at_work.wait_for(|at_work| !at_work)).await;
        }
    }

    pub(super) fn judge(&self, utt: Utt, pause: SamplePos, sound: JudgeInput) {
        if let Some(cases) = &self.cases {
            // Before the case is there: it may be judged before this goes on.
            self.at_work.send_replace(true);
            if cases.send(Case { utt, pause, sound }).is_err() {
                // The conversation is over.
                self.at_work.send_replace(false);
            }
        }
    }
}

impl Bench {
    fn sit(&mut self, cases: &std_mpsc::Receiver<Case>) {
        while let Ok(mut case) = cases.recv() {
            // Only the newest pause is of interest.
            while let Ok(newer) = cases.try_recv() {
                case = newer;
            }
            let Case { utt, pause, sound } = case;
            self.at_work.send_replace(true);
            let voice = Spectrogram(Pcm(sound.spectrogram(&mut self.mel)));
            let judged = self.runtime.block_on(self.judge.judge(voice));
            self.at_work.send_replace(false);
            match judged {
                Ok(judged) => {
                    let probability = Probability::new(judged);
                    let told = Happened::Judged { utt, pause, probability };
                    if self.out.blocking_send(told).is_err() {
                        return;
                    }
                }
                // The next pause is another chance; meanwhile pauses and words decide.
                Err(error) => tracing::warn!(%error, "the end of a turn was not judged"),
            }
        }
    }
}
