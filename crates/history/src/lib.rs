//! Conversations and their messages, kept in one SQLite file with full-text search.
//!
//! Owns the file and its schema: no other crate knows SQLite. What always holds:
//!
//! - The messages of a conversation form a tree. Editing and regenerating add siblings; nothing but
//!   [`History::purge_deleted`] removes a message. `head` is a message of the conversation, or none.
//! - A reply is in the file up to its last [`History::append_reply`], whatever happens to the process. A reply whose
//!   process is gone is `Interrupted` at the next [`History::open`]; one that another running process is writing is
//!   left alone.
//! - A file from a newer version, and a file that is no history, are not changed by opening them.
//! - No error carries what the user typed, nor does its `Debug`.
//!
//! Every call blocks: keep a [`History`] on a thread of its own, and [`Reader`]s (which never wait for the writer) on
//! others. The crate has no clock: instants come in as [`TimestampMs`].

mod attachment;
mod error;
mod export;
mod ids;
mod import;
mod lease;
mod markdown;
mod model;
mod open;
mod reader;
mod reply;
pub mod scale;
mod schema;
mod search;
mod snippet;
mod write;

pub use attachment::{Attachment, AttachmentKind};
pub use error::HistoryError;
pub use export::{ExportFile, ExportedConversation, ExportedMessage};
pub use ids::{ConversationId, MessageId, TimestampMs};
pub use import::ImportLimits;
pub use markdown::MarkdownWords;
pub use model::{
    Conversation, ConversationSummary, ListCursor, ListPage, Message, MessageState, NewMessage, PathEntry,
    ReplyEnd, Role, Usage,
};
pub use open::{Access, History, OpenOptions, Place};
pub use reader::Reader;
pub use search::SearchHit;
pub use snippet::Snippet;

#[cfg(test)]
mod tests;
