//! Files that go with messages: kept, shown to the model, removed.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use attachments::{ContentName, Kept, Kind, Trouble, file_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialogue::files::with_files;
use dialogue::prompt::{Speaker, Turn};
use engine::{Image, Media};
use history::{Attachment, AttachmentKind, ConversationId, ExportFile, Message, MessageId, Role};
use model_store::Task;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::Core;
use super::choice::{Chosen, Source};
use super::convert::conversation_id;
use super::reply_task::make_ready;
use crate::contract::{
    ApiError, Attached, AttachedFile, AttachedKind, AttachmentView, ErrorCode, FitLevel, MOST_ATTACHMENTS,
    ModelPlace, OneAttachment,
};
use crate::files::Taken;

/// Said where nothing here reads the text in pictures.
const READING_OFFER: &str =
    " Until then it could be told the text in pictures: fetch what reads it under Models.";

/// What no message has is removed after so long: until then it may wait in some window to be sent.
const UNUSED: Duration = Duration::from_hours(24);

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        let code = match &trouble {
            Trouble::Refused(_) => ErrorCode::BadRequest,
            Trouble::Gone | Trouble::Damaged => ErrorCode::NotFound,
            Trouble::Disk(error) => match error.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    ErrorCode::ReadOnly
                }
                _ => ErrorCode::Other,
            },
        };
        Self::new(code, trouble.to_string())
    }
}

pub(crate) fn content_name(args: &OneAttachment) -> Result<ContentName, ApiError> {
    args.content
        .parse()
        .map_err(|error: attachments::BadName| ApiError::new(ErrorCode::NotFound, error.to_string()))
}

pub(crate) fn attachment_view(it: &Attachment) -> AttachmentView {
    AttachmentView {
        content: it.content.clone(),
        // An import may bring any name.
        name: file_name(&it.name),
        media_type: it.media_type.clone(),
        bytes: it.bytes,
        kind: match it.kind {
            AttachmentKind::Picture { width, height } => AttachedKind::Picture { width, height },
            AttachmentKind::Text => AttachedKind::Text,
        },
    }
}

pub(crate) fn attachment(kept: Kept, name: &str) -> Attachment {
    Attachment {
        content: kept.content.to_string(),
        name: file_name(name),
        media_type: kept.media_type,
        bytes: kept.bytes,
        kind: match kept.kind {
            Kind::Picture { width, height, .. } => AttachmentKind::Picture { width, height },
            Kind::Text => AttachmentKind::Text,
        },
    }
}

/// A look that a model takes at a picture before it is asked about it.
pub(crate) struct Looking {
    cancel: CancellationToken,
    /// To see whether it has ended.
    task: AbortHandle,
}

impl Core {
    /// A file was kept: what there is to say about it. The model begins to look at pictures.
    pub(crate) fn on_attached(
        &mut self,
        conversation: Option<&str>,
        taken: Taken,
    ) -> Result<Attached, ApiError> {
        let conversation = conversation.map(conversation_id).transpose()?;
        let mut caution = None;
        let mut attachments = Vec::with_capacity(taken.files.len());
        for (name, kept) in taken.files {
            let image = self.attachments.image(&kept)?;
            let file = attachment(kept, &name);
            if let Some(image) = image {
                caution = self.look_at(conversation, &file.content, image).or(caution);
            }
            attachments.push(attachment_view(&file));
        }
        Ok(Attached { attachments, part: taken.part, caution })
    }

