//! Text in pictures, recognised by a program of its own: what it is given and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::ImagePixels;

/// A picture whose text is to be read, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPicture {
    /// ONNX Runtime's library.
    pub library: PathBuf,
    /// Finds lines of text.
    pub detector: PathBuf,
    /// Reads a line.
    pub recogniser: PathBuf,
    /// The picture.
    pub picture: ImagePixels,
}

/// A line of text where it stands in the picture, in pixels from the top left.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLine {
    /// Its text, not blank.
    pub text: String,
    /// Its left edge.
    pub left: u32,
    /// Its upper edge.
    pub top: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

// What the user shows does not get into a log.
impl std::fmt::Debug for TextLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { text, left, top, width, height } = self;
        write!(f, "TextLine({} bytes at {left},{top},{width},{height})", text.len())
    }
}

/// What the program answers: the lines, in no order, or a sentence that says why not.
pub type ReadAnswer = Result<Vec<TextLine>, String>;
