//! Messages that wait for the reply before them.

use history::{Attachment, ConversationId, MessageId};

use super::Core;
use super::attached::attachment_view;
use super::convert::conversation_id;
use crate::contract::{ApiError, QueuedView, UiEventBody};

/// A message that waits for the reply before it.
pub(crate) struct Waiting {
    id: String,
    text: String,
    attachments: Vec<Attachment>,
}

impl Waiting {
    /// Whether this file is to go with it.
    pub(crate) fn has(&self, content: &str) -> bool {
        self.attachments.iter().any(|it| it.content == content)
    }
}

impl Core {
    pub(super) fn enqueue(&mut self, id: ConversationId, text: String, attachments: Vec<Attachment>) {
        let now = self.now();
        let waiting = Waiting { id: MessageId::new(now).to_string(), text, attachments };
        self.waiting.entry(id).or_default().push(waiting);
        self.tell_queue(id);
    }

    /// Sends the oldest.
    pub(super) fn say_next(&mut self, id: ConversationId) -> Result<(), ApiError> {
        let Some(waiting) = self.waiting.get_mut(&id).filter(|waiting| !waiting.is_empty()) else {
            return Ok(());
        };
        let next = waiting.remove(0);
        self.tell_queue(id);
        self.say(id, &next.text, next.attachments)
    }

    /// Gives all of them back as a draft, with their files.
    pub(super) fn back_to_draft(&mut self, id: ConversationId) -> Result<(), ApiError> {
        let Some(waiting) = self.waiting.remove(&id).filter(|waiting| !waiting.is_empty()) else {
            return Ok(());
        };
        let attachments = waiting.iter().flat_map(|one| &one.attachments).map(attachment_view).collect();
        let mut texts: Vec<String> = waiting.into_iter().map(|waiting| waiting.text).collect();
        let draft = self.history.conversation(id)?.draft;
        texts.push(draft);
        texts.retain(|text| !text.is_empty());
        let draft = texts.join("\n\n");
        self.history.save_draft(Some(id), &draft)?;
        self.tell_queue(id);
        self.tell(UiEventBody::Draft { conversation: id.to_string(), text: draft, attachments });
        Ok(())
    }

    pub(crate) fn take_back(&mut self, id: &str, queued: &str) -> Result<(), ApiError> {
        let id = conversation_id(id)?;
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.retain(|one| one.id != queued);
        }
        self.tell_queue(id);
        Ok(())
    }

    pub(crate) fn queue_view(&self, id: ConversationId) -> Vec<QueuedView> {
        let waiting = self.waiting.get(&id).map(Vec::as_slice).unwrap_or_default();
        let view = |one: &Waiting| QueuedView {
            id: one.id.clone(),
            text: one.text.clone(),
            attachments: one.attachments.iter().map(attachment_view).collect(),
        };
        waiting.iter().map(view).collect()
    }

    fn tell_queue(&mut self, id: ConversationId) {
        let queue = self.queue_view(id);
        self.tell(UiEventBody::Queue { conversation: id.to_string(), queue });
    }
}
