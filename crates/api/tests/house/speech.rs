//! Speech for conversations in which everything is typed: nothing is heard, and replies are only read.

use std::sync::Arc;

use super::Card;

/// The parts of such a conversation.
pub fn parts(card: Arc<Card>) -> api::SpokenParts {
    let silent = session::voice::sound_only(card, None);
    api::SpokenParts {
        card: silent.card,
        recogniser: silent.recogniser,
        voice: silent.voice,
        judge: None,
        voice_activity: None,
    }
}
