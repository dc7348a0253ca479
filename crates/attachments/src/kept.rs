//! What is known of a kept file.

use std::fmt;
use std::str::FromStr;

use engine::ImageId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names a kept file by its content: the SHA-256 of its bytes, 64 hexadecimal digits. Nothing else can be one, so that
/// it is safe as a part of a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentName([u8; 32]);

/// Not the name of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("That is not the name of an attached file.")]
pub struct BadName;

impl ContentName {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three, ..] = self.0;
        write!(f, "ContentName({one:02x}{two:02x}{three:02x}…)")
    }
}

impl FromStr for ContentName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut name = [0; 32];
        hex::decode_to_slice(text, &mut name).map_err(|_| BadName)?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for ContentName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ContentName> for String {
    fn from(name: ContentName) -> Self {
        name.to_string()
    }
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub content: ContentName,
    /// `image/png`, `image/jpeg` or `text/plain`: of what is kept, not of what was given.
    pub media_type: String,
    /// Its size on the disk.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
}

/// What a kept file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A picture.
    Picture {
        /// The name that engines know it by.
        image: ImageId,
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// Text or code.
    Text,
}

/// A small picture of a kept one.
#[derive(Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// `image/jpeg`.
    pub media_type: &'static str,
    /// Its file; no side is longer than [`crate::THUMBNAIL_SIDE`] pixels.
    pub bytes: Vec<u8>,
}
