//! Looking at what the user has before them, as a page asks its host. Nothing is looked at that was not asked for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Attached;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LookAt {
    /// The text that is selected, in whichever program.
    Selection,
    /// What is on the clipboard: text, or else a picture.
    Clipboard,
    /// The screen that the bar is on.
    Screen,
    /// The window that had the focus before the bar.
    Window,
    /// A part of the screen, which the user is asked for.
    Region,
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
    /// A picture, kept as a file that can be attached.
    Picture {
        /// What it shows.
        of: PictureOf,
        /// It.
        attached: Box<Attached>,
    },
}

/// What a picture shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PictureOf {
    /// A whole screen.
    Screen,
    /// A window.
    Window {
        /// What its title bar says; may be empty.
        title: String,
    },
    /// A part of a screen.
    Region {
        /// Pixels of the screen, from left to right.
        width: u32,
        /// Pixels of the screen, from top to bottom.
        height: u32,
    },
    /// Whatever was on the clipboard.
    Clipboard,
}

/// A part of a still of the screen, in its pixels, counted from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StillPart {
    /// The left edge.
    pub x: u32,
    /// The upper edge.
    pub y: u32,
    /// To the right.
    pub width: u32,
    /// Downwards.
    pub height: u32,
}

// What the user shows does not get into a log.
impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { text, .. } => {
                f.debug_struct("Text").field("bytes", &text.len()).finish_non_exhaustive()
            }
            Self::Picture { of, .. } => f.debug_struct("Picture").field("of", of).finish_non_exhaustive(),
        }
    }
}

/// Without the title.
impl std::fmt::Debug for PictureOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Screen => "Screen",
            Self::Window { .. } => "Window",
            Self::Region { .. } => "Region",
            Self::Clipboard => "Clipboard",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_never_shows_in_a_log_line() {
        let text = Seen::Text { text: "secret".into(), from: Some("secret".into()) };
        let attached = Box::new(Attached { attachments: Vec::new(), part: None, caution: None });
        let picture = Seen::Picture { of: PictureOf::Window { title: "secret".into() }, attached };
        assert!(!format!("{text:?}{picture:?}").contains("secret"));
    }
}
