//! What a server's refusal means: the sentence for the user, or what to try next.

use engine::{ChatMessage, EngineError, JobError};
use reqwest::StatusCode;

use crate::link::refused;
use crate::wire::Fault;

/// Why one attempt at a reply failed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The prompt does not fit the context: leave out the oldest turns and try again.
    Context {
        /// Tokens the prompt has, where the server says.
        needed: Option<u32>,
        /// Tokens the context holds, where the server says.
        limit: Option<u32>,
    },
    /// The server does not like the request: perhaps a field it does not know. Try with fewer; else this.
    Fields(EngineError),
    /// Trying again does not help.
    Final(EngineError),
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Final(error)
    }
}

impl Refusal {
    /// The sentence when there is nothing left to try.
    pub(crate) fn into_error(self) -> EngineError {
        match self {
            Self::Fields(error) | Self::Final(error) => error,
            Self::Context { needed: Some(needed), limit: Some(limit) } => {
                EngineError::Job(JobError::PromptTooLong { needed, limit })
            }
            Self::Context { .. } => refused(
                "This message is longer than the server's context holds. Shorten it, or start the server with a larger context.",
            ),
        }
    }

    /// An answer that is not a reply. `model` is the model's name on that server.
    pub(crate) fn of_status(
        status: StatusCode,
        fault: &Fault,
        host: &str,
        model: &str,
        messages: &[ChatMessage],
    ) -> Self {
        let code = status.as_u16();
        // A server that is asked with too long a prompt answers 400, 413, 422 or 500.
        if !matches!(code, 401 | 403 | 404 | 429) && fault.exceeds_context() {
            return Self::Context { needed: fault.needed, limit: fault.limit };
        }
        let said = || {
            let words = fault.words(messages.iter().map(|message| message.text.as_str()));
            words.map_or_else(|| format!("(error {code})"), |words| format!("(error {code}: {words})"))
        };
        Self::Final(refused(match code {
            401 | 403 => key_refused(host),
            404 => format!(
                "{host} knows no model called “{model}”, or the address leads elsewhere. Check both in the settings."
            ),
            429 => format!("{host} has too much to do or a limit was reached. Try again in a moment."),
            503 => format!("{host} is busy or still loading its model. Try again in a moment."),
            300..=399 => format!(
                "{host} sends requests on to another address, and what you say is only sent where you said. Enter the server's final address in the settings."
            ),
            500..=599 => format!(
                "{host} failed while working on the reply {}. Try again, or look at the server's log.",
                said()
            ),
            400 | 422 => {
                return Self::Fields(refused(format!("{host} does not accept the request {}.", said())));
            }
            _ => format!("{host} does not accept the request {}.", said()),
        }))
    }

    /// An error among the pieces of a reply.
    pub(crate) fn of_stream(fault: &Fault, host: &str, messages: &[ChatMessage]) -> Self {
        if fault.exceeds_context() {
            return Self::Context { needed: fault.needed, limit: fault.limit };
        }
        let words = fault.words(messages.iter().map(|message| message.text.as_str()));
        let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
        Self::Final(refused(format!(
            "{host} failed in the middle of the reply{words}. What was written so far is kept; try again."
        )))
    }
}

/// The sentence for a key that is missing or wrong.
pub(crate) fn key_refused(host: &str) -> String {
    format!("{host} does not accept the key. Enter the right one in the settings.")
}
