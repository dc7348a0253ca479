//! Looking at what the user has before them, as a page asks its host. Nothing is looked at that was not asked for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LookAt {
    /// The text that is selected, in whichever program.
    Selection,
    /// The text on the clipboard.
    Clipboard,
}

/// What was seen. It is shown before anything of it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Seen {
    /// Text.
    Text {
        /// Never empty.
        text: String,
        /// The title of the window that it is in, where that is known.
        from: Option<String>,
    },
}

// What the user shows does not get into a log.
impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Text { text, .. } = self;
        f.debug_struct("Text").field("bytes", &text.len()).finish_non_exhaustive()
    }
}
