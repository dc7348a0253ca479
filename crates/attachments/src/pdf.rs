//! What is read of a PDF, as it crosses from the program that reads it (`worker-pdf`).

use serde::{Deserialize, Serialize};

/// What was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Pages in the file.
    pub pages: u32,
    /// Of these, the first so many were read.
    pub read: u32,
    /// Their text; empty for a scan.
    pub text: String,
    /// Pictures of the first pages of a scan, PNG, in their order; empty where there is text.
    pub pictures: Vec<Picture>,
}

// What the user shows does not get into a log.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("pages", &self.pages)
            .field("read", &self.read)
            .field("text_bytes", &self.text.len())
            .field("pictures", &self.pictures)
            .finish()
    }
}

/// A page's picture: the bytes of a PNG file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture(#[serde(with = "serde_bytes")] pub Vec<u8>);

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} bytes)", self.0.len())
    }
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// It wants a password.
    Locked,
    /// It is no PDF, or too damaged to be one.
    Damaged,
    /// It has no pages.
    Empty,
}
