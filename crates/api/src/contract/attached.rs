//! Files that go with messages.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApiError;

/// The most files that go with one message.
pub const MOST_ATTACHMENTS: usize = 16;

/// The largest file that can be attached, bytes.
pub const MOST_ATTACHED_BYTES: usize = attachments::MOST_FILE_BYTES;

/// What an attached file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttachedKind {
    /// A picture.
    Picture {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// Text or code.
    Text,
}

/// A file that is attached to a message, or waits to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachmentView {
    /// The name of its content, to ask for it and to send it by.
    pub content: String,
    /// What it is called; may be empty, as a pasted picture is.
    pub name: String,
    /// For example `image/png`.
    pub media_type: String,
    /// Its size as it is kept.
    #[ts(type = "number")]
    pub bytes: u64,
    /// What it is.
    pub kind: AttachedKind,
}

/// A file to be kept for a message. At most 32 MiB; pictures (PNG, JPEG, WebP, GIF) of at most 64 megapixels, of which 2048
/// pixels a side are kept; text of at most 512 KiB; PDF, of which the text of at most 200 pages is kept, or pictures of the
/// first eight pages where there is none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attach {
    /// The conversation that it is for; none before one is begun.
    pub conversation: Option<String>,
    /// What it is called; may be empty.
    pub name: String,
    /// Its bytes, base64.
    pub data: String,
}

// What the user shows does not get into a log.
impl std::fmt::Debug for Attach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attach").field("data_bytes", &self.data.len()).finish_non_exhaustive()
    }
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attached {
    /// What is to go with the message in its place: one for most files, or the pages of a document.
    pub attachments: Vec<AttachmentView>,
    /// Where a document was too long to be taken whole.
    pub part: Option<PartOfDocument>,
    /// What has to be said about it beforehand: that the chosen model cannot see it, for example.
    pub caution: Option<ApiError>,
}

/// So much of a document was taken, from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PartOfDocument {
    /// Pages that were taken; of the last of them perhaps not all.
    pub read: u32,
    /// Pages that it has.
    pub pages: u32,
}

/// A kept file that is to go with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachedFile {
    /// The name of its content.
    pub content: String,
    /// What it is called.
    pub name: String,
}

/// One attached file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneAttachment {
    /// The name of its content.
    pub content: String,
}

/// What is in a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileData {
    /// For example `image/jpeg`.
    pub media_type: String,
    /// Its bytes, base64.
    pub data: String,
}

impl std::fmt::Debug for FileData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileData").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}
