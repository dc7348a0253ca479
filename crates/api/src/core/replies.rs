//! Replies: one at a time in a conversation, what is typed meanwhile waits, and what is said is saved as it comes.

use dialogue::prompt::assemble_shown;
use dialogue::title::title_of;
use engine::{EngineError, GenerateRequest, JobError};
use history::{
    Attachment, AttachmentKind, ConversationId, History, MessageId, NewMessage, Role, TimestampMs,
};
use session::{Outcome, ReplyEnd, engine_messages};
use tokio_util::sync::CancellationToken;

use super::Core;
use super::choice::{Chosen, Source};
use super::convert::{conversation_id, kept_reason, kept_usage, message_id, reply_end};
use super::reply_task::{Reply, make_ready};
use crate::contract::{ApiError, EditMessage, EngineView, ErrorCode, OneMessage, Send, Sent, UiEventBody};

/// A reply that is being made.
pub(crate) struct Running {
    /// Which message.
    pub(crate) message: MessageId,
    /// Told and not saved.
    pub(crate) unsaved: Unsaved,
    cancel: CancellationToken,
}

#[derive(Default)]
pub(crate) struct Unsaved {
    pub(crate) answer: String,
    pub(crate) thinking: String,
}

impl Running {
    pub(crate) fn new(message: MessageId, cancel: CancellationToken) -> Self {
        Self { message, unsaved: Unsaved::default(), cancel }
    }
}

impl Unsaved {
    fn write_down(&mut self, history: &mut History, message: MessageId) -> Result<(), ApiError> {
        if !(self.answer.is_empty() && self.thinking.is_empty()) {
            history.append_reply(message, &self.answer, &self.thinking)?;
            *self = Self::default();
        }
        Ok(())
    }
}

/// A reply that has ended and is not in the history as it should be, because that could not be written.
pub(crate) struct Ended {
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    pub(crate) unsaved: Unsaved,
    pub(crate) end: history::ReplyEnd,
    pub(crate) usage: Option<history::Usage>,
}

impl Ended {
    fn write_down(&mut self, history: &mut History, at: TimestampMs) -> Result<(), ApiError> {
        self.unsaved.write_down(history, self.message)?;
        Ok(history.finish_reply(self.message, self.end.clone(), self.usage.as_ref(), at)?)
    }
}

impl Core {
    pub(crate) fn send(&mut self, args: Send) -> Result<Sent, ApiError> {
        let attachments = self.attached(&args.attachments)?;
        if args.text.trim().is_empty() && attachments.is_empty() {
            return Err(ApiError::new(ErrorCode::BadRequest, "There is nothing to send."));
        }
        let id = if let Some(id) = args.conversation.as_deref() {
            conversation_id(id)?
        } else {
            let now = self.now();
            let id = self.history.create_conversation(None, now)?.id;
            self.adopt(id);
            id
        };
        let queued = self.running.contains_key(&id) && !self.is_spoken(id);
        if self.is_spoken(id) {
            if args.text.trim().is_empty() {
                let words = "In a spoken conversation, write a few words with the file.";
                return Err(ApiError::new(ErrorCode::BadRequest, words));
            }
            let name = self.chosen(id)?.name;
            if attachments.iter().any(is_picture) && self.is_blind(&name) {
                return Err(self.cannot_see(&name));
            }
            self.say_typed(args.text, attachments);
        } else if queued {
            self.enqueue(id, args.text, attachments);
        } else {
            self.say(id, &args.text, attachments)?;
        }
        // The draft became the message. A failure here costs nothing: the text is in the history.
        let _ = self.history.save_draft(args.conversation.as_deref().map(|_| id), "");
        Ok(Sent { conversation: id.to_string(), queued })
    }

    /// Adds a message of the user's and begins the reply.
    pub(super) fn say(
        &mut self,
        id: ConversationId,
        text: &str,
        files: Vec<Attachment>,
    ) -> Result<(), ApiError> {
        self.write_down_ended();
        let conversation = self.history.conversation(id)?;
        let now = self.now();
        let words = if text.trim().is_empty() { files.first().map_or(text, |file| &file.name) } else { text };
        let words = words.to_owned();
        let question = NewMessage::user(text).with(files);
        let message = self.history.append_message(id, conversation.head, &question, now)?;
        self.give_title(id, conversation.title.as_deref(), &words)?;
        self.begin(id, message.id, conversation.head)
    }

