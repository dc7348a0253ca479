//! What the parts of a link share: its clock, how they wake each other, and when it is over.

use crate::{ears::LinkEars, mouth::LinkMouth};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::{Duration, Instant},
};

/// What the rings from the callbacks to the ears hold. A reader that is later than this loses sound.
pub(crate) const HEARD: Duration = Duration::from_secs(2);

/// So long without a callback, and a stream has stalled.
pub(crate) const STALL: Duration = Duration::from_millis(1500);

/// Both ends of a link.
pub(crate) struct Link {
    pub(crate) ears: LinkEars,
    pub(crate) mouth: LinkMouth,
}

/// The steady clock of a link, in nanoseconds since it was opened: fits an atomic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Never 0, so that 0 can stand for "not yet".
    pub(crate) fn now(self) -> u64 {
        nanos(self.0.elapsed()).max(1)
    }
}

/// Saturates after 584 years.
pub(crate) fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// How long so many frames last.
pub(crate) fn nanos_of(frames: u64, rate: u32) -> u64 {
    frames * 1_000_000_000 / u64::from(rate.max(1))
}

/// Frames in so much time.
pub(crate) fn frames_of(length: Duration, rate: u32) -> usize {
    usize::try_from(nanos(length).saturating_mul(u64::from(rate)) / 1_000_000_000).unwrap_or(usize::MAX)
}

/// Wakes one thread. To wake is to unpark: it neither locks nor allocates, so callbacks may.
#[derive(Debug, Default)]
pub(crate) struct Waker(OnceLock<Thread>);

impl Waker {
    /// The calling thread is the one to wake; whether it is. The first to ask stays.
    pub(crate) fn wakes_me(&self) -> bool {
        let me = std::thread::current();
        self.0.get_or_init(|| me.clone()).id() == me.id()
    }

    pub(crate) fn wake(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }
}

/// What a stream's error callback does: it raises a flag, once, however often it is called.
#[derive(Debug, Default)]
pub(crate) struct Fault(AtomicBool);

impl Fault {
    pub(crate) fn raise(&self, watch: &Waker) {
        if !self.0.swap(true, Ordering::AcqRel) {
            watch.wake();
        }
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Held by both ends of a link; when both are dropped, the thread that owns the streams is told to end.
#[derive(Debug)]
pub(crate) struct Door {
    closed: Arc<AtomicBool>,
    watch: Arc<Waker>,
}

impl Door {
    /// The door, and the flag that is raised when it closes.
    pub(crate) fn new(watch: Arc<Waker>) -> (Self, Arc<AtomicBool>) {
        let closed = Arc::new(AtomicBool::new(false));
        (Self { closed: Arc::clone(&closed), watch }, closed)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        self.watch.wake();
    }
}
