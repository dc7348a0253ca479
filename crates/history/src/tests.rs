//! The history, on real files.

mod attached;
mod damage;
mod killed;
mod opening;
mod search;
mod transfer;
mod tree;

use tempfile::TempDir;

use crate::{
    Conversation, History, HistoryError, Message, MessageId, NewMessage, OpenOptions, ReplyEnd, TimestampMs,
};

/// A history in a folder of its own, and a clock that moves with every look.
struct Case {
    folder: TempDir,
    history: Option<History>,
    now: i64,
}

impl Case {
    fn new() -> Self {
        let mut case = Self { folder: tempfile::tempdir().unwrap(), history: None, now: 1_000_000 };
        case.reopen();
        case
    }

    fn options(&self) -> OpenOptions {
        OpenOptions::file(self.folder.path().join("history.db"))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn close(&mut self) {
        self.history = None;
    }

    fn reopen(&mut self) {
        self.close();
        self.history = Some(History::open(self.options()).unwrap());
    }

    fn h(&mut self) -> &mut History {
        self.history.as_mut().unwrap()
    }

    fn at(&mut self) -> TimestampMs {
        self.now += 1;
        TimestampMs(self.now)
    }

    fn conversation(&mut self) -> Conversation {
        let at = self.at();
        self.h().create_conversation(None, at).unwrap()
    }

    fn say(&mut self, conversation: &Conversation, parent: Option<MessageId>, text: &str) -> Message {
        let at = self.at();
        self.h().append_message(conversation.id, parent, &NewMessage::user(text), at).unwrap()
    }

    fn reply(&mut self, parent: MessageId, text: &str) -> Message {
        let at = self.at();
        let reply = self.h().begin_reply(parent, Some("model"), at).unwrap();
        self.h().append_reply(reply.id, text, "").unwrap();
        let at = self.at();
        self.h().finish_reply(reply.id, ReplyEnd::Complete, None, at).unwrap();
        self.h().message(reply.id).unwrap()
    }

    /// A conversation with the title and one exchange.
    fn exchange(&mut self, title: &str, question: &str, answer: &str) -> (Conversation, Message, Message) {
        let conversation = self.conversation();
        self.h().rename(conversation.id, Some(title)).unwrap();
        let asked = self.say(&conversation, None, question);
        let answered = self.reply(asked.id, answer);
        (self.h().conversation(conversation.id).unwrap(), asked, answered)
    }

    fn shown(&mut self, conversation: &Conversation) -> Vec<String> {
        self.h().path(conversation.id).unwrap().into_iter().map(|entry| entry.message.text).collect()
    }
}

/// The error of a call that must fail.
fn failure<T>(result: Result<T, HistoryError>) -> HistoryError {
    result.map(drop).unwrap_err()
}
