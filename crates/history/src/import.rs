//! Conversations from JSON. A file is taken as a whole or not at all.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;

use crate::export::{FORMAT, VERSION};
use crate::{
    ConversationId, ExportFile, ExportedConversation, ExportedMessage, History, HistoryError, MessageId,
    MessageState, TimestampMs, attachment,
};

/// What an import may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// The file, bytes.
    pub file_bytes: usize,
    /// Messages in all conversations together.
    pub messages: usize,
    /// One message's text, or its thinking, bytes.
    pub text_bytes: usize,
}

/// A person's years of conversations fit; what could exhaust the memory does not.
impl Default for ImportLimits {
    fn default() -> Self {
        Self { file_bytes: 512 << 20, messages: 2_000_000, text_bytes: 16 << 20 }
    }
}

impl History {
    /// Adds the conversations of an export; ids that are taken are replaced by new ones. Returns the conversations in
    /// the file's order. A reply that was streaming when it was exported is interrupted.
    ///
    /// # Errors
    /// [`HistoryError::InvalidImport`] says what is wrong with the file; nothing of it was taken.
    pub fn import(
        &mut self,
        json: &[u8],
        limits: &ImportLimits,
        at: TimestampMs,
    ) -> Result<Vec<ConversationId>, HistoryError> {
        let mut conversations = parse(json, limits)?;
        validate(&conversations, limits)?;
        let tx = self.begin()?;
        for conversation in &mut conversations {
            rename_taken(&tx, conversation, at)?;
        }
        insert(&tx, &conversations)?;
        tx.commit()?;
        Ok(conversations.iter().map(|it| it.id).collect())
    }
}

fn parse(json: &[u8], limits: &ImportLimits) -> Result<Vec<ExportedConversation>, HistoryError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    if json.len() > limits.file_bytes {
        return Err(HistoryError::import(format!("it is larger than {} MiB.", limits.file_bytes >> 20)));
    }
    // serde_json's own words may quote the file, so only the place is told.
    let unreadable = |error: serde_json::Error| {
        let problem = if error.is_data() { "it is not what an export holds" } else { "it is not valid JSON" };
        HistoryError::import(format!("{problem} (line {}, column {}).", error.line(), error.column()))
    };
    let head: Head = serde_json::from_slice(json).map_err(unreadable)?;
    if head.format != FORMAT {
        return Err(HistoryError::import("it is not an export of Hark's conversations."));
    }
    if head.version > VERSION {
        let version = head.version;
        return Err(HistoryError::import(format!(
            "it was written by a newer version of Hark (format {version}; this version knows up to {VERSION})."
        )));
    }
    Ok(serde_json::from_slice::<ExportFile>(json).map_err(unreadable)?.conversations)
}

fn validate(conversations: &[ExportedConversation], limits: &ImportLimits) -> Result<(), HistoryError> {
    let total: usize = conversations.iter().map(|it| it.messages.len()).sum();
    if total > limits.messages {
        return Err(HistoryError::import(format!(
            "it has {total} messages; {} are allowed.",
            limits.messages
        )));
    }
    let mut conversation_ids = HashSet::new();
    let mut message_ids = HashSet::new();
    for (n, conversation) in conversations.iter().enumerate() {
        let wrong = |why: String| HistoryError::import(format!("in conversation {}, {why}", n + 1));
        if !conversation_ids.insert(conversation.id) {
            return Err(wrong("the id is that of an earlier conversation.".to_owned()));
        }
        for (m, message) in conversation.messages.iter().enumerate() {
            if !message_ids.insert(message.id) {
                return Err(wrong(format!("message {} has the id of an earlier message.", m + 1)));
            }
            if message.text.len().max(message.thinking.len()) > limits.text_bytes {
                return Err(wrong(format!(
                    "message {} is larger than {} MiB.",
                    m + 1,
                    limits.text_bytes >> 20
                )));
            }
        }
        let long = conversation.draft.len().max(conversation.title.as_ref().map_or(0, String::len));
        if long > limits.text_bytes {
            return Err(wrong("the title or the draft is too large.".to_owned()));
        }
        validate_tree(conversation).map_err(wrong)?;
    }
    Ok(())
}

/// Every message hangs, through its parents, on a first message.
fn validate_tree(conversation: &ExportedConversation) -> Result<(), String> {
    let places: HashMap<MessageId, usize> = conversation.messages.iter().map(|it| it.id).zip(0..).collect();
    if conversation.head.is_some_and(|head| !places.contains_key(&head)) {
        return Err("the head is none of its messages.".to_owned());
    }
    let mut rooted = vec![false; conversation.messages.len()];
    for start in 0..conversation.messages.len() {
        let mut way = Vec::new();
        let mut at = start;
        while !rooted[at] {
            way.push(at);
            if way.len() > conversation.messages.len() {
                return Err(format!("message {} is its own ancestor.", start + 1));
            }
            let Some(parent) = conversation.messages[at].parent else { break };
            at = *places
                .get(&parent)
                .ok_or_else(|| format!("the message that message {} answers is missing.", at + 1))?;
        }
        for at in way {
            rooted[at] = true;
        }
    }
    Ok(())
}

/// Gives new ids to a conversation, and to those of its messages, whose ids the history already has.
fn rename_taken(
    tx: &Transaction<'_>,
    conversation: &mut ExportedConversation,
    at: TimestampMs,
) -> Result<(), HistoryError> {
    let mut taken = tx.prepare_cached("SELECT 1 FROM conversation WHERE id = ?1")?;
    if taken.exists([conversation.id])? {
        conversation.id = ConversationId::new(at);
    }
    let mut taken = tx.prepare_cached("SELECT 1 FROM message WHERE id = ?1")?;
    let mut renamed: HashMap<MessageId, MessageId> = HashMap::new();
    for message in &conversation.messages {
        if taken.query_row([message.id], |_| Ok(())).optional()?.is_some() {
            renamed.insert(message.id, MessageId::new(message.created));
        }
    }
    let new = |id: &mut MessageId| *id = renamed.get(id).copied().unwrap_or(*id);
    conversation.head.iter_mut().for_each(new);
    for message in &mut conversation.messages {
        new(&mut message.id);
        message.parent.iter_mut().for_each(new);
    }
    Ok(())
}

/// Inserts validated conversations whose ids are free.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    conversations: &[ExportedConversation],
) -> Result<(), HistoryError> {
    // A child may come before its parent in a file that Hark did not write.
    tx.pragma_update(None, "defer_foreign_keys", true)?;
    let mut insert_conversation = tx.prepare_cached(
        "INSERT INTO conversation (id, pinned, created, updated, head, model, title, draft)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut insert_message = tx.prepare_cached(
        "INSERT INTO message (id, conversation, parent, role, state, created, model, usage, reason, text, thinking)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for it in conversations {
        let head = it.head.or(it.messages.last().map(|last| last.id));
        insert_conversation
            .execute(params![it.id, it.pinned, it.created, it.updated, head, it.model, it.title, it.draft])?;
        for message in &it.messages {
            let ExportedMessage {
                id,
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
            let state = if *state == MessageState::Streaming { &MessageState::Interrupted } else { state };
            let usage = usage.and_then(|it| serde_json::to_string(&it).ok());
            insert_message.execute(params![
                id,
                it.id,
                parent,
                role.name(),
                state.name(),
                created,
                model,
                usage,
                state.reason(),
                text,
                thinking
            ])?;
            attachment::insert(tx, *id, attachments)?;
        }
    }
    Ok(())
}
