//! What a history holds: conversations, messages, and the pieces of them that lists show.

use serde::{Deserialize, Serialize};

use crate::{Attachment, ConversationId, MessageId, Snippet, TimestampMs};

/// One conversation, without its messages.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its name in the history.
    pub id: ConversationId,
    /// The title, once there is one.
    pub title: Option<String>,
    /// Pinned conversations come first in lists.
    pub pinned: bool,
    /// When it was begun.
    pub created: TimestampMs,
    /// When a message was last added or finished, or a branch chosen.
    pub updated: TimestampMs,
    /// What the user has typed and not sent.
    pub draft: String,
    /// The message the conversation goes on from; its ancestors are what is shown.
    pub head: Option<MessageId>,
    /// The model last chosen here.
    pub model: Option<String>,
    /// When it was deleted; it stays until purged.
    pub deleted_at: Option<TimestampMs>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Hark itself, to the person; never sent to a model.
    Notice,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Notice => "notice",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::Notice].into_iter().find(|role| role.name() == name)
    }
}

/// How far a message has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// A reply that is being written.
    Streaming,
    /// All of it is there.
    Complete,
    /// The process that wrote it ended first, or the user spoke over it.
    Interrupted,
    /// The engine failed; the text is what had come until then.
    Failed {
        /// A sentence for the user.
        reason: String,
    },
    /// The user stopped it.
    Stopped,
}

impl MessageState {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Failed { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed { reason } => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn named(name: &str, reason: Option<String>) -> Option<Self> {
        Some(match name {
            "streaming" => Self::Streaming,
            "complete" => Self::Complete,
            "interrupted" => Self::Interrupted,
            "failed" => Self::Failed { reason: reason.unwrap_or_default() },
            "stopped" => Self::Stopped,
            _ => return None,
        })
    }
}

// A failure's reason may quote what the user typed (an engine's words), so it stays out of logs.
impl std::fmt::Debug for MessageState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How a reply ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyEnd {
    /// The model said all it had to say.
    Complete,
    /// It was cut off by something other than the user's stop.
    Interrupted,
    /// The user stopped it.
    Stopped,
    /// The engine failed.
    Failed {
        /// A sentence for the user.
        reason: String,
    },
}

impl From<ReplyEnd> for MessageState {
    fn from(end: ReplyEnd) -> Self {
        match end {
            ReplyEnd::Complete => Self::Complete,
            ReplyEnd::Interrupted => Self::Interrupted,
            ReplyEnd::Stopped => Self::Stopped,
            ReplyEnd::Failed { reason } => Self::Failed { reason },
        }
    }
}

/// What a reply cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Of those, tokens whose state was kept from before.
    pub reused_tokens: u32,
    /// Tokens of the reply, thinking included.
    pub completion_tokens: u32,
    /// From the request to the first token, ms.
    pub time_to_first_token_ms: f64,
    /// Tokens per second while replying.
    pub decode_tokens_per_s: f64,
    /// Tokens per second while reading the prompt.
    pub prefill_tokens_per_s: f64,
    /// Oldest messages that were left out because the context was full.
    pub dropped_messages: u32,
    /// Tokens the context holds; 0 where not known.
    pub context_tokens: u32,
    /// It ended because its allowance of tokens or the context was used up.
    pub cut_short: bool,
}

/// One message. `Debug` leaves out what was said.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its name in the history.
    pub id: MessageId,
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// The message it answers; none for a first message.
    pub parent: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// What was said, Markdown.
    pub text: String,
    /// What the model thought before it spoke; empty when nothing.
    pub thinking: String,
    /// How far it has come.
    pub state: MessageState,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When it was begun.
    pub created: TimestampMs,
    /// What it cost, for finished replies.
    pub usage: Option<Usage>,
    /// What is attached to it, in order.
    pub attachments: Vec<Attachment>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("parent", &self.parent)
            .field("role", &self.role)
            .field("state", &self.state)
            .field("text_bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// A whole message to add, as the user sent it (or Hark, for a notice).
#[derive(Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Who speaks.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// The model that wrote it, if one did.
    pub model: Option<String>,
    /// What is attached to it, in order.
    pub attachments: Vec<Attachment>,
}

impl NewMessage {
    /// What the user typed.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into(), model: None, attachments: Vec::new() }
    }

    /// A word from Hark to the user.
    pub fn notice(text: impl Into<String>) -> Self {
        Self { role: Role::Notice, text: text.into(), model: None, attachments: Vec::new() }
    }

    /// The same with these files.
    #[must_use]
    pub fn with(self, attachments: Vec<Attachment>) -> Self {
        Self { attachments, ..self }
    }
}

/// A message on the shown path, and its alternatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathEntry {
    /// The message.
    pub message: Message,
    /// All messages with the same parent, itself included, oldest first: what "2/3" counts.
    pub siblings: Vec<MessageId>,
    /// Where the message stands among `siblings`, from 0.
    pub position: usize,
}

/// A conversation as lists show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Its name in the history.
    pub id: ConversationId,
    /// The title, once there is one.
    pub title: Option<String>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// When it was begun.
    pub created: TimestampMs,
    /// When it last moved.
    pub updated: TimestampMs,
    /// When it was deleted, in lists of the deleted.
    pub deleted_at: Option<TimestampMs>,
    /// The model last chosen here.
    pub model: Option<String>,
    /// The beginning of the last message on the shown path, on one line.
    pub snippet: String,
}

/// Where the next page of a list begins. Opaque to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    pub(crate) pinned: bool,
    pub(crate) updated: TimestampMs,
    pub(crate) seq: i64,
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPage {
    /// Pinned first, then the most recently moved.
    pub conversations: Vec<ConversationSummary>,
    /// Where to go on; none at the end.
    pub next: Option<ListCursor>,
}

impl Snippet {
    /// The snippet cut into pieces that match what was searched for (`true`) and pieces that do not.
    pub fn pieces(&self) -> Vec<(bool, &str)> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for range in &self.matches {
            let (Some(before), Some(hit)) = (self.text.get(from..range.start), self.text.get(range.clone()))
            else {
                continue;
            };
            if !before.is_empty() {
                pieces.push((false, before));
            }
            pieces.push((true, hit));
            from = range.end;
        }
        if let Some(rest) = self.text.get(from..).filter(|rest| !rest.is_empty()) {
            pieces.push((false, rest));
        }
        pieces
    }
}

/// `Debug` that names the type and nothing of what it holds: what was said must not get into a log.
macro_rules! discreet {
    ($($name:ty),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), " { .. }"))
            }
        })+
    };
}
discreet!(Conversation, ConversationSummary, ListPage, NewMessage, ReplyEnd, Snippet);
discreet!(crate::SearchHit, crate::ExportFile, crate::ExportedConversation, crate::ExportedMessage);
discreet!(crate::History, crate::Reader);
