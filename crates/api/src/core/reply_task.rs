//! One reply on its way, outside the core: makes the model ready, runs the reply, and brings what happens back.

use std::sync::Arc;
use std::time::Duration;

use dialogue::reading::{PICTURE_WAS_SHOWN, UNREAD_PICTURE, in_place_of_picture};
use engine::{EngineError, GenerateRequest, JobError, LanguageModel, LoadProgress, Media, ModelInfo};
use history::{ConversationId, MessageId};
use session::{Outcome, ReplyEnd, ReplyEvent};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::choice::{Chosen, Source};
use super::{Core, Op};
use crate::contract::{EngineView, UiEventBody};
use crate::parts::{ReadsText, Servers};

/// What was said is saved at latest after so long: half of what a crash may cost.
const SAVE_EVERY: Duration = Duration::from_millis(250);

/// Reply events that may wait for the core; a full queue makes the engine wait.
const QUEUE: usize = 64;

/// One reply on its way, outside the core.
pub(super) struct Reply {
    pub(super) id: ConversationId,
    pub(super) message: MessageId,
    pub(super) ops: mpsc::WeakSender<Op>,
    pub(super) cancel: CancellationToken,
    /// Reads the text in pictures for a model that cannot see.
    pub(super) reader: Option<Arc<dyn ReadsText>>,
    /// The question itself shows a picture.
    pub(super) shows: bool,
}

impl Reply {
    pub(super) async fn run(self, servers: Arc<dyn Servers>, chosen: Chosen, request: GenerateRequest) {
        let (out, inbox) = mpsc::channel(QUEUE);
        let made = async {
            match self.prepared(servers.as_ref(), &chosen).await {
                Ok((model, sight)) => {
                    let request = match sight {
                        Sight::None => {
                            without_earlier_pictures(self.with_texts_of_pictures(request).await, self.shows)
                        }
                        Sight::Perhaps => request,
                    };
                    session::reply(model.as_ref(), request, self.cancel.clone(), out).await;
                }
                Err(error) => {
                    let end = match error {
                        EngineError::Job(JobError::Cancelled) => ReplyEnd::Stopped,
                        error => ReplyEnd::Failed(error),
                    };
                    // The other half of the join listens until this side is done.
                    let _ = out.send(ReplyEvent::Ended(Outcome { end, usage: None })).await;
                }
            }
        };
        tokio::join!(made, self.pass_on(inbox));
    }

    /// The model, ready to answer.
    async fn prepared(
        &self,
        servers: &dyn Servers,
        chosen: &Chosen,
    ) -> Result<(Arc<dyn LanguageModel>, Sight), EngineError> {
        let ready = async {
            match &chosen.model {
                Source::Local(model) => {
                    let info = make_ready(&self.ops, &chosen.name, model.as_ref()).await?;
                    Ok((model.clone(), if info.sees { Sight::Perhaps } else { Sight::None }))
                }
                Source::Server(address) => servers
                    .language_model(address)
                    .await
                    .map(|model| (model, Sight::Perhaps))
                    .map_err(|error| EngineError::Unreachable { reason: error.message }),
            }
        };
        tokio::select! {
            ready = ready => ready,
            () = self.cancel.cancelled() => Err(EngineError::Job(JobError::Cancelled)),
        }
    }

    /// Pictures told as the text in them. One that cannot be read costs nothing but its own text, and is said why: the
    /// pictures of a question that failed come again with the next one, and would cost that as well.
    async fn with_texts_of_pictures(&self, mut request: GenerateRequest) -> GenerateRequest {
        let Some(reader) = &self.reader else { return request };
        for message in request.messages.iter_mut().filter(|message| !message.media.is_empty()) {
            let mut told = String::new();
            for Media::Image(image) in &message.media {
                let read = tokio::select! {
                    read = reader.text_in(image) => read,
                    () = self.cancel.cancelled() => return request,
                };
                match read {
                    Ok(text) => told.push_str(&in_place_of_picture(&text)),
                    Err(error) => {
                        told.push_str(UNREAD_PICTURE);
                        self.ask(move |core| core.notice("reading", error)).await;
                    }
                }
                told.push_str("\n\n");
            }
            message.media.clear();
            message.text.insert_str(0, &told);
            message.text.truncate(message.text.trim_end().len());
        }
        request
    }

