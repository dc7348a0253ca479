//! Changes to conversations, and whole messages.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::error::MAX_TEXT_BYTES;
use crate::{
    Conversation, ConversationId, History, HistoryError, Message, MessageId, NewMessage, TimestampMs,
    attachment, reader,
};

impl History {
    /// Begins an empty conversation.
    pub fn create_conversation(
        &mut self,
        model: Option<&str>,
        at: TimestampMs,
    ) -> Result<Conversation, HistoryError> {
        let id = ConversationId::new(at);
        self.conn.execute(
            "INSERT INTO conversation (id, created, updated, model) VALUES (?1, ?2, ?2, ?3)",
            params![id, at, model],
        )?;
        self.conversation(id)
    }

    /// Adds a whole message below `parent` (none: a first message) and goes on from it.
    pub fn append_message(
        &mut self,
        conversation: ConversationId,
        parent: Option<MessageId>,
        message: &NewMessage,
        at: TimestampMs,
    ) -> Result<Message, HistoryError> {
        let row = NewRow {
            role: message.role.name(),
            state: "complete",
            model: message.model.as_deref(),
            writer: None,
        };
        check_size(message.text.len())?;
        let tx = self.begin()?;
        let id = insert_message(&tx, conversation, parent, &row, &message.text, at)?;
        attachment::insert(&tx, id, &message.attachments)?;
        let added = reader::message(&tx, id)?;
        tx.commit()?;
        Ok(added)
    }

    /// Says `text` in place of `message`: a sibling with the same role and attachments. The old message and all that followed stay.
    pub fn edit(&mut self, message: MessageId, text: &str, at: TimestampMs) -> Result<Message, HistoryError> {
        let old = self.message(message)?;
        let edited = NewMessage {
            role: old.role,
            text: text.to_owned(),
            model: old.model,
            attachments: old.attachments,
        };
        self.append_message(old.conversation, old.parent, &edited, at)
    }

    /// Gives a conversation a title, or takes it away.
    pub fn rename(&mut self, id: ConversationId, title: Option<&str>) -> Result<(), HistoryError> {
        check_size(title.map_or(0, str::len))?;
        self.change("UPDATE conversation SET title = ?2 WHERE id = ?1", params![id, title])
    }

    /// Pins a conversation to the top of lists, or unpins it.
    pub fn set_pinned(&mut self, id: ConversationId, pinned: bool) -> Result<(), HistoryError> {
        self.change("UPDATE conversation SET pinned = ?2 WHERE id = ?1", params![id, pinned])
    }

    /// Remembers the model chosen for a conversation.
    pub fn set_model(&mut self, id: ConversationId, model: Option<&str>) -> Result<(), HistoryError> {
        self.change("UPDATE conversation SET model = ?2 WHERE id = ?1", params![id, model])
    }

    /// Keeps what the user has typed and not sent; in a conversation, or (none) where there is none yet.
    pub fn save_draft(&mut self, id: Option<ConversationId>, draft: &str) -> Result<(), HistoryError> {
        check_size(draft.len())?;
        let Some(id) = id else {
            let sql = "INSERT INTO loose_text (name, text) VALUES ('draft', ?1)
                       ON CONFLICT (name) DO UPDATE SET text = excluded.text";
            self.conn.execute(sql, [draft])?;
            return Ok(());
        };
        self.change("UPDATE conversation SET draft = ?2 WHERE id = ?1", params![id, draft])
    }

    /// Hides a conversation from lists and searches; [`History::undelete`] brings it back whole.
    pub fn delete(&mut self, id: ConversationId, at: TimestampMs) -> Result<(), HistoryError> {
        self.change("UPDATE conversation SET deleted_at = ?2 WHERE id = ?1", params![id, at])
    }

    /// Takes a deletion back.
    pub fn undelete(&mut self, id: ConversationId) -> Result<(), HistoryError> {
        self.change("UPDATE conversation SET deleted_at = NULL WHERE id = ?1", params![id])
    }

    /// Removes, for good, the conversations deleted before `older_than`, and returns how many. Their bytes are
    /// overwritten in the file; copies made before a migration keep them.
    pub fn purge_deleted(&mut self, older_than: TimestampMs) -> Result<usize, HistoryError> {
        let purged = self.conn.execute("DELETE FROM conversation WHERE deleted_at < ?1", [older_than])?;
        if purged > 0 {
            // The write-ahead log still holds the texts. A reader at work delays this; then the next one does it.
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(purged)
    }

    /// A transaction that takes the write lock at once, so that it never has to give up in the middle.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, HistoryError> {
        Ok(self.conn_mut().transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    fn change(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), HistoryError> {
        match self.conn.prepare_cached(sql)?.execute(params)? {
            0 => Err(HistoryError::CONVERSATION),
            _ => Ok(()),
        }
    }
}

/// What [`insert_message`] sets besides the text.
pub(crate) struct NewRow<'a> {
    pub(crate) role: &'static str,
    pub(crate) state: &'static str,
    pub(crate) model: Option<&'a str>,
    pub(crate) writer: Option<&'a str>,
}

pub(crate) fn check_size(bytes: usize) -> Result<(), HistoryError> {
    if bytes > MAX_TEXT_BYTES { Err(HistoryError::too_large()) } else { Ok(()) }
}

/// Inserts a message and makes it the head.
pub(crate) fn insert_message(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    parent: Option<MessageId>,
    row: &NewRow<'_>,
    text: &str,
    at: TimestampMs,
) -> Result<MessageId, HistoryError> {
    if let Some(parent) = parent
        && conversation_of(tx, parent)? != conversation
    {
        return Err(HistoryError::MESSAGE);
    }
    let id = MessageId::new(at);
    // The head is moved first: it tells a missing conversation apart.
    move_head(tx, conversation, id, at)?;
    tx.prepare_cached(
        "INSERT INTO message (id, conversation, parent, role, state, created, writer, model, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![id, conversation, parent, row.role, row.state, at, row.writer, row.model, text])?;
    tx.prepare_cached("UPDATE message SET last_child = ?2 WHERE id = ?1")?.execute(params![parent, id])?;
    Ok(id)
}

pub(crate) fn move_head(
    conn: &Connection,
    conversation: ConversationId,
    head: MessageId,
    at: TimestampMs,
) -> Result<(), HistoryError> {
    let moved = conn
        .prepare_cached("UPDATE conversation SET head = ?2, updated = ?3 WHERE id = ?1")?
        .execute(params![conversation, head, at])?;
    if moved == 0 { Err(HistoryError::CONVERSATION) } else { Ok(()) }
}

pub(crate) fn conversation_of(conn: &Connection, message: MessageId) -> Result<ConversationId, HistoryError> {
    conn.prepare_cached("SELECT conversation FROM message WHERE id = ?1")?
        .query_row([message], |row| row.get(0))
        .optional()?
        .ok_or(HistoryError::MESSAGE)
}
