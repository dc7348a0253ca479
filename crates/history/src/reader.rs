//! Reading: single conversations and messages, the shown path, lists.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::attachment::{of_conversation, of_message};
use crate::{
    Conversation, ConversationId, ConversationSummary, HistoryError, ListCursor, ListPage, Message,
    MessageId, MessageState, PathEntry, Role, Snippet, TimestampMs,
};

/// A connection to a history that is read from. `Send`; make one for each thread that reads
/// ([`crate::History::reader`]).
pub struct Reader {
    pub(crate) conn: Connection,
}

/// Characters of a message that its conversation's summary shows.
const SUMMARY_CHARS: usize = 160;

const CONVERSATION_COLUMNS: &str =
    "c.id, c.title, c.pinned, c.created, c.updated, c.draft, c.head, c.model, c.deleted_at";
const MESSAGE_COLUMNS: &str = "m.id, m.conversation, m.parent, m.role, m.state, m.reason, m.model, m.created, m.usage, \
                               m.text, m.thinking";
const SUMMARY_COLUMNS: &str = "c.seq, c.id, c.title, c.pinned, c.created, c.updated, c.deleted_at, c.model, \
                               (SELECT substr(m.text, 1, 400) FROM message m WHERE m.id = c.head)";

impl Reader {
    /// One conversation, deleted or not.
    pub fn conversation(&self, id: ConversationId) -> Result<Conversation, HistoryError> {
        self.conn
            .prepare_cached(&format!("SELECT {CONVERSATION_COLUMNS} FROM conversation c WHERE c.id = ?1"))?
            .query_row([id], read_conversation)
            .optional()?
            .ok_or(HistoryError::CONVERSATION)
    }

    /// One message.
    pub fn message(&self, id: MessageId) -> Result<Message, HistoryError> {
        message(&self.conn, id)
    }

    /// One conversation as lists show it.
    pub fn summary(&self, id: ConversationId) -> Result<ConversationSummary, HistoryError> {
        summary(&self.conn, id)
    }

    /// All messages of a conversation, every branch, in the order they were begun: a parent comes before its children.
    pub fn messages(&self, conversation: ConversationId) -> Result<Vec<Message>, HistoryError> {
        self.conversation(conversation)?;
        let sql = format!("SELECT {MESSAGE_COLUMNS} FROM message m WHERE m.conversation = ?1 ORDER BY m.seq");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut messages: Vec<Message> =
            statement.query_map([conversation], read_message)?.collect::<Result<_, _>>()?;
        self.attach(conversation, messages.iter_mut())?;
        Ok(messages)
    }

    /// What is shown: the messages from the first one to the head, each with its alternatives.
    pub fn path(&self, conversation: ConversationId) -> Result<Vec<PathEntry>, HistoryError> {
        self.conversation(conversation)?;
        let sql = format!(
            "WITH RECURSIVE shown (id, depth) AS (
                 SELECT head, 0 FROM conversation WHERE id = ?1 AND head IS NOT NULL
                 UNION ALL
                 SELECT m.parent, depth + 1 FROM shown JOIN message m ON m.id = shown.id WHERE m.parent IS NOT NULL)
             SELECT {MESSAGE_COLUMNS} FROM shown CROSS JOIN message m ON m.id = shown.id ORDER BY depth DESC"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut shown: Vec<Message> =
            statement.query_map([conversation], read_message)?.collect::<Result<_, _>>()?;
        self.attach(conversation, shown.iter_mut())?;
        let families = self.families(conversation)?;
        let entry = |message: Message| {
            let siblings = families.get(&message.parent).cloned().unwrap_or_default();
            let position = siblings.iter().position(|id| *id == message.id).unwrap_or(0);
            PathEntry { message, siblings, position }
        };
        Ok(shown.into_iter().map(entry).collect())
    }

