//! Failures of engines. "The job failed" and "the engine is gone" are different: after the first the engine is as
//! good as before, after the second it has to be started again.

use serde::{Deserialize, Serialize};

/// Why one job failed while its engine lives on. Every message is a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum JobError {
    /// No model is loaded, so nothing can be generated.
    #[error("No model is loaded. Choose a model first.")]
    NoModel,
    /// The model file cannot be used.
    #[error("The model cannot be used: {reason}")]
    BadModel {
        /// What is wrong with the file and what to do.
        reason: String,
    },
    /// The newest message alone is longer than the context window.
    #[error(
        "This message needs {needed} tokens and the model's context holds {limit}. Shorten it, or give the model a larger context in the settings."
    )]
    PromptTooLong {
        /// Tokens the prompt needs with every older turn left out.
        needed: u32,
        /// Tokens the context holds, less the room kept for a reply.
        limit: u32,
    },
    /// Not enough memory for the model or its context.
    #[error("There is not enough memory: {reason}")]
    OutOfMemory {
        /// What could not be allocated, with the amount where known.
        reason: String,
    },
    /// The request makes no sense to this engine (an unknown grammar, a broken template).
    #[error("{reason}")]
    BadRequest {
        /// What is wrong.
        reason: String,
    },
    /// The request shows a picture to a model that cannot see.
    #[error("{model} cannot see pictures. Choose a model that can, or ask without the picture.")]
    CannotSee {
        /// The model's name, for people.
        model: String,
    },
    /// A server of the user's own refused or could not be understood.
    #[error("{reason}")]
    Server {
        /// What the server said, and what to do.
        reason: String,
    },
    /// The job was cancelled before it began to produce anything.
    #[error("Stopped.")]
    Cancelled,
    /// Anything else; the sentence says what.
    #[error("{reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

/// Why an engine gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The job failed; the engine is fine.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The engine died or stopped answering during the job. It is being restarted; the next job works.
    #[error(
        "The engine stopped unexpectedly ({reason}). It is being restarted; what was written so far is kept."
    )]
    Gone {
        /// How it ended: a signal, an exit code, silence, a broken frame.
        reason: String,
    },
    /// The engine died too often and is not restarted by itself.
    #[error(
        "The engine stopped {crashes} times within a minute and was not started again. Last reason: {reason}"
    )]
    Degraded {
        /// How many times it died within the last minute.
        crashes: u32,
        /// How it ended the last time.
        reason: String,
    },
    /// The engine's program cannot be started or speaks another protocol version.
    #[error("The engine cannot be started: {reason}")]
    CannotStart {
        /// What happened and what to do.
        reason: String,
    },
    /// A server of the user's own cannot be reached.
    #[error("{reason}")]
    Unreachable {
        /// Which server, and what to do.
        reason: String,
    },
}
