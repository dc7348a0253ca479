//! Commands about conversations.

use std::path::PathBuf;

use history::{ConversationId, ImportLimits, ListCursor, MarkdownWords, MessageId};

use super::Core;
use super::convert::{conversation_id, details, path_view, state_view, summary_view, utf16_ranges};
use super::replies::{Ended, Unsaved};
use crate::contract::{
    ApiError, ConversationPage, ConversationSummary, ConversationView, ErrorCode, ExportFormat,
    ListConversations, MessageView, SaveDraft, UiEventBody,
};

impl Core {
    pub(crate) fn list(&mut self, args: &ListConversations) -> Result<ConversationPage, ApiError> {
        let limit = args.limit.clamp(1, 200);
        if !args.query.trim().is_empty() {
            let hits = self.history.search(&args.query, limit)?;
            let items = hits.iter().map(|hit| {
                let summary =
                    summary_view(&hit.conversation, self.running.contains_key(&hit.conversation.id));
                // A hit in the title needs no second copy of the title below it.
                let Some(_) = hit.message else { return summary };
                let matches = utf16_ranges(&hit.snippet.text, &hit.snippet.matches);
                ConversationSummary { snippet: hit.snippet.text.clone(), matches, ..summary }
            });
            return Ok(ConversationPage { items: items.collect(), next: None });
        }
        let cursor = args.cursor.as_deref().map(serde_json::from_str::<ListCursor>).transpose();
        let cursor = cursor.map_err(|_| ApiError::new(ErrorCode::BadRequest, "That page is not known."))?;
        let page = self.history.list(cursor, limit)?;
        let items = page.conversations.iter();
        Ok(ConversationPage {
            items: items.map(|one| summary_view(one, self.running.contains_key(&one.id))).collect(),
            next: page.next.and_then(|next| serde_json::to_string(&next).ok()),
        })
    }

    pub(crate) fn open_conversation(&mut self, id: &str) -> Result<ConversationView, ApiError> {
        let id = conversation_id(id)?;
        if !self.ended.is_empty() {
            self.write_down_ended();
        }
        self.write_spoken_later();
        let conversation = self.history.conversation(id)?;
        let messages = self.path(id)?;
        Ok(ConversationView {
            seq: self.seq,
            id: id.to_string(),
            title: conversation.title.unwrap_or_default(),
            pinned: conversation.pinned,
            draft: conversation.draft,
            model: conversation.model,
            messages,
            queue: self.queue_view(id),
        })
    }

    /// The branch shown, with what was said and is not saved yet.
    pub(crate) fn path(&self, id: ConversationId) -> Result<Vec<MessageView>, ApiError> {
        let mut messages = path_view(&self.history.path(id)?);
        let mut overlay = |message: MessageId, unsaved: &Unsaved, ended: Option<&Ended>| {
            let message = message.to_string();
            let Some(view) = messages.iter_mut().find(|view| view.id == message) else { return };
            view.text.push_str(&unsaved.answer);
            view.thinking.push_str(&unsaved.thinking);
            if let Some(ended) = ended {
                view.state = state_view(&ended.end.clone().into());
                view.details = ended.usage.as_ref().map(details);
            }
        };
        if let Some(running) = self.running.get(&id) {
            overlay(running.message, &running.unsaved, None);
        }
        for ended in self.ended.iter().filter(|ended| ended.conversation == id) {
            overlay(ended.message, &ended.unsaved, Some(ended));
        }
        Ok(messages)
    }

    /// Tells the branch from `after` on; none tells all of it.
    pub(crate) fn tell_path(&mut self, id: ConversationId, after: Option<&str>) -> Result<(), ApiError> {
        let mut messages = self.path(id)?;
        let keep =
            after.and_then(|after| messages.iter().position(|view| view.id == after)).map_or(0, |at| at + 1);
        let after = keep.checked_sub(1).and_then(|last| messages.get(last)).map(|view| view.id.clone());
        let messages = messages.split_off(keep);
        self.tell(UiEventBody::Path { conversation: id.to_string(), after, messages });
        Ok(())
    }

    pub(crate) fn tell_message(&mut self, id: ConversationId, message: MessageId) -> Result<(), ApiError> {
        let message = message.to_string();
        // A branch that is not shown has nobody to tell.
        if let Some(message) = self.path(id)?.into_iter().find(|view| view.id == message) {
            self.tell(UiEventBody::Message { conversation: id.to_string(), message });
        }
        Ok(())
    }

