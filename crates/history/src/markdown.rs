//! A conversation as a Markdown document: what is shown, without the other branches.

use std::fmt::Write;

use crate::{ConversationId, HistoryError, Message, MessageState, Reader, Role};

/// The words of a Markdown export, in the user's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkdownWords {
    /// In place of a missing title.
    pub untitled: String,
    /// The heading over what the user said.
    pub user: String,
    /// The heading over what a model said; the model's name follows in parentheses.
    pub assistant: String,
    /// The heading over what Hark said.
    pub notice: String,
    /// Under a reply that is still being written.
    pub streaming: String,
    /// Under a reply that was cut off.
    pub interrupted: String,
    /// Under a reply that failed; the reason follows.
    pub failed: String,
    /// Under a reply that the user stopped.
    pub stopped: String,
}

/// English.
impl Default for MarkdownWords {
    fn default() -> Self {
        Self {
            untitled: "Untitled conversation".to_owned(),
            user: "You".to_owned(),
            assistant: "Assistant".to_owned(),
            notice: "Hark".to_owned(),
            streaming: "This reply is still being written.".to_owned(),
            interrupted: "This reply was interrupted.".to_owned(),
            failed: "This reply failed:".to_owned(),
            stopped: "This reply was stopped.".to_owned(),
        }
    }
}

impl Reader {
    /// The shown path as Markdown: a heading for each speaker, a quoted line under a reply that did not end well.
    pub fn export_markdown(&self, id: ConversationId, words: &MarkdownWords) -> Result<String, HistoryError> {
        let title = self.conversation(id)?.title.unwrap_or_else(|| words.untitled.clone());
        let mut document = format!("# {}\n", one_line(&title));
        for entry in self.path(id)? {
            write_message(&mut document, &entry.message, words);
        }
        Ok(document)
    }
}

fn write_message(document: &mut String, message: &Message, words: &MarkdownWords) {
    let speaker = match (message.role, &message.model) {
        (Role::User, _) => words.user.clone(),
        (Role::Notice, _) => words.notice.clone(),
        (Role::Assistant, None) => words.assistant.clone(),
        (Role::Assistant, Some(model)) => format!("{} ({})", words.assistant, one_line(model)),
    };
    // Writing to a string cannot fail.
    let _ = write!(document, "\n## {speaker}\n\n");
    for attachment in &message.attachments {
        let _ = write!(document, "*{}*\n\n", one_line(&attachment.name));
    }
    let text = message.text.trim_end();
    if !text.is_empty() {
        let _ = writeln!(document, "{text}");
        close_fence(document, text);
    }
    let mark = match &message.state {
        MessageState::Complete => return,
        MessageState::Streaming => words.streaming.clone(),
        MessageState::Interrupted => words.interrupted.clone(),
        MessageState::Stopped => words.stopped.clone(),
        MessageState::Failed { reason } => format!("{} {}", words.failed, one_line(reason)),
    };
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(document, "{gap}> *{mark}*");
}

/// A reply that was cut off within a code block must not swallow the rest of the document.
fn close_fence(document: &mut String, text: &str) {
    let mut open: Option<&str> = None;
    for line in text.lines().map(str::trim_start) {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match open {
            None if ticks >= 3 => open = line.get(..ticks),
            Some(fence) if ticks >= fence.len() && line.trim_end().len() == ticks => open = None,
            _ => {}
        }
    }
    if let Some(fence) = open {
        let _ = writeln!(document, "{fence}");
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
