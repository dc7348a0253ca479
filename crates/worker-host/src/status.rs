//! What can be said about a worker, and the limits it is held to.

use std::sync::Arc;
use std::time::Duration;

use engine::EngineError;
use worker_kit::WorkerHello;

/// Counts the processes a supervisor has had, from 1. What was told to one life is unknown to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life(pub u64);

/// How a worker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerStatus {
    /// Not running; started by the next job.
    Stopped,
    /// Starting, not yet greeted.
    Starting,
    /// Idle.
    Ready {
        /// Which process.
        life: Life,
        /// How it presented itself.
        hello: Arc<WorkerHello>,
    },
    /// Doing a job.
    Busy {
        /// Which process.
        life: Life,
    },
    /// It died and comes back by itself.
    Restarting {
        /// How it ended.
        reason: String,
    },
    /// It died too often and stays down until [`revive`](crate::Supervisor::revive).
    Degraded {
        /// How it ended the last time.
        reason: String,
        /// Deaths within the budget's window.
        crashes: u32,
    },
    /// Its program cannot be started or is of another version; tried again by the next job.
    CannotStart {
        /// What happened and what to do.
        reason: String,
    },
}

impl WorkerStatus {
    /// The life of the process that runs.
    pub fn life(&self) -> Option<Life> {
        match self {
            Self::Ready { life, .. } | Self::Busy { life } => Some(*life),
            _ => None,
        }
    }
}

/// Why a call has no result although the job did not fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerGone {
    /// The worker died or had to be killed during the call; it is being restarted.
    #[error("the worker ended: {reason}")]
    Died {
        /// How.
        reason: String,
    },
    /// The worker died too often and stays down.
    #[error("the worker ended {crashes} times: {reason}")]
    Degraded {
        /// How it ended the last time.
        reason: String,
        /// Deaths within the budget's window.
        crashes: u32,
    },
    /// The worker's program cannot be started or is of another version.
    #[error("the worker cannot be started: {reason}")]
    CannotStart {
        /// What happened and what to do.
        reason: String,
    },
}

impl From<WorkerGone> for EngineError {
    fn from(gone: WorkerGone) -> Self {
        match gone {
            WorkerGone::Died { reason } => Self::Gone { reason },
            WorkerGone::Degraded { reason, crashes } => Self::Degraded { crashes, reason },
            WorkerGone::CannotStart { reason } => Self::CannotStart { reason },
        }
    }
}

/// How patient a supervisor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the program's start to its greeting: loading shared libraries from a cold disk is all that takes time.
    pub handshake: Duration,
    /// Without any frame during a job, of which a beat comes every [`worker_kit::BEAT_EVERY`].
    pub silence: Duration,
    /// Without progress during a job that has not asked for more ([`worker_kit::Job::quiet_for`]).
    pub quiet: Duration,
    /// From a cancellation to the job's end.
    pub cancel_grace: Duration,
    /// When it is restarted.
    pub restarts: RestartBudget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(15),
            silence: Duration::from_secs(10),
            quiet: Duration::from_secs(15),
            cancel_grace: Duration::from_secs(2),
            restarts: RestartBudget::default(),
        }
    }
}

/// How often a worker may die before it stays down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartBudget {
    /// With so many deaths within the window it stays down.
    pub deaths: u32,
    /// The window.
    pub window: Duration,
}

impl Default for RestartBudget {
    fn default() -> Self {
        Self { deaths: 3, window: Duration::from_mins(1) }
    }
}

impl RestartBudget {
    /// The pause before the restart that follows the `deaths`-th death within the window. None after the first, so
    /// that the next message is answered as usual.
    pub(crate) fn pause(deaths: u32) -> Duration {
        Duration::from_millis(match deaths {
            0 | 1 => 0,
            2 => 250,
            _ => 1000,
        })
    }
}