    /// Has the model look at a picture before it is asked about; a caution where it cannot.
    fn look_at(
        &mut self,
        conversation: Option<ConversationId>,
        content: &str,
        image: Image,
    ) -> Option<ApiError> {
        let id = match conversation {
            Some(id) => self.history.conversation(id).ok()?.model,
            None => None,
        };
        let Chosen { name, model: Source::Local(model) } = self.chosen_for(id.as_deref()).ok()? else {
            return None;
        };
        if self.sees(&name) == Some(false) {
            let mut caution = self.cannot_see(&name);
            if let Some(reader) = self.documents.text_reader(&self.models.store) {
                caution.message.push_str(" Until then it is told the text in the picture.");
                self.runtime.spawn(async move {
                    // A failure is told when the question is asked.
                    let _ = reader.text_in(&image).await;
                });
            } else {
                caution.message.push_str(READING_OFFER);
            }
            return Some(caution);
        }
        let ops = self.ops.clone();
        let cancel = CancellationToken::new();
        let cancelled = cancel.clone();
        let task = self.runtime.spawn(async move {
            // A failure is told when the question is asked; until then nothing is lost.
            if make_ready(&ops, &name, model.as_ref()).await.is_ok() {
                let _ = model.prepare(image, cancelled).await;
            }
        });
        self.looking.retain(|_, looking| !looking.task.is_finished());
        self.looking.insert(content.to_owned(), Looking { cancel, task: task.abort_handle() });
        None
    }

    /// Whether the local model of this name takes pictures; none when that is not known.
    pub(crate) fn sees(&self, name: &str) -> Option<bool> {
        let views = self.models.views(self.config.context_tokens());
        let here = |view: &&crate::contract::ModelView| {
            view.name == name && matches!(view.place, ModelPlace::Installed { .. })
        };
        views.iter().find(here).map(|view| view.sees)
    }

    /// The sentence about a model that cannot see, with one that can.
    pub(crate) fn cannot_see(&self, name: &str) -> ApiError {
        let chat = self.models.store.installed().into_iter().filter(|it| it.task == Task::Chat);
        let here: HashSet<String> = chat.map(|it| it.id.as_str().to_owned()).collect();
        let mut seeing: Vec<_> = self.models.views(self.config.context_tokens());
        seeing.retain(|view| view.sees && view.task == "chat" && view.fit.level != FitLevel::WillNotFit);
        let installed = seeing.iter().find(|view| here.contains(&view.id));
        let fits = || seeing.iter().find(|view| view.fit.level == FitLevel::Fits);
        let advice = match (installed, fits()) {
            (Some(view), _) => format!("{} can, and is here: choose it.", view.name),
            (None, Some(view)) => format!("{} can, and fits this machine: download it.", view.name),
            (None, None) => "Choose a model that can.".to_owned(),
        };
        ApiError::new(ErrorCode::CannotSee, format!("{name} cannot see pictures. {advice}"))
    }

    /// The kept files that are to go with a message.
    pub(crate) fn attached(&self, files: &[AttachedFile]) -> Result<Vec<Attachment>, ApiError> {
        if files.len() > MOST_ATTACHMENTS {
            let words = format!("At most {MOST_ATTACHMENTS} files can go with one message.");
            return Err(ApiError::new(ErrorCode::BadRequest, words));
        }
        let known = |file: &AttachedFile| {
            let content = content_name(&OneAttachment { content: file.content.clone() })?;
            Ok(attachment(self.attachments.describe(content)?, &file.name))
        };
        files.iter().map(known).collect()
    }

    /// Removes a file that was kept and is not to be sent after all. One that a message has stays.
    pub(crate) fn detach(&mut self, args: &OneAttachment) -> Result<(), ApiError> {
        let content = content_name(args)?;
        let waits = self.waiting.values().flatten().any(|one| one.has(&args.content));
        if !waits && !self.history.is_attached(&args.content)? {
            if let Some(looking) = self.looking.remove(&args.content) {
                looking.cancel.cancel();
            }
            self.attachments.remove(content)?;
        }
        Ok(())
    }

    /// Removes what no message has any more.
    pub(crate) fn sweep_attachments(&self) {
        let Ok(wanted) = self.history.attached() else { return };
        let wanted = wanted.iter().filter_map(|name| name.parse().ok()).collect();
        let attachments = self.attachments.clone();
        self.runtime.spawn_blocking(move || {
            // What cannot be removed today is tried again at the next start.
            let _ = attachments.sweep(&wanted, UNUSED);
        });
    }

