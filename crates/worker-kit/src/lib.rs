//! What crosses between Hark and one of its worker processes, and the loop that a worker process runs.
//!
//! - [`frame`]: a length and a `MessagePack` payload, over any reader or writer.
//! - [`Protocol`], [`ToWorker`], [`ToHost`]: the conversation, generic over what the jobs are. [`protocols`] lists the
//!   protocols there are.
//! - [`serve`]: a worker program's whole `main`; [`Worker`] is what it does, [`Job`] what it sees of the host.
//!
//! Always holds: standard output carries frames and nothing else; standard error is log and never contains what the
//! user said; the end of standard input means stop. No async runtime here: a worker is three threads.

mod beat;
pub mod frame;
mod job;
mod log;
mod message;
mod outbox;
pub mod protocols;
mod serve;
mod stdio;

pub use frame::FrameError;
pub use job::{Emitter, Job, NextInput};
pub use log::log_to_stderr;
pub use message::{JobId, Nothing, Protocol, ToHost, ToWorker, WorkerHello};
pub use serve::{BEAT_EVERY, End, Identity, LEAVE_GRACE, Worker, serve, serve_on};
