//! What a running job sees of its host.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::beat::Pulse;
use crate::frame::{self, FrameError};
use crate::message::{JobId, Protocol, ToHost};
use crate::outbox::Outbox;

/// How long a wait for input lasts before the job shows that it is alive.
const WAIT: Duration = Duration::from_millis(250);

/// A piece of what is streamed into a job, from the reader thread.
pub(crate) enum Feed<I> {
    Input(I),
    /// No more input, or a cancellation, which must wake a job that waits for input.
    End,
}

/// What came of waiting for input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextInput<I> {
    /// The next piece.
    Input(I),
    /// Nothing more will come.
    End,
    /// Nothing came in time.
    TimedOut,
    /// The job is cancelled.
    Cancelled,
}

/// One job, on the thread that computes.
pub struct Job<P: Protocol> {
    emitter: Emitter<P>,
    inputs: Receiver<Feed<P::Input>>,
}

impl<P: Protocol> Job<P> {
    pub(crate) fn new(emitter: Emitter<P>, inputs: Receiver<Feed<P::Input>>) -> Self {
        Self { emitter, inputs }
    }

    /// Its name in this life of the worker.
    pub fn id(&self) -> JobId {
        self.emitter.job
    }

    /// Reports something. Waits while the host is slow to read; never waits once the host is gone.
    pub fn emit(&self, event: P::Event) {
        self.emitter.emit(event);
    }

    /// Shows that the job gets on. `emit`, `is_cancelled` and `next_input` do too, so a loop that looks at its
    /// cancellation needs nothing more.
    pub fn tick(&self) {
        self.emitter.tick();
    }

    /// Whether to stop: the host has asked for it or is gone.
    pub fn is_cancelled(&self) -> bool {
        self.emitter.is_cancelled()
    }

    /// The flag behind [`is_cancelled`](Self::is_cancelled), for the abort callback of a native library. Reading it
    /// shows no progress: such callbacks may be called by threads that still run when the computation is stuck.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.emitter.cancel)
    }

    /// Something to report and show progress with from a callback that must not borrow the job.
    pub fn emitter(&self) -> Emitter<P> {
        self.emitter.clone()
    }

    /// Runs `work`, which may show no progress for `limit`, such as opening a file of gigabytes. Progress made within
    /// starts the limit anew. Afterwards the limit is what it was before.
    pub fn quiet_for<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> T {
        let before = self.emitter.pulse.allow_quiet(Some(limit));
        self.emitter.beat();
        let result = work();
        self.emitter.pulse.allow_quiet(before);
        self.emitter.beat();
        result
    }

    /// Waits at most `timeout` for the next piece of input.
    pub fn next_input(&self, timeout: Duration) -> NextInput<P::Input> {
        let until = Instant::now() + timeout;
        loop {
            if self.is_cancelled() {
                return NextInput::Cancelled;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.inputs.recv_timeout(left.min(WAIT)) {
                Ok(Feed::Input(input)) => return NextInput::Input(input),
                Ok(Feed::End) | Err(RecvTimeoutError::Disconnected) => {
                    return if self.is_cancelled() { NextInput::Cancelled } else { NextInput::End };
                }
                Err(RecvTimeoutError::Timeout) if left <= WAIT => return NextInput::TimedOut,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// The reporting half of a [`Job`], for callbacks and other threads.
pub struct Emitter<P: Protocol> {
    pub(crate) job: JobId,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) cancel: Arc<AtomicBool>,
    /// The first event that could not be written as a frame. It fails the job: an event must not vanish.
    pub(crate) fault: Arc<OnceLock<FrameError>>,
    pub(crate) protocol: std::marker::PhantomData<fn() -> P>,
}

impl<P: Protocol> Clone for Emitter<P> {
    fn clone(&self) -> Self {
        Self {
            job: self.job,
            outbox: Arc::clone(&self.outbox),
            pulse: Arc::clone(&self.pulse),
            cancel: Arc::clone(&self.cancel),
            fault: Arc::clone(&self.fault),
            protocol: self.protocol,
        }
    }
}

impl<P: Protocol> Emitter<P> {
    /// As [`Job::emit`].
    pub fn emit(&self, event: P::Event) {
        self.tick();
        match frame::encode(&ToHost::<P>::Event { job: self.job, event }) {
            Ok(frame) => self.outbox.send(frame, &self.pulse),
            Err(error) => {
                tracing::error!(job = self.job.0, %error, "an event was lost");
                self.cancel.store(true, Ordering::Relaxed);
                // Only the first is kept.
                let _ = self.fault.set(error);
            }
        }
    }

    /// Tells the host at once what it may expect.
    fn beat(&self) {
        if let Some(Ok(beat)) = self.pulse.beat::<P>().map(|beat| frame::encode(&beat)) {
            self.outbox.send_urgent(beat);
        }
    }

    /// As [`Job::tick`].
    pub fn tick(&self) {
        self.pulse.tick();
    }

    /// As [`Job::is_cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.tick();
        self.cancel.load(Ordering::Relaxed) || self.pulse.host_is_gone()
    }
}
