//! How a scripted worker behaves.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The reply a scripted worker makes, a delta a word.
pub const WORDS: [&str; 6] = ["You ", "asked ", "and ", "I ", "answer ", "this."];

/// What a scripted worker does. Where nothing else is said, loading works at once and a reply is [`WORDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// As a good worker.
    Normal,
    /// Repeats its words until it is cancelled.
    Endless,
    /// After some words, aborts.
    Abort,
    /// After some words, prints what a failed assertion of ggml prints, and aborts.
    Assert,
    /// After some words, exits with code 3.
    Exit,
    /// After some words, computes for ever without any progress; still reads and beats.
    Hang,
    /// After some words, is as good as dead: neither reads nor beats.
    Deaf,
    /// After some words, panics with text of the user's.
    Panic,
    /// Repeats its words and does not listen to a cancellation.
    Stubborn,
    /// After some words, sends a frame that is no message.
    Garbage,
    /// After some words, sends the header of a frame of 4 GiB.
    Oversize,
    /// Is of another protocol version.
    OtherVersion,
    /// Is a worker for something else.
    OtherProtocol,
    /// Never says hello.
    Mute,
    /// Exits with code 1 before it says hello.
    Stillborn,
    /// Writes a megabyte to its log, and prints to standard output as a native library does.
    Noisy,
    /// Loading is quiet for two seconds, and says so beforehand.
    SlowLoad,
    /// Loading goes on until it is cancelled.
    EndlessLoad,
    /// Looks at a picture until it is told to stop.
    EndlessLook,
    /// Has never been sent any picture.
    Forgetful,
    /// Loading aborts.
    AbortAtLoad,
    /// Loading fails: the file is not a model.
    BadModel,
}

/// A mode and its details; one argument of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What it does.
    pub mode: Mode,
    /// How many words come before a fault.
    pub after: usize,
    /// If set, only the first life behaves so: the one that creates this file. Later ones are normal.
    pub once: Option<PathBuf>,
}

impl Script {
    /// `mode`, with faults after three words, in every life.
    pub fn new(mode: Mode) -> Self {
        Self { mode, after: 3, once: None }
    }

    /// Only in the first life, which is the one that creates `marker`.
    #[must_use]
    pub fn once(self, marker: impl Into<PathBuf>) -> Self {
        Self { once: Some(marker.into()), ..self }
    }

    /// The program's argument.
    pub fn to_arg(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The script in the program's argument.
    ///
    /// # Errors
    /// It is none.
    pub fn from_arg(arg: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(arg)
    }
}