    /// Passes what happens on to the core, and has it saved in time.
    async fn pass_on(&self, mut inbox: mpsc::Receiver<ReplyEvent>) {
        let mut due: Option<Instant> = None;
        loop {
            let event = tokio::select! {
                event = inbox.recv() => event,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    due = None;
                    let (id, message) = (self.id, self.message);
                    // A failure is told by the core and tried again with the next piece.
                    self.ask(move |core| core.save(id, message)).await;
                    continue;
                }
            };
            let Some(event) = event else { return };
            let (id, message) = (self.id, self.message);
            match event {
                ReplyEvent::Reading { done, total } => {
                    self.ask(move |core| {
                        let (conversation, message) = (id.to_string(), message.to_string());
                        core.tell(UiEventBody::Reading { conversation, message, done, total });
                    })
                    .await;
                }
                ReplyEvent::Said { answer, thinking } => {
                    due.get_or_insert_with(|| Instant::now() + SAVE_EVERY);
                    self.ask(move |core| core.on_said(id, message, &answer, &thinking)).await;
                }
                ReplyEvent::Ended(outcome) => {
                    self.ask(move |core| core.on_ended(id, message, &outcome)).await;
                    return;
                }
            }
        }
    }

    async fn ask(&self, op: impl FnOnce(&mut Core) + std::marker::Send + 'static) {
        ask(&self.ops, op).await;
    }
}

/// Whether a model takes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// It does not.
    None,
    /// It does, or nobody knows before it is asked.
    Perhaps,
}

/// A model that cannot see is asked all the same when the question itself shows nothing: that one cannot be answered does
/// not end a conversation. It is told that there was something to see.
fn without_earlier_pictures(mut request: GenerateRequest, shows: bool) -> GenerateRequest {
    // A question that failed is one message with the next: what it showed is not what the next one shows.
    let earlier = request.messages.len() - usize::from(shows && !request.messages.is_empty());
    for message in request.messages[..earlier].iter_mut().filter(|message| !message.media.is_empty()) {
        message.media.clear();
        message.text = format!("{PICTURE_WAS_SHOWN}\n\n{}", message.text);
        message.text.truncate(message.text.trim_end().len());
    }
    request
}

async fn ask(ops: &mpsc::WeakSender<Op>, op: impl FnOnce(&mut Core) + std::marker::Send + 'static) {
    if let Some(ops) = ops.upgrade() {
        // Fails only when the application is closing; the core ends every reply then.
        let _ = ops.send(Box::new(op)).await;
    }
}

/// Loads a local model, telling how far it has come and what became of it.
pub(super) async fn make_ready(
    ops: &mpsc::WeakSender<Op>,
    name: &str,
    model: &dyn LanguageModel,
) -> Result<ModelInfo, EngineError> {
    let (progress, mut steps) = mpsc::channel(8);
    let telling = async {
        while let Some(LoadProgress(progress)) = steps.recv().await {
            let model = name.to_owned();
            ask(ops, move |core| core.set_engine(EngineView::Loading { model, progress })).await;
        }
    };
    let (ready, ()) = tokio::join!(model.ready(Some(progress)), telling);
    let view = match &ready {
        Ok(info) => EngineView::Ready {
            model: name.to_owned(),
            device: info.device.clone(),
            context_tokens: info.context_tokens,
            sees: info.sees,
        },
        Err(error @ (EngineError::Degraded { .. } | EngineError::CannotStart { .. })) => {
            EngineView::Down { error: error.clone().into() }
        }
        Err(_) => EngineView::Idle { model: name.to_owned() },
    };
    ask(ops, move |core| core.set_engine(view)).await;
    ready
}
