//! Worker processes as the app sees them: started, greeted, watched, restarted; and the engine's traits on top.
//!
//! - [`Supervisor`] keeps one worker process alive and gives it jobs, one after another. It is generic over the
//!   [protocol](worker_kit::Protocol) and knows nothing of models.
//! - [`LlmWorker`] is the language model over it: it remembers which model is wanted and loads it again after a crash.
//! - [`SttWorker`] is a recogniser over it, [`SpeakWorker`] a voice, [`JudgeWorker`] a judge of turns; [`PhonemeVoice`] is a
//!   voice that reads phonemes and another that tells them.
//! - [`worker_program`] finds a worker's program.
//!
//! Always holds: a job ends in exactly one of "done", "failed" and "the worker is gone"; what a worker sent before it
//! died is delivered first; no worker outlives its supervisor. Each supervisor is one task that owns its process;
//! everything else talks to it in messages.

mod codec;
mod command;
mod connection;
mod events;
mod judge;
mod kept;
mod launch;
mod llm;
mod running;
mod status;
mod stt;
mod supervisor;
#[cfg(test)]
mod tests;
mod ticket;
mod tts;

pub use command::{WORKER_DIR, WorkerCommand, worker_program};
pub use events::Events;
pub use judge::JudgeWorker;
pub use llm::{LlmWorker, ModelState};
pub use status::{Life, Limits, RestartBudget, WorkerGone, WorkerStatus};
pub use stt::{REPLAYED, SttWorker};
pub use supervisor::Supervisor;
pub use tts::{PhonemeVoice, SpeakWorker};
/// The protocols of the workers there are, for hosts that look at one without its trait.
pub use worker_kit::protocols;