    /// The branch that is shown without one of its messages, as a model is told it: files as text, pictures beside it.
    pub(crate) fn shown_turns(
        &self,
        id: ConversationId,
        left_out: Option<MessageId>,
    ) -> Result<Vec<(Turn, Vec<Media>)>, ApiError> {
        let path = self.history.path(id)?;
        let messages = path.into_iter().map(|entry| entry.message);
        Ok(messages
            .filter(|message| Some(message.id) != left_out && message.role != Role::Notice)
            .map(|message| self.shown_turn(&message))
            .collect())
    }

    fn shown_turn(&self, message: &Message) -> (Turn, Vec<Media>) {
        let speaker = if message.role == Role::User { Speaker::User } else { Speaker::Assistant };
        let (files, media) = self.shown_files(&message.attachments);
        (Turn { speaker, text: with_files(&files, &message.text) }, media)
    }

    /// Files as a model is shown them: names with texts, and pictures.
    pub(crate) fn shown_files(&self, attachments: &[Attachment]) -> (Vec<(String, String)>, Vec<Media>) {
        let mut files: Vec<(String, String)> = Vec::new();
        let mut media = Vec::new();
        for it in attachments {
            match self.shown(it) {
                Ok(Shown::Text(text)) => files.push((file_name(&it.name), text)),
                Ok(Shown::Picture(image)) => media.push(Media::Image(image)),
                // A conversation goes on without a file that somebody removed; the model knows that it lacks one.
                Err(_) => files.push((file_name(&it.name), "(This file is no longer there.)".to_owned())),
            }
        }
        (files, media)
    }

    fn shown(&self, it: &Attachment) -> Result<Shown, ApiError> {
        let content = content_name(&OneAttachment { content: it.content.clone() })?;
        Ok(match self.attachments.image(&self.attachments.describe(content)?)? {
            Some(image) => Shown::Picture(image),
            None => Shown::Text(self.attachments.text(content)?),
        })
    }

    /// Puts the files of an export's messages into it. What is no longer there is left out.
    pub(crate) fn put_files(&self, export: &mut ExportFile) {
        let names: BTreeSet<String> = export.attached().into_iter().map(str::to_owned).collect();
        for name in names {
            let bytes = name.parse().ok().and_then(|content| self.attachments.bytes(content).ok());
            if let Some(bytes) = bytes {
                export.files.insert(name, STANDARD.encode(bytes));
            }
        }
    }

    /// Keeps the files of an export that is read in. One that is not what its name says is left out.
    pub(crate) fn take_files(&self, json: &str) -> Result<(), ApiError> {
        #[derive(serde::Deserialize)]
        struct Files {
            #[serde(default)]
            files: std::collections::BTreeMap<String, String>,
        }
        let Ok(Files { files }) = serde_json::from_str(json) else { return Ok(()) };
        for (name, data) in files {
            let (Ok(content), Ok(bytes)) = (name.parse(), STANDARD.decode(data)) else { continue };
            if let Err(trouble @ Trouble::Disk(_)) = self.attachments.restore(content, &bytes) {
                return Err(trouble.into());
            }
        }
        Ok(())
    }
}

enum Shown {
    Text(String),
    Picture(Image),
}

/// What a page of a document is called.
pub(crate) fn page_name(name: &str, page: Option<u32>) -> String {
    match page {
        Some(page) => format!("{name} ({page})"),
        None => name.to_owned(),
    }
}

/// The bytes that a user interface sent.
pub(crate) fn decoded(data: &str) -> Result<Vec<u8>, ApiError> {
    // Looked at before it is decoded.
    if data.len() / 4 * 3 > attachments::MOST_FILE_BYTES + 3 {
        let bytes = (data.len() / 4 * 3) as u64;
        return Err(Trouble::from(attachments::Refused::TooLarge { bytes }).into());
    }
    let bad = |_| ApiError::new(ErrorCode::BadRequest, "The file did not arrive whole. Attach it again.");
    STANDARD.decode(data).map_err(bad)
}

pub(crate) fn encoded(media_type: &str, bytes: &[u8]) -> crate::contract::FileData {
    crate::contract::FileData { media_type: media_type.to_owned(), data: STANDARD.encode(bytes) }
}
