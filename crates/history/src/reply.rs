//! Replies: begun, saved while they come, ended; made again; and the choice between branches.

use rusqlite::{OptionalExtension, params};

use crate::write::{NewRow, check_size, conversation_of, insert_message, move_head};
use crate::{
    History, HistoryError, Message, MessageId, MessageState, ReplyEnd, Role, TimestampMs, Usage, reader,
};

impl History {
    /// Begins a reply to `parent` and goes on from it. It is streaming until [`History::finish_reply`].
    pub fn begin_reply(
        &mut self,
        parent: MessageId,
        model: Option<&str>,
        at: TimestampMs,
    ) -> Result<Message, HistoryError> {
        let lease = self.lease_name().map(str::to_owned);
        let row =
            NewRow { role: Role::Assistant.name(), state: "streaming", model, writer: lease.as_deref() };
        let tx = self.begin()?;
        let conversation = conversation_of(&tx, parent)?;
        let id = insert_message(&tx, conversation, Some(parent), &row, "", at)?;
        let begun = reader::message(&tx, id)?;
        tx.commit()?;
        Ok(begun)
    }

    /// Adds to a streaming reply. When this returns, the text survives the death of the process (not a power cut).
    ///
    /// It costs as much as writing the reply so far, without search: meant to be called a few times a second.
    pub fn append_reply(&mut self, id: MessageId, text: &str, thinking: &str) -> Result<(), HistoryError> {
        check_size(text.len().max(thinking.len()))?;
        let sql = "UPDATE message SET text = text || ?2, thinking = thinking || ?3
                   WHERE id = ?1 AND state = 'streaming'";
        let changed = self.conn.prepare_cached(sql)?.execute(params![id, text, thinking])?;
        self.streaming(id, changed)
    }

    /// Ends a reply; from now on it is found by searches.
    pub fn finish_reply(
        &mut self,
        id: MessageId,
        end: ReplyEnd,
        usage: Option<&Usage>,
        at: TimestampMs,
    ) -> Result<(), HistoryError> {
        let state = MessageState::from(end);
        let usage =
            usage.map(serde_json::to_string).transpose().map_err(|_| HistoryError::Sqlite { code: 0 })?;
        let tx = self.begin()?;
        let changed = tx
            .prepare_cached(
                "UPDATE message SET state = ?2, reason = ?3, usage = ?4, writer = NULL
                 WHERE id = ?1 AND state = 'streaming'",
            )?
            .execute(params![id, state.name(), state.reason(), usage])?;
        if changed > 0 {
            let sql = "UPDATE conversation SET updated = ?2
                       WHERE id = (SELECT conversation FROM message WHERE id = ?1)";
            tx.prepare_cached(sql)?.execute(params![id, at])?;
        }
        tx.commit()?;
        self.streaming(id, changed)
    }

    /// Begins another reply beside an assistant's `message`; to any other message, begins a reply below it.
    pub fn regenerate(
        &mut self,
        message: MessageId,
        model: Option<&str>,
        at: TimestampMs,
    ) -> Result<Message, HistoryError> {
        let old = self.message(message)?;
        let parent = if old.role == Role::Assistant { old.parent } else { Some(old.id) };
        self.begin_reply(parent.ok_or(HistoryError::MESSAGE)?, model, at)
    }

    /// Shows the branch that goes through `message`: the head becomes the leaf below it that was last shown, or else
    /// the newest. Returns the new head.
    pub fn switch_branch(&mut self, message: MessageId, at: TimestampMs) -> Result<MessageId, HistoryError> {
        let tx = self.begin()?;
        let conversation = conversation_of(&tx, message)?;
        let leaf: MessageId = tx
            .prepare_cached(
                "WITH RECURSIVE down (id, depth) AS (
                     SELECT ?1, 0
                     UNION ALL
                     SELECT coalesce(m.last_child, (SELECT c.id FROM message c WHERE c.parent = m.id ORDER BY c.seq DESC)),
                            depth + 1
                     FROM down JOIN message m ON m.id = down.id)
                 SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1",
            )?
            .query_row([message], |row| row.get(0))
            .optional()?
            .ok_or(HistoryError::MESSAGE)?;
        tx.prepare_cached(
            "WITH RECURSIVE up (id, parent) AS (
                 SELECT id, parent FROM message WHERE id = ?1
                 UNION ALL
                 SELECT m.id, m.parent FROM up JOIN message m ON m.id = up.parent)
             UPDATE message SET last_child = up.id FROM up WHERE message.id = up.parent",
        )?
        .execute([leaf])?;
        move_head(&tx, conversation, leaf, at)?;
        tx.commit()?;
        Ok(leaf)
    }

    fn streaming(&self, id: MessageId, changed: usize) -> Result<(), HistoryError> {
        if changed > 0 {
            return Ok(());
        }
        conversation_of(&self.conn, id)?;
        Err(HistoryError::NotStreaming)
    }
}
