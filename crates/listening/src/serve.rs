//! One utterance over the wire: the job's thread reads and decides, another one runs the passes, so that a pass can be
//! broken off the moment somebody waits for more than it is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use engine::{JobError, ListenRequest, Pcm, SoundIn, Transcript};
use worker_kit::protocols::Stt;
use worker_kit::{Job, NextInput};

use crate::utterance::{Next, Order, Utterance};
use crate::{PassText, Recogniser};

/// While a pass runs the input is looked at, and then the pass, every 2 ms: this is what an answer may come late.
const LOOK: Duration = Duration::from_millis(2);
/// While none runs only input matters; the wait is longer than any, and shows life by itself.
const IDLE: Duration = Duration::from_mins(1);
/// After so long without a result no more progress is shown: if the engine hangs, the host shall notice.
const HANGS: Duration = Duration::from_secs(30);

/// Listens to one utterance: reports hypotheses while sound comes in, and returns when all is said.
///
/// # Errors
/// [`JobError::Cancelled`], or why the recogniser failed.
pub fn serve_job(
    job: &Job<Stt>,
    recogniser: &mut impl Recogniser,
    request: &ListenRequest,
) -> Result<Transcript, JobError> {
    recogniser.begin(request)?;
    let abort = AtomicBool::new(false);
    // When all is said and when it is cancelled, the thread is waited for, which may be in the middle of a long step.
    job.quiet_for(HANGS, || {
        thread::scope(|scope| {
            let (orders, sounds) = mpsc::channel();
            let (results, passes) = mpsc::channel();
            let abort = &abort;
            thread::Builder::new()
                .name("passes".into())
                .spawn_scoped(scope, move || run_passes(recogniser, &sounds, &results, abort))
                .map_err(|error| JobError::Internal {
                    reason: format!("A thread cannot be started ({error}). Close some programs."),
                })?;
            // `orders` goes with the listening, and the thread with it.
            let listening = Listening {
                job,
                utterance: Utterance::new(request.clone()),
                orders,
                passes,
                abort,
                running: None,
            };
            listening.run()
        })
    })
}

struct Pass {
    text: Result<PassText, JobError>,
    took: Duration,
}

fn run_passes(
    recogniser: &mut impl Recogniser,
    sounds: &Receiver<Vec<f32>>,
    results: &Sender<Pass>,
    abort: &AtomicBool,
) {
    for sound in sounds {
        let began = Instant::now();
        let text = recogniser.pass(&sound, abort);
        if results.send(Pass { text, took: began.elapsed() }).is_err() {
            return;
        }
    }
}

struct Listening<'a> {
    job: &'a Job<Stt>,
    utterance: Utterance,
    orders: Sender<Vec<f32>>,
    passes: Receiver<Pass>,
    abort: &'a AtomicBool,
    running: Option<(Order, Instant)>,
}

impl Listening<'_> {
    fn run(mut self) -> Result<Transcript, JobError> {
        let ended = self.until_done();
        // A pass that still runs is for nobody.
        self.abort.store(true, Ordering::Relaxed);
        ended.map(|()| self.utterance.transcript())
    }

    fn until_done(&mut self) -> Result<(), JobError> {
        let mut input = Some(Duration::ZERO);
        loop {
            if let Some(wait) = input {
                match self.job.next_input(wait) {
                    NextInput::Input(SoundIn::Sound(Pcm(sound))) => self.utterance.hear(&sound),
                    NextInput::Input(SoundIn::Settle(number)) => self.utterance.settle(number),
                    NextInput::End => {
                        self.utterance.end();
                        input = None;
                    }
                    NextInput::Cancelled => return Err(JobError::Cancelled),
                    NextInput::TimedOut => {
                        if self.act()? == Stage::Done {
                            return Ok(());
                        }
                        input = Some(if self.running.is_some() { LOOK } else { IDLE });
                        continue;
                    }
                }
                // All that has come is taken before anything is run over it.
                input = input.map(|_| Duration::ZERO);
                continue;
            }
            if self.job.is_cancelled() {
                return Err(JobError::Cancelled);
            }
            if self.act()? == Stage::Done {
                return Ok(());
            }
        }
    }

    /// Takes what a pass told, breaks off one that is too little, begins the next.
    fn act(&mut self) -> Result<Stage, JobError> {
        self.look_at_pass()?;
        while let Some(answer) = self.utterance.answer() {
            self.job.emit(answer);
        }
        if let Some((order, _)) = &self.running {
            if self.utterance.is_lesser(order) {
                self.abort.store(true, Ordering::Relaxed);
            }
            return Ok(Stage::Listening);
        }
        match self.utterance.next_step() {
            Next::Run(order) => {
                self.abort.store(false, Ordering::Relaxed);
                let sound = self.utterance.sound()[..order.samples].to_vec();
                self.orders.send(sound).map_err(|_| gone())?;
                self.running = Some((order, Instant::now()));
                Ok(Stage::Listening)
            }
            Next::Wait => Ok(Stage::Listening),
            Next::Done => Ok(Stage::Done),
        }
    }

    fn look_at_pass(&mut self) -> Result<(), JobError> {
        let Some((order, began)) = self.running else { return Ok(()) };
        let told = if began.elapsed() > HANGS {
            self.passes.recv().map_err(|_| gone())?
        } else {
            match self.passes.recv_timeout(LOOK) {
                Ok(told) => told,
                Err(mpsc::RecvTimeoutError::Timeout) => return Ok(()),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        };
        self.running = None;
        if self.abort.load(Ordering::Relaxed) {
            self.utterance.broken_off(told.took);
        } else {
            let hypothesis = self.utterance.take(&order, told.text?, told.took);
            self.job.emit(hypothesis);
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Stage {
    Listening,
    Done,
}

/// The thread of passes panicked; the scope passes its panic on.
fn gone() -> JobError {
    JobError::Internal { reason: "The recogniser failed and starts anew. Say it again.".into() }
}
