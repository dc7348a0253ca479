//! Judging the ends of turns on a thread of its own (`hark-judge`), because a judgement takes some tens of milliseconds.

use std::path::PathBuf;
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Duration;

use dsp::{EndOfTurn, JudgeInput};
use media::SamplePos;
use tokio::sync::watch;
use turn::Utt;

use super::happened::{Happened, Out};

/// Threads for the network: on two cores a judgement takes 60 ms with two and 90 ms with one.
const THREADS: usize = 2;

/// Nobody waits longer for a judgement.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is to be judged.
struct Case {
    utt: Utt,
    pause: SamplePos,
    sound: JudgeInput,
}

/// The way to the judge. Without its model, or without a thread, nothing is ever judged, and pauses and words decide.
pub(super) struct Judge {
    cases: Option<std_mpsc::Sender<Case>>,
    at_work: Arc<watch::Sender<bool>>,
}

impl Judge {
    pub(super) fn new(model: Option<PathBuf>, out: Out) -> Self {
        let at_work = Arc::new(watch::Sender::new(false));
        let Some(model) = model else { return Self { cases: None, at_work } };
        let (cases, waiting) = std_mpsc::channel();
        let thread = std::thread::Builder::new().name("hark-judge".into());
        let busy = at_work.clone();
        let spawned = thread.spawn(move || {
            work(&model, &waiting, &out, &busy);
            busy.send_replace(false);
        });
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
                // The model could not be used, which was logged.
                self.at_work.send_replace(false);
            }
        }
    }
}

fn work(model: &std::path::Path, cases: &std_mpsc::Receiver<Case>, out: &Out, at_work: &watch::Sender<bool>) {
    let mut network = match EndOfTurn::load(model, THREADS) {
        Ok(network) => network,
        Err(error) => return tracing::warn!(%error, "the end of turns is not judged"),
    };
    while let Ok(mut case) = cases.recv() {
        // Only the newest pause is of interest.
        while let Ok(newer) = cases.try_recv() {
            case = newer;
        }
        let Case { utt, pause, sound } = case;
        at_work.send_replace(true);
        let judged = network.judge(&sound);
        at_work.send_replace(false);
        match judged {
            Ok(probability) => {
                if out.blocking_send(Happened::Judged { utt, pause, probability }).is_err() {
                    return;
                }
            }
            Err(error) => return tracing::warn!(%error, "the end of turns is no longer judged"),
        }
    }
}