    pub(crate) fn tell_changed(&mut self, id: ConversationId) -> Result<(), ApiError> {
        let summary = self.history.summary(id)?;
        let conversation = summary_view(&summary, self.running.contains_key(&id));
        self.tell(UiEventBody::ConversationChanged { conversation });
        Ok(())
    }

    pub(crate) fn rename(&mut self, id: &str, title: &str) -> Result<(), ApiError> {
        let id = conversation_id(id)?;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.history.rename(id, (!title.is_empty()).then_some(title.as_str()))?;
        self.tell_changed(id)
    }

    pub(crate) fn pin(&mut self, id: &str, pinned: bool) -> Result<(), ApiError> {
        let id = conversation_id(id)?;
        self.history.set_pinned(id, pinned)?;
        self.tell_changed(id)
    }

    pub(crate) fn delete(&mut self, id: &str) -> Result<(), ApiError> {
        let id = conversation_id(id)?;
        self.waiting.remove(&id);
        self.stop_reply(id);
        let now = self.now();
        self.history.delete(id, now)?;
        self.tell(UiEventBody::ConversationRemoved { id: id.to_string() });
        Ok(())
    }

    pub(crate) fn undelete(&mut self, id: &str) -> Result<(), ApiError> {
        let id = conversation_id(id)?;
        self.history.undelete(id)?;
        self.tell_changed(id)
    }

    pub(crate) fn save_draft(&mut self, args: &SaveDraft) -> Result<(), ApiError> {
        let id = args.conversation.as_deref().map(conversation_id).transpose()?;
        self.history.save_draft(id, &args.text)?;
        if !args.text.is_empty() {
            // Someone is typing: by the time it is sent the model should be there.
            self.warm_up(id);
        }
        Ok(())
    }

    pub(crate) fn export(&mut self, id: &str, format: ExportFormat) -> Result<PathBuf, ApiError> {
        let id = conversation_id(id)?;
        let title = self.history.conversation(id)?.title.unwrap_or_else(|| "Conversation".into());
        let (text, ending) = match format {
            ExportFormat::Markdown => (self.history.export_markdown(id, &MarkdownWords::default())?, "md"),
            ExportFormat::Json => {
                let mut export = self.history.export(&[id])?;
                self.put_files(&mut export);
                (export.to_json(), "json")
            }
        };
        write_beside(&self.desktop.downloads(), &title, ending, &text)
    }

    pub(crate) fn import(&mut self, json: &str) -> Result<u32, ApiError> {
        self.take_files(json)?;
        let now = self.now();
        let ids = self.history.import(json.as_bytes(), &ImportLimits::default(), now)?;
        for id in &ids {
            self.tell_changed(*id)?;
        }
        Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }
}

/// Writes `text` to a file in `folder` named after `title`; a file that is there is never written over.
fn write_beside(
    folder: &std::path::Path,
    title: &str,
    ending: &str,
    text: &str,
) -> Result<PathBuf, ApiError> {
    use std::io::Write;

    let stem: String =
        title.chars().map(|c| if c.is_alphanumeric() || " -_".contains(c) { c } else { ' ' }).collect();
    let stem = stem.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    let stem: String = if stem.is_empty() { "Conversation".into() } else { stem.chars().take(80).collect() };
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    for n in 1..1000 {
        let name = if n == 1 { format!("{stem}.{ending}") } else { format!("{stem} ({n}).{ending}") };
        let path = folder.join(name);
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(path),
                    Err(error) => {
                        drop(file);
                        // Half a file is worse than none; when even this fails there is nothing better to do.
                        let _ = std::fs::remove_file(&path);
                        Err(cannot_write(&path, &error))
                    }
                };
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot_write(&path, &error)),
        }
    }
    Err(ApiError::new(
        ErrorCode::Other,
        format!("There are too many files named “{stem}” in {}.", folder.display()),
    ))
}

fn cannot_write(path: &std::path::Path, error: &std::io::Error) -> ApiError {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => ErrorCode::ReadOnly,
        _ => ErrorCode::Other,
    };
    ApiError::new(code, format!("{} could not be written: {error}.", path.display()))
}
