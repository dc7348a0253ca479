//! What the heartbeat is made from: which job runs, how far it is, and how long it may be quiet.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::message::{JobId, Protocol, ToHost};

/// Written by the thread that computes, read by the thread that writes. The values are independent of each other, so
/// relaxed order is enough.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// The running job; 0 for none.
    running: AtomicU64,
    progress: AtomicU64,
    /// 0 for the host's default.
    quiet_ms: AtomicU32,
    /// The host is gone: nothing that is computed will reach anyone.
    host_gone: AtomicBool,
}

impl Pulse {
    pub(crate) fn begin(&self, job: JobId) {
        self.quiet_ms.store(0, Ordering::Relaxed);
        self.tick();
        self.running.store(job.0, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.running.store(0, Ordering::Relaxed);
    }

    pub(crate) fn tick(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// Allows quiet for `limit`, or the host's default, and returns what was allowed before.
    pub(crate) fn allow_quiet(&self, limit: Option<Duration>) -> Option<Duration> {
        let millis = limit.map_or(0, |limit| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        self.tick();
        allowed(self.quiet_ms.swap(millis, Ordering::Relaxed)).map(|ms| Duration::from_millis(ms.into()))
    }

    pub(crate) fn host_is_gone(&self) -> bool {
        self.host_gone.load(Ordering::Relaxed)
    }

    pub(crate) fn lose_host(&self) {
        self.host_gone.store(true, Ordering::Relaxed);
    }

    /// The beat to send now; `None` while no job runs.
    pub(crate) fn beat<P: Protocol>(&self) -> Option<ToHost<P>> {
        let job = JobId(self.running.load(Ordering::Relaxed));
        (job.0 != 0).then(|| ToHost::Beat {
            job,
            progress: self.progress.load(Ordering::Relaxed),
            quiet_ms: allowed(self.quiet_ms.load(Ordering::Relaxed)),
        })
    }
}

fn allowed(millis: u32) -> Option<u32> {
    (millis != 0).then_some(millis)
}
