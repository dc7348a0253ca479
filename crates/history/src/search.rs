//! Full-text search over titles and messages.
//!
//! The index holds trigrams, so any piece of a word is found, in languages without spaces too. A query is words that
//! must all be there; words between double quotes are one piece. No character of it is an operator: what a user types
//! never is an error.

use std::collections::HashSet;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::reader::summary;
use crate::snippet::fold;
use crate::{ConversationId, ConversationSummary, HistoryError, MessageId, Reader, Snippet};

/// A conversation in which the query was found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The conversation.
    pub conversation: ConversationSummary,
    /// The newest message that matches, which may be on a branch that is not shown; none when the title matches.
    pub message: Option<MessageId>,
    /// A piece of that message or title.
    pub snippet: Snippet,
}

/// What of a query is looked at; more narrows nothing for a person.
const MAX_TERMS: usize = 12;
const MAX_TERM_CHARS: usize = 200;
/// Trigrams looked for in place of a term of one or two characters.
const MAX_EXPANSIONS: u32 = 400;
const SNIPPET_CHARS: usize = 180;
/// As in `schema/v1.sql`.
const INDEXED_CHARS: u32 = 100_000;

impl Reader {
    /// Up to `limit` conversations that have all words of `query` in their title or in one message; titles first, then
    /// the newest message first. Deleted conversations and replies that are still streaming are left out; of a message,
    /// the first 100,000 characters are looked at. An empty query finds nothing.
    pub fn search(&self, query: &str, limit: u32) -> Result<Vec<SearchHit>, HistoryError> {
        let terms = terms(query);
        let mut hits = Vec::new();
        if terms.is_empty() || limit == 0 {
            return Ok(hits);
        }
        let folded: Vec<Vec<char>> = terms.iter().map(|term| term.chars().map(fold).collect()).collect();
        for id in self.matching_titles(&terms, limit)? {
            let conversation = summary(&self.conn, id)?;
            let title = conversation.title.clone().unwrap_or_default();
            let snippet = Snippet::around(&title, &folded, SNIPPET_CHARS);
            hits.push(SearchHit { conversation, message: None, snippet });
        }
        let mut seen: HashSet<ConversationId> = hits.iter().map(|hit| hit.conversation.id).collect();
        let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(hits.len());
        for (message, conversation) in self.matching_messages(&terms, room, &mut seen)? {
            let text: String = self
                .conn
                .prepare_cached("SELECT substr(text, 1, ?2) FROM message WHERE id = ?1")?
                .query_row(params![message, INDEXED_CHARS], |row| row.get(0))?;
            let snippet = Snippet::around(&text, &folded, SNIPPET_CHARS);
            hits.push(SearchHit {
                conversation: summary(&self.conn, conversation)?,
                message: Some(message),
                snippet,
            });
        }
        Ok(hits)
    }

    fn matching_titles(&self, terms: &[String], limit: u32) -> Result<Vec<ConversationId>, HistoryError> {
        let Some(expression) = expression(&self.conn, "conversation_terms", terms)? else {
            return Ok(Vec::new());
        };
        let mut statement = self.conn.prepare_cached(TITLES_SQL)?;
        let rows = statement.query_map(params![expression, limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest matching message of each of `limit` conversations that are not in `seen`.
    fn matching_messages(
        &self,
        terms: &[String],
        limit: usize,
        seen: &mut HashSet<ConversationId>,
    ) -> Result<Vec<(MessageId, ConversationId)>, HistoryError> {
        let mut found = Vec::new();
        let Some(expression) = expression(&self.conn, "message_terms", terms)? else { return Ok(found) };
        let mut statement = self.conn.prepare_cached(MESSAGES_SQL)?;
        let mut rows = statement.query([expression])?;
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let conversation = row.get(1)?;
            if seen.insert(conversation) {
                found.push((row.get(0)?, conversation));
            }
        }
        Ok(found)
    }
}

/// The index is walked from the newest entry on; rows are read only until enough are found.
pub(crate) const MESSAGES_SQL: &str = "
    SELECT m.id, m.conversation
    FROM message_fts f CROSS JOIN message m ON m.seq = f.rowid CROSS JOIN conversation c ON c.id = m.conversation
    WHERE message_fts MATCH ?1 AND c.deleted_at IS NULL ORDER BY f.rowid DESC";
pub(crate) const TITLES_SQL: &str = "
    SELECT c.id FROM conversation_fts f CROSS JOIN conversation c ON c.seq = f.rowid
    WHERE conversation_fts MATCH ?1 AND c.deleted_at IS NULL ORDER BY f.rowid DESC LIMIT ?2";

/// The words of a query, and its pieces between double quotes.
fn terms(query: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for (n, piece) in query.split('"').enumerate() {
        let words: Vec<&str> = piece.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        if n % 2 == 1 && query.matches('"').count() > n {
            terms.push(words.join(" "));
        } else {
            terms.extend(words.into_iter().map(str::to_owned));
        }
    }
    terms.retain(|term| !term.trim().is_empty());
    terms.truncate(MAX_TERMS);
    terms.into_iter().map(|term| term.chars().take(MAX_TERM_CHARS).collect()).collect()
}

/// The query in FTS5's language (<https://sqlite.org/fts5.html#full_text_query_syntax>); none when nothing can match.
fn expression(conn: &Connection, vocabulary: &str, terms: &[String]) -> Result<Option<String>, HistoryError> {
    let mut all = Vec::new();
    for term in terms {
        if term.chars().count() >= 3 {
            all.push(quoted(term));
            continue;
        }
        let any = trigrams_from(conn, vocabulary, term)?;
        if any.is_empty() {
            return Ok(None);
        }
        all.push(format!("({})", any.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" OR ")));
    }
    Ok(Some(all.join(" AND ")))
}

fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}

/// The trigrams of the index that begin with `start`, which is too short to be looked up itself.
fn trigrams_from(conn: &Connection, vocabulary: &str, start: &str) -> Result<Vec<String>, HistoryError> {
    let low: String = start.chars().map(fold).collect();
    let high = format!("{low}{}", char::MAX);
    let sql = format!("SELECT term FROM {vocabulary} WHERE term >= ?1 AND term < ?2 LIMIT ?3");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![low, high, MAX_EXPANSIONS], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