    /// Gives messages of a conversation what is attached to them.
    fn attach<'a>(
        &self,
        conversation: ConversationId,
        messages: impl Iterator<Item = &'a mut Message>,
    ) -> Result<(), HistoryError> {
        let mut attached = of_conversation(&self.conn, conversation)?;
        for message in messages {
            message.attachments = attached.remove(&message.id).unwrap_or_default();
        }
        Ok(())
    }

    /// The children of each message (of none: the first messages), oldest first.
    fn families(
        &self,
        conversation: ConversationId,
    ) -> Result<HashMap<Option<MessageId>, Vec<MessageId>>, HistoryError> {
        let sql = "SELECT parent, id FROM message WHERE conversation = ?1 ORDER BY parent, seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([conversation])?;
        let mut families: HashMap<Option<MessageId>, Vec<MessageId>> = HashMap::new();
        while let Some(row) = rows.next()? {
            families.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(families)
    }

    /// A page of the conversations that are not deleted: pinned first, then the most recently moved.
    ///
    /// A conversation that moves between two pages may be seen twice or not at all.
    pub fn list(&self, after: Option<ListCursor>, limit: u32) -> Result<ListPage, HistoryError> {
        let mut statement = self.conn.prepare_cached(&list_sql())?;
        // Greater than every row, so that the first page needs no statement of its own.
        let from =
            after.unwrap_or(ListCursor { pinned: true, updated: TimestampMs(i64::MAX), seq: i64::MAX });
        let rows = statement.query_map(params![from.pinned, from.updated, from.seq, limit], read_summary)?;
        let rows: Vec<(i64, ConversationSummary)> = rows.collect::<Result<_, _>>()?;
        let full = rows.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = rows.last().filter(|_| full).map(|(seq, last)| ListCursor {
            pinned: last.pinned,
            updated: last.updated,
            seq: *seq,
        });
        Ok(ListPage { conversations: rows.into_iter().map(|(_, summary)| summary).collect(), next })
    }

    /// The deleted conversations that are not yet purged, the last deleted first.
    pub fn deleted(&self, limit: u32) -> Result<Vec<ConversationSummary>, HistoryError> {
        let sql = format!(
            "SELECT {SUMMARY_COLUMNS} FROM conversation c WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC LIMIT ?1"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([limit], read_summary)?;
        Ok(rows.map(|row| row.map(|(_, summary)| summary)).collect::<Result<_, _>>()?)
    }

    /// What the user has typed and not sent where there is no conversation yet.
    pub fn loose_draft(&self) -> Result<String, HistoryError> {
        let sql = "SELECT text FROM loose_text WHERE name = 'draft'";
        Ok(self.conn.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or_default())
    }
}

pub(crate) fn list_sql() -> String {
    format!(
        "SELECT {SUMMARY_COLUMNS} FROM conversation c
         WHERE deleted_at IS NULL AND (pinned, updated, seq) < (?1, ?2, ?3)
         ORDER BY pinned DESC, updated DESC, seq DESC LIMIT ?4"
    )
}

pub(crate) fn message(conn: &Connection, id: MessageId) -> Result<Message, HistoryError> {
    let mut found = conn
        .prepare_cached(&format!("SELECT {MESSAGE_COLUMNS} FROM message m WHERE m.id = ?1"))?
        .query_row([id], read_message)
        .optional()?
        .ok_or(HistoryError::MESSAGE)?;
    found.attachments = of_message(conn, id)?;
    Ok(found)
}

pub(crate) fn summary(conn: &Connection, id: ConversationId) -> Result<ConversationSummary, HistoryError> {
    conn.prepare_cached(&format!("SELECT {SUMMARY_COLUMNS} FROM conversation c WHERE c.id = ?1"))?
        .query_row([id], read_summary)
        .optional()?
        .map(|(_, summary)| summary)
        .ok_or(HistoryError::CONVERSATION)
}

fn read_conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        title: row.get(1)?,
        pinned: row.get(2)?,
        created: row.get(3)?,
        updated: row.get(4)?,
        draft: row.get(5)?,
        head: row.get(6)?,
        model: row.get(7)?,
        deleted_at: row.get(8)?,
    })
}

fn read_summary(row: &Row<'_>) -> rusqlite::Result<(i64, ConversationSummary)> {
    let last: Option<String> = row.get(8)?;
    let summary = ConversationSummary {
        id: row.get(1)?,
        title: row.get(2)?,
        pinned: row.get(3)?,
        created: row.get(4)?,
        updated: row.get(5)?,
        deleted_at: row.get(6)?,
        model: row.get(7)?,
        snippet: Snippet::beginning(&last.unwrap_or_default(), SUMMARY_CHARS).text,
    };
    Ok((row.get(0)?, summary))
}

/// A message without what is attached to it.
fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    // What the schema's checks exclude can only be damage.
    let damaged =
        |column| rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text);
    let usage: Option<String> = row.get(8)?;
    Ok(Message {
        id: row.get(0)?,
        conversation: row.get(1)?,
        parent: row.get(2)?,
        role: Role::named(row.get_ref(3)?.as_str()?).ok_or_else(|| damaged(3))?,
        state: MessageState::named(row.get_ref(4)?.as_str()?, row.get(5)?).ok_or_else(|| damaged(4))?,
        model: row.get(6)?,
        created: row.get(7)?,
        usage: usage.map(|json| serde_json::from_str(&json)).transpose().map_err(|_| damaged(8))?,
        text: row.get(9)?,
        thinking: row.get(10)?,
        attachments: Vec::new(),
    })
}
