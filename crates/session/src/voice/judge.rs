//! Judging the ends of turns on a thread of its own (`hark-judge`), because a judgement takes some tens of milliseconds.

use std::path::PathBuf;
use std::sync::mpsc as std_mpsc;

use dsp::{EndOfTurn, JudgeInput};
use media::SamplePos;
use turn::Utt;

use super::happened::{Happened, Out};

/// Threads for the network: the recogniser and the model work at the same time.
const THREADS: usize = 1;

/// What is to be judged.
struct Case {
    utt: Utt,
    pause: SamplePos,
    sound: JudgeInput,
}

/// The way to the judge. Without its model, or without a thread, nothing is ever judged, and pauses and words decide.
pub(super) struct Judge(Option<std_mpsc::Sender<Case>>);

impl Judge {
    pub(super) fn new(model: Option<PathBuf>, out: Out) -> Self {
        let Some(model) = model else { return Self(None) };
        let (cases, waiting) = std_mpsc::channel();
        let thread = std::thread::Builder::new().name("hark-judge".into());
        let spawned = thread.spawn(move || work(&model, &waiting, &out));
        Self(spawned.is_ok().then_some(cases))
    }

    pub(super) fn judge(&self, utt: Utt, pause: SamplePos, sound: JudgeInput) {
        if let Some(cases) = &self.0 {
            // An error means that the model could not be used, which was logged.
            let _ = cases.send(Case { utt, pause, sound });
        }
    }
}

fn work(model: &std::path::Path, cases: &std_mpsc::Receiver<Case>, out: &Out) {
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
        match network.judge(&sound) {
            Ok(probability) => {
                if out.blocking_send(Happened::Judged { utt, pause, probability }).is_err() {
                    return;
                }
            }
            Err(error) => return tracing::warn!(%error, "the end of turns is no longer judged"),
        }
    }
}
