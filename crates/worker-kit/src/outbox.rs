//! Frames on their way to the host, and the thread that writes them.
//!
//! Always holds: only a job's events wait for room (that is the back-pressure of a slow host); the reader thread
//! never waits here, so a cancellation gets through however slow the host reads.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::beat::Pulse;
use crate::frame;
use crate::message::{Protocol, ToHost};

/// Events that may wait to be written; a job that makes more waits.
const EVENTS: usize = 64;
/// Pongs and hellos that may wait; a host that pings more without reading is not answered.
const URGENT: usize = 64;

/// How long a wait for room lasts before the job shows that it is alive.
const WAIT: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// What is queued is still written, then the writer ends.
    Finishing,
    /// The host is gone; everything is dropped.
    Abandoned,
}

#[derive(Debug)]
struct Queues {
    urgent: VecDeque<Vec<u8>>,
    events: VecDeque<Vec<u8>>,
    stage: Stage,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Outbox {
    // A mutex because three threads queue and one writes; held for a push or a pop, never while writing.
    queues: Mutex<Queues>,
    more: Condvar,
    room: Condvar,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        let queues = Queues { urgent: VecDeque::new(), events: VecDeque::new(), stage: Stage::Open };
        Self { queues: Mutex::new(queues), more: Condvar::new(), room: Condvar::new() }
    }

    /// Queues a frame in order behind the job's others; waits while [`EVENTS`] are queued.
    pub(crate) fn send(&self, frame: Vec<u8>, pulse: &Pulse) {
        let mut queues = self.locked();
        while queues.stage == Stage::Open && queues.events.len() >= EVENTS {
            // Waiting for a slow host is not hanging.
            pulse.tick();
            queues = self.room.wait_timeout(queues, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
        if queues.stage == Stage::Open {
            queues.events.push_back(frame);
            self.more.notify_one();
        }
    }

    /// Queues a frame ahead of all events, without ever waiting.
    pub(crate) fn send_urgent(&self, frame: Vec<u8>) {
        let mut queues = self.locked();
        if queues.stage == Stage::Open && queues.urgent.len() < URGENT {
            queues.urgent.push_back(frame);
            self.more.notify_one();
        }
    }

    /// Nothing more will be queued; the writer writes what there is and ends.
    pub(crate) fn finish(&self) {
        self.leave(Stage::Finishing);
    }

    /// The host is gone: the writer ends, and no job waits.
    pub(crate) fn abandon(&self) {
        self.leave(Stage::Abandoned);
    }

    fn leave(&self, stage: Stage) {
        let mut queues = self.locked();
        if queues.stage != Stage::Abandoned {
            queues.stage = stage;
        }
        self.more.notify_all();
        self.room.notify_all();
    }

    /// Writes until finished or abandoned, a beat every `every` while a job runs.
    ///
    /// # Errors
    /// The host no longer reads.
    pub(crate) fn write_all<P: Protocol>(
        &self,
        writer: &mut impl Write,
        pulse: &Pulse,
        every: Duration,
    ) -> Result<(), frame::FrameError> {
        let mut beat_at = Instant::now() + every;
        loop {
            if Instant::now() >= beat_at {
                beat_at = Instant::now() + every;
                if let Some(beat) = pulse.beat::<P>() {
                    frame::write::<_, ToHost<P>>(writer, &beat)?;
                }
            }
            let mut queues = self.locked();
            if queues.stage == Stage::Abandoned {
                return Ok(());
            }
            let next = queues.urgent.pop_front().or_else(|| queues.events.pop_front());
            match next {
                Some(frame) => {
                    self.room.notify_one();
                    drop(queues);
                    writer.write_all(&frame)?;
                    writer.flush()?;
                }
                None if queues.stage == Stage::Finishing => return Ok(()),
                None => {
                    let until = beat_at.saturating_duration_since(Instant::now());
                    drop(self.more.wait_timeout(queues, until).unwrap_or_else(PoisonError::into_inner));
                }
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
