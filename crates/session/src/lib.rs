//! One reply from its request to its end: runs a language model, gathers what it says, and tells how it ended.
//!
//! Always holds: every reply that begins ends exactly once, with [`ReplyEvent::Ended`] as its last event; the pieces
//! told before it, joined, are all the model said.

mod reply;
pub mod voice;

pub use reply::{GATHER, Outcome, ReplyEnd, ReplyEvent, Usage, reply};

use dialogue::prompt::PromptMessage;
use engine::{ChatMessage, Role};

/// The prompt in the engine's words.
pub fn engine_messages(prompt: Vec<PromptMessage>) -> Vec<ChatMessage> {
    prompt
        .into_iter()
        .map(|message| match message {
            PromptMessage::System(text) => ChatMessage::new(Role::System, text),
            PromptMessage::User(text) => ChatMessage::new(Role::User, text),
            PromptMessage::Assistant(text) => ChatMessage::new(Role::Assistant, text),
        })
        .collect()
}
