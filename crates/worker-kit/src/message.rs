//! The messages between host and worker, generic over what the jobs are.
//!
//! Order: the host's `Hello`, the worker's `Hello`, then anything. A job's `Event`s come before its one `Done`;
//! nothing of a job comes after its `Done`. `Hello` never changes its shape, so that any two versions can at least
//! tell each other that they differ.

use engine::JobError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A family of jobs that a host asks and a worker does.
pub trait Protocol: Send + Sync + 'static {
    /// Its name in the handshake.
    const NAME: &'static str;
    /// Raised by every change that an older other side would not understand. Both sides must have the same.
    const VERSION: u32;
    /// What one job is asked.
    type Request: Serialize + DeserializeOwned + Send + 'static;
    /// What is streamed into a job while it runs, such as sound; [`Nothing`] where nothing is.
    type Input: Serialize + DeserializeOwned + Send + 'static;
    /// What a job reports while it runs.
    type Event: Serialize + DeserializeOwned + Send + 'static;
    /// What a job ends with.
    type Output: Serialize + DeserializeOwned + Send + 'static;
}

/// Has no value: the [`Protocol::Input`] of jobs into which nothing is streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nothing {}

/// Names a job within one life of one worker process. Counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

/// What the host says.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub enum ToWorker<P: Protocol> {
    /// The first frame.
    Hello {
        /// [`Protocol::NAME`] of the host.
        protocol: String,
        /// [`Protocol::VERSION`] of the host.
        version: u32,
    },
    /// Do this, after the jobs that were started before.
    Start {
        /// Its name from here on.
        job: JobId,
        /// What is asked.
        request: P::Request,
    },
    /// More for a job that is queued or running.
    Input {
        /// Which job.
        job: JobId,
        /// What is streamed.
        input: P::Input,
    },
    /// Nothing more is streamed into this job.
    EndInput {
        /// Which job.
        job: JobId,
    },
    /// Stop this job soon. It still ends with `Done`. A job that is not known is ignored: it may just have ended.
    Cancel {
        /// Which job.
        job: JobId,
    },
    /// Answered with `Pong`, also while a job runs.
    Ping {
        /// Comes back.
        nonce: u64,
    },
}

/// How a worker presents itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerHello {
    /// [`Protocol::NAME`] of the worker.
    pub protocol: String,
    /// [`Protocol::VERSION`] of the worker.
    pub version: u32,
    /// The program's name.
    #[serde(default)]
    pub name: String,
    /// Its version and what it was built with, for reports.
    #[serde(default)]
    pub build: String,
    /// What it was built with that matters to the host: `cuda`, `vulkan`, `audio`.
    #[serde(default)]
    pub features: Vec<String>,
}

/// What the worker says.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub enum ToHost<P: Protocol> {
    /// The answer to the host's `Hello`, given even when the versions differ.
    Hello(WorkerHello),
    /// A job reports.
    Event {
        /// Which job.
        job: JobId,
        /// What it reports.
        event: P::Event,
    },
    /// A job has ended.
    Done {
        /// Which job.
        job: JobId,
        /// How.
        result: Result<P::Output, JobError>,
    },
    /// Comes before the last `Done`: the process ends after it, because the job panicked. The host must not start
    /// another job in this life.
    Leaving,
    /// The answer to `Ping`.
    Pong {
        /// The ping's.
        nonce: u64,
    },
    /// Sent every [`BEAT_EVERY`](crate::BEAT_EVERY) while a job runs. It proves that the process lives; that the job
    /// gets on is proved by `progress` only, which the thread that computes moves itself.
    Beat {
        /// The job that runs.
        job: JobId,
        /// Changes whenever the job gets on.
        progress: u64,
        /// The job has said that it may show no progress for so long, in milliseconds; `None` is the host's default.
        quiet_ms: Option<u32>,
    },
}
