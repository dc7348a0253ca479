//! What messages have attached. The files are kept elsewhere, under the names that are kept here.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::{ConversationId, History, HistoryError, MessageId, Reader};

/// A file attached to a message. `Debug` leaves out its name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The name of the kept file: that of its content, opaque here.
    pub content: String,
    /// What it was called, for people and models; may be empty.
    pub name: String,
    /// For example `image/png`.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// What it is.
    #[serde(flatten)]
    pub kind: AttachmentKind,
}

/// What an attached file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttachmentKind {
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

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment")
            .field("kind", &self.kind)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str = "a.message, a.content, a.name, a.media_type, a.bytes, a.kind, a.width, a.height";

impl Reader {
    /// The names of all files that a message has, those of deleted conversations that can still come back included.
    pub fn attached(&self) -> Result<BTreeSet<String>, HistoryError> {
        let mut statement = self.conn.prepare_cached("SELECT DISTINCT content FROM attachment")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Whether any message has this file.
    pub fn is_attached(&self, content: &str) -> Result<bool, HistoryError> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM attachment WHERE content = ?1")?.exists([content])?)
    }
}

impl History {
    /// Adds files to a message, after those that it has; one that it has already is not added again.
    pub fn attach(&mut self, message: MessageId, files: &[Attachment]) -> Result<(), HistoryError> {
        let tx = self.begin()?;
        let there = of_message(&tx, message)?;
        let is_new = |file: &&Attachment| there.iter().all(|known| known.content != file.content);
        let new: Vec<_> = files.iter().filter(is_new).cloned().collect();
        insert_from(&tx, message, there.len(), &new)?;
        Ok(tx.commit()?)
    }
}

/// Those of one message.
pub(crate) fn of_message(conn: &Connection, id: MessageId) -> Result<Vec<Attachment>, HistoryError> {
    let sql = format!("SELECT {COLUMNS} FROM attachment a WHERE a.message = ?1 ORDER BY a.position");
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_map([id], read)?.map(|row| row.map(|(_, attachment)| attachment));
    Ok(found.collect::<Result<_, _>>()?)
}

/// Those of all messages of a conversation.
pub(crate) fn of_conversation(
    conn: &Connection,
    id: ConversationId,
) -> Result<HashMap<MessageId, Vec<Attachment>>, HistoryError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM message m CROSS JOIN attachment a ON a.message = m.id
         WHERE m.conversation = ?1 ORDER BY a.message, a.position"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
    for row in statement.query_map([id], read)? {
        let (message, attachment) = row?;
        found.entry(message).or_default().push(attachment);
    }
    Ok(found)
}

pub(crate) fn insert(
    tx: &Transaction<'_>,
    message: MessageId,
    attachments: &[Attachment],
) -> Result<(), HistoryError> {
    insert_from(tx, message, 0, attachments)
}

/// Those before `position` are there.
fn insert_from(
    tx: &Transaction<'_>,
    message: MessageId,
    position: usize,
    attachments: &[Attachment],
) -> Result<(), HistoryError> {
    let first = u32::try_from(position).unwrap_or(u32::MAX);
    let mut statement = tx.prepare_cached(
        "INSERT INTO attachment (message, position, content, name, media_type, bytes, kind, width, height)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (position, it) in (first..).zip(attachments) {
        let (kind, width, height) = match it.kind {
            AttachmentKind::Picture { width, height } => ("picture", Some(width), Some(height)),
            AttachmentKind::Text => ("text", None, None),
        };
        // Sizes are those of files that were held in memory.
        let bytes = i64::try_from(it.bytes).unwrap_or(i64::MAX);
        statement.execute(params![
            message,
            position,
            it.content,
            it.name,
            it.media_type,
            bytes,
            kind,
            width,
            height
        ])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<(MessageId, Attachment)> {
    let kind = match row.get_ref(5)?.as_str()? {
        "picture" => AttachmentKind::Picture { width: row.get(6)?, height: row.get(7)? },
        _ => AttachmentKind::Text,
    };
    let bytes: i64 = row.get(4)?;
    let attachment = Attachment {
        content: row.get(1)?,
        name: row.get(2)?,
        media_type: row.get(3)?,
        bytes: u64::try_from(bytes).unwrap_or(0),
        kind,
    };
    Ok((row.get(0)?, attachment))
}