    /// A conversation without a title gets one from its first words.
    pub(crate) fn give_title(
        &mut self,
        id: ConversationId,
        title: Option<&str>,
        text: &str,
    ) -> Result<(), ApiError> {
        if title.is_none() {
            let title = title_of(text);
            self.history.rename(id, Some(title.as_str()).filter(|title| !title.is_empty()))?;
        }
        Ok(())
    }

    pub(crate) fn edit(&mut self, args: &EditMessage) -> Result<(), ApiError> {
        let (id, message) = (conversation_id(&args.conversation)?, message_id(&args.message)?);
        self.cut_off(id);
        let now = self.now();
        let edited = self.history.edit(message, &args.text, now)?;
        self.begin(id, edited.id, edited.parent)?;
        self.spoken_turns_changed(id);
        Ok(())
    }

    pub(crate) fn regenerate(&mut self, args: &OneMessage) -> Result<(), ApiError> {
        let (id, message) = (conversation_id(&args.conversation)?, message_id(&args.message)?);
        self.cut_off(id);
        let message = self.history.message(message)?;
        let question = if message.role == Role::User { Some(message.id) } else { message.parent };
        let question =
            question.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "There is no question to answer."))?;
        self.begin(id, question, Some(question))?;
        self.spoken_turns_changed(id);
        Ok(())
    }

    pub(crate) fn switch_branch(&mut self, args: &OneMessage) -> Result<(), ApiError> {
        let (id, message) = (conversation_id(&args.conversation)?, message_id(&args.message)?);
        let now = self.now();
        self.history.switch_branch(message, now)?;
        let parent = self.history.message(message)?.parent.map(|parent| parent.to_string());
        self.tell_path(id, parent.as_deref())?;
        self.spoken_turns_changed(id);
        Ok(())
    }

    /// Begins the reply to `question`, and tells the branch from `shown` on.
    fn begin(
        &mut self,
        id: ConversationId,
        question: MessageId,
        shown: Option<MessageId>,
    ) -> Result<(), ApiError> {
        let chosen = self.chosen(id);
        let name = chosen.as_ref().ok().map(|chosen| chosen.name.clone());
        let now = self.now();
        let message = self.history.begin_reply(question, name.as_deref(), now)?.id;
        let with_picture = self.history.message(question)?.attachments.iter().any(is_picture);
        let begun = chosen.and_then(|chosen| Ok((chosen, self.request(id, message)?)));
        let shown = shown.map(|shown| shown.to_string());
        match begun {
            Ok((chosen, request)) => {
                let cancel = CancellationToken::new();
                self.running.insert(id, Running::new(message, cancel.clone()));
                self.tell_path(id, shown.as_deref())?;
                let reader = self.documents.text_reader(&self.models.store);
                let reply = Reply { id, message, ops: self.ops.clone(), cancel, reader, shows: with_picture };
                self.runtime.spawn(reply.run(self.servers.clone(), chosen, request));
            }
            Err(error) => {
                let end = history::ReplyEnd::Failed { reason: kept_reason(&error) };
                self.history.finish_reply(message, end, None, now)?;
                self.tell_path(id, shown.as_deref())?;
            }
        }
        self.tell_changed(id)
    }

    fn request(&self, id: ConversationId, reply: MessageId) -> Result<GenerateRequest, ApiError> {
        let turns = self.shown_turns(id, Some(reply))?;
        let (prompt, media): (Vec<_>, Vec<_>) =
            assemble_shown(&self.config.system_prompt(), turns).into_iter().unzip();
        let mut messages = engine_messages(prompt);
        for (message, media) in messages.iter_mut().zip(media) {
            message.media = media;
        }
        Ok(self.config.generate_request(messages))
    }

    /// Makes the conversation's model ready before it is asked.
    pub(crate) fn warm_up(&mut self, id: Option<ConversationId>) {
        let chosen = match id {
            Some(id) => self.chosen(id),
            None => self.chosen_by_default(),
        };
        let Ok(Chosen { name, model: Source::Local(model) }) = chosen else { return };
        if matches!(&self.engine, EngineView::Loading { .. } | EngineView::Down { .. })
            || matches!(&self.engine, EngineView::Ready { model, .. } if *model == name)
        {
            return;
        }
        self.set_engine(EngineView::Loading { model: name.clone(), progress: 0.0 });
        let ops = self.ops.clone();
        self.runtime.spawn(async move {
            // A failure is told as the engine's state here, and on the message when one is sent.
            let _ = make_ready(&ops, &name, model.as_ref()).await;
        });
    }

    pub(crate) fn on_said(&mut self, id: ConversationId, message: MessageId, answer: &str, thinking: &str) {
        let Some(running) = self.running.get_mut(&id).filter(|running| running.message == message) else {
            return;
        };
        running.unsaved.answer.push_str(answer);
        running.unsaved.thinking.push_str(thinking);
        self.tell(UiEventBody::Delta {
            conversation: id.to_string(),
            message: message.to_string(),
            text: answer.to_owned(),
            thinking: thinking.to_owned(),
        });
    }

    /// Saves what was said. What cannot be saved now is kept and tried again; the user is told.
    pub(crate) fn save(&mut self, id: ConversationId, message: MessageId) {
        let Some(running) = self.running.get_mut(&id).filter(|running| running.message == message) else {
            return;
        };
        match running.unsaved.write_down(&mut self.history, message) {
            Ok(()) => self.write_down_ended(),
            Err(error) => self.notice("save", error),
        }
    }

    pub(crate) fn on_ended(&mut self, id: ConversationId, message: MessageId, outcome: &Outcome) {
        if self.running.get(&id).is_none_or(|running| running.message != message) {
            return;
        }
        let end = match &outcome.end {
            ReplyEnd::Failed(EngineError::Job(JobError::CannotSee { model })) => {
                history::ReplyEnd::Failed { reason: kept_reason(&self.cannot_see(model)) }
            }
            end => reply_end(end),
        };
        self.finish(id, message, end, kept_usage(outcome));
        let after = match &outcome.end {
            // What waits would only fail too: it goes back to where it can be read and changed.
            ReplyEnd::Failed(_) => self.back_to_draft(id),
            _ => self.say_next(id),
        };
        if let Err(error) = after {
            self.notice("queue", error);
        }
    }

    /// Ends a running reply in the history and in every view. What cannot be written now (a full disk) stays on the
    /// screen all the same, and is written as soon as there is room.
    pub(crate) fn finish(
        &mut self,
        id: ConversationId,
        message: MessageId,
        end: history::ReplyEnd,
        usage: Option<history::Usage>,
    ) {
        let Some(running) = self.running.remove(&id) else { return };
        self.ended.push(Ended { conversation: id, message, unsaved: running.unsaved, end, usage });
        self.write_down_ended();
        let shown = self.tell_message(id, message).and_then(|()| self.tell_changed(id));
        if let Err(error) = shown {
            self.notice("history", error);
        }
    }

    /// Writes down replies that have ended and are not in the history as they should be.
    pub(crate) fn write_down_ended(&mut self) {
        let now = self.now();
        let mut problem = None;
        let mut left = std::mem::take(&mut self.ended);
        left.retain_mut(|ended| {
            problem = ended.write_down(&mut self.history, now).err();
            problem.is_some()
        });
        self.ended = left;
        match problem {
            Some(error) => self.notice("save", error),
            None => self.dismiss("save"),
        }
    }

    pub(crate) fn stop(&mut self, id: &str) -> Result<(), ApiError> {
        self.stop_reply(conversation_id(id)?);
        Ok(())
    }

    /// Asks a running reply to stop; it ends within a token's time.
    pub(crate) fn stop_reply(&mut self, id: ConversationId) {
        if self.is_spoken(id) {
            self.hush();
        }
        if let Some(running) = self.running.get(&id) {
            running.cancel.cancel();
        }
    }

    /// Ends a running reply at once, because something else is to take its place.
    fn cut_off(&mut self, id: ConversationId) {
        self.stop_reply(id);
        self.make_room(id);
    }

    /// Ends a running reply for a spoken one, which its conversation has begun already.
    pub(crate) fn make_room(&mut self, id: ConversationId) {
        if let Some(running) = self.running.get(&id) {
            running.cancel.cancel();
            let message = running.message;
            self.finish(id, message, history::ReplyEnd::Stopped, None);
        }
    }

    pub(crate) fn stop_all(&mut self) {
        self.end_voice();
        let running: Vec<_> = self.running.iter().map(|(id, running)| (*id, running.message)).collect();
        for (id, message) in running {
            self.stop_reply(id);
            self.finish(id, message, history::ReplyEnd::Interrupted, None);
        }
        self.write_down_ended();
    }
}

fn is_picture(file: &Attachment) -> bool {
    matches!(file.kind, AttachmentKind::Picture { .. })
}
