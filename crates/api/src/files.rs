//! Files that go with messages, opened where that may take its time.

use std::sync::Arc;

use attachments::{Attachments, Kept, Trouble, is_heic, is_pdf};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::contract::{ApiError, Attach, ErrorCode, FileData, OneAttachment, PartOfDocument};
use crate::core::{content_name, decoded, encoded, page_name};
use crate::parts::Documents;

/// The kept files, for those who may wait.
#[derive(Clone)]
pub(crate) struct Files {
    attachments: Attachments,
    documents: Arc<dyn Documents>,
    /// Files are opened one after another: each may take hundreds of megabytes for a moment.
    opening: Arc<Semaphore>,
}

/// What became of a file that was given.
pub(crate) struct Taken {
    /// What is kept of it, and under which names.
    pub(crate) files: Vec<(String, Kept)>,
    /// Of a document that is too long.
    pub(crate) part: Option<PartOfDocument>,
}

impl Files {
    pub(crate) fn new(attachments: Attachments, documents: Arc<dyn Documents>) -> Self {
        Self { attachments, documents, opening: Arc::new(Semaphore::new(1)) }
    }

    pub(crate) async fn take(&self, args: Attach) -> Result<Taken, ApiError> {
        let mut bytes = decoded(&args.data)?;
        let name = args.name;
        if is_heic(&bytes) {
            let _turn = self.turn().await?;
            bytes = self.documents.read_heic(bytes).await?;
        }
        if !is_pdf(&bytes) {
            let kept = self.with(move |files| files.take(&bytes)).await?;
            return Ok(Taken { files: vec![(name, kept)], part: None });
        }
        let document = {
            let _turn = self.turn().await?;
            self.documents.read_pdf(bytes).await?
        };
        let part = PartOfDocument { read: document.read, pages: document.pages };
        let kept = self.with(move |files| files.take_document(&document)).await?;
        let files = kept.into_iter().map(|(page, kept)| (page_name(&name, page), kept)).collect();
        Ok(Taken { files, part: (part.read < part.pages).then_some(part) })
    }

    pub(crate) async fn thumbnail(&self, args: &OneAttachment) -> Result<FileData, ApiError> {
        let content = content_name(args)?;
        let thumbnail = self.with(move |files| files.thumbnail(content)).await?;
        Ok(encoded(thumbnail.media_type, &thumbnail.bytes))
    }

    pub(crate) async fn whole(&self, args: &OneAttachment) -> Result<FileData, ApiError> {
        let content = content_name(args)?;
        let read = move |files: &Attachments| Ok((files.describe(content)?, files.bytes(content)?));
        let (kept, bytes) = self.with(read).await?;
        Ok(encoded(&kept.media_type, &bytes))
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Attachments) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _turn = self.turn().await?;
        let attachments = self.attachments.clone();
        // A decoder that panics costs this file and nothing else.
        let done = tokio::task::spawn_blocking(move || work(&attachments)).await;
        Ok(done.map_err(|_| broken())??)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        self.opening.acquire().await.map_err(|_| broken())
    }
}

fn broken() -> ApiError {
    ApiError::new(ErrorCode::Other, "The file could not be opened. Try another one.")
}
