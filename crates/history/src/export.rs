//! Conversations as JSON, with every branch.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Attachment, ConversationId, HistoryError, Message, MessageId, MessageState, Reader, Role, TimestampMs,
    Usage,
};

/// Tells an export from any other JSON.
pub(crate) const FORMAT: &str = "hark.conversations";
/// The newest version of the format this crate knows.
pub(crate) const VERSION: u32 = 1;

/// A file of exported conversations.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Always `hark.conversations`.
    pub format: String,
    /// The version of the format, 1.
    pub version: u32,
    /// The conversations.
    pub conversations: Vec<ExportedConversation>,
    /// The files that messages have attached, base64, by the names of their contents. Whoever keeps them puts them here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// A conversation with all its messages.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedConversation {
    /// Its name where it comes from.
    pub id: ConversationId,
    /// The title, if any.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether it is pinned.
    #[serde(default)]
    pub pinned: bool,
    /// When it was begun.
    pub created: TimestampMs,
    /// When it last moved.
    pub updated: TimestampMs,
    /// Typed and not sent.
    #[serde(default)]
    pub draft: String,
    /// The message it goes on from; the last one when it is left out.
    #[serde(default)]
    pub head: Option<MessageId>,
    /// The model last chosen.
    #[serde(default)]
    pub model: Option<String>,
    /// Every branch, in the order they were begun.
    #[serde(default)]
    pub messages: Vec<ExportedMessage>,
}

/// A message of an exported conversation; the fields are those of [`Message`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the same fields as `Message`")]
pub struct ExportedMessage {
    pub id: MessageId,
    #[serde(default)]
    pub parent: Option<MessageId>,
    pub role: Role,
    pub text: String,
    #[serde(default)]
    pub thinking: String,
    pub state: MessageState,
    #[serde(default)]
    pub model: Option<String>,
    pub created: TimestampMs,
    #[serde(default)]
    pub usage: Option<Usage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl From<Message> for ExportedMessage {
    fn from(message: Message) -> Self {
        let Message {
            id,
            conversation: _,
            parent,
            role,
            text,
            thinking,
            state,
            model,
            created,
            usage,
            attachments,
        } = message;
        Self { id, parent, role, text, thinking, state, model, created, usage, attachments }
    }
}

impl Reader {
    /// Conversations with all their branches, ready to be written as JSON.
    pub fn export(&self, ids: &[ConversationId]) -> Result<ExportFile, HistoryError> {
        let conversations = ids.iter().map(|id| self.export_one(*id)).collect::<Result<_, _>>()?;
        Ok(ExportFile { format: FORMAT.to_owned(), version: VERSION, conversations, files: BTreeMap::new() })
    }

    /// Every conversation that is not deleted.
    pub fn export_all(&self) -> Result<ExportFile, HistoryError> {
        let mut statement =
            self.conn.prepare("SELECT id FROM conversation WHERE deleted_at IS NULL ORDER BY seq")?;
        let ids: Vec<ConversationId> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        self.export(&ids)
    }

    fn export_one(&self, id: ConversationId) -> Result<ExportedConversation, HistoryError> {
        let it = self.conversation(id)?;
        let messages = self.messages(id)?.into_iter().map(ExportedMessage::from).collect();
        Ok(ExportedConversation {
            id,
            title: it.title,
            pinned: it.pinned,
            created: it.created,
            updated: it.updated,
            draft: it.draft,
            head: it.head,
            model: it.model,
            messages,
        })
    }
}

impl ExportFile {
    /// The names of the files that its messages have.
    pub fn attached(&self) -> BTreeSet<&str> {
        let messages = self.conversations.iter().flat_map(|it| &it.messages);
        messages.flat_map(|it| &it.attachments).map(|it| it.content.as_str()).collect()
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to become JSON: string keys only, and numbers that are not finite become null.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
