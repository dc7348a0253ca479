//! Pictures on their way to the worker.
//!
//! Always holds: nothing is remembered here of what the worker has. It says what it lacks, and gets that; so a new life,
//! another model, or a picture it has forgotten need nothing more than that.

use engine::{ChatMessage, EngineError, GenerateRequest, Image, ImageId, JobError, Prepared};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use worker_kit::protocols::{Llm, LlmOutput, LlmRequest};

use super::{Ask, Owner, failure};
use crate::events::Events;
use crate::status::WorkerGone;
use crate::supervisor::Supervisor;
use crate::ticket::Ticket;

/// What a job ends with.
type Ended = Result<Result<LlmOutput, JobError>, WorkerGone>;

/// So often a worker may lack something for one job. Twice is once too often unless a life ended in between.
pub(super) const ROUNDS: usize = 3;

/// A picture to be looked at.
pub(super) struct Look {
    pub(super) image: Image,
    pub(super) cancel: CancellationToken,
}

/// The pictures in a request.
pub(super) fn images(request: &GenerateRequest) -> impl Iterator<Item = &Image> {
    request.messages.iter().flat_map(ChatMessage::images)
}

/// Sends the worker those of `images` that it lacks. What cannot be sent ends the job that needed it.
pub(super) async fn send<'i>(
    supervisor: &Supervisor<Llm>,
    images: impl Iterator<Item = &'i Image>,
    lacking: &[ImageId],
    cancel: &CancellationToken,
) -> Result<Result<(), JobError>, WorkerGone> {
    let mut wanted = lacking.to_vec();
    for image in images {
        let Some(at) = wanted.iter().position(|id| *id == image.id()) else { continue };
        wanted.swap_remove(at);
        if cancel.is_cancelled() {
            return Ok(Err(JobError::Cancelled));
        }
        let image = image.clone();
        // A source may read a disk and decode a file.
        let pixels = tokio::task::spawn_blocking(move || image.pixels()).await;
        let pixels = match pixels {
            Ok(Ok(pixels)) => pixels,
            Ok(Err(reason)) => return Ok(Err(JobError::BadRequest { reason })),
            Err(_) => return Ok(Err(unreadable())),
        };
        match supervisor.call(LlmRequest::Keep(pixels), Events::ignored(), cancel.clone()).await? {
            Ok(_) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(if wanted.is_empty() { Ok(()) } else { Err(unreadable()) })
}

fn unreadable() -> JobError {
    JobError::BadRequest { reason: "A picture can no longer be read. Attach it again.".into() }
}

/// Has the worker look at a picture.
async fn look(supervisor: Supervisor<Llm>, image: Image, stop: CancellationToken) -> Ended {
    for _ in 0..ROUNDS {
        let ask = LlmRequest::Prepare(image.clone());
        match supervisor.call(ask, Events::ignored(), stop.clone()).await? {
            Ok(LlmOutput::Missing(lacking)) => {
                if let Err(error) = send(&supervisor, std::iter::once(&image), &lacking, &stop).await? {
                    return Ok(Err(error));
                }
            }
            ended => return Ok(ended),
        }
    }
    Ok(Err(unreadable()))
}

impl Owner {
    /// Looks at a picture, until somebody asks about something else.
    pub(super) async fn prepare(&mut self, ticket: Ticket<Look, Result<Prepared, EngineError>>) {
        let info = match self.loaded().await {
            Ok(info) => info,
            Err(error) => return ticket.answer(Err(error)),
        };
        let Some((Look { image, cancel }, mut answer)) = ticket.claim() else { return };
        if !info.sees {
            let _ = answer.send(Err(JobError::CannotSee { model: info.name }.into()));
            return;
        }
        let result = self.look_while_nobody_asks(&image, &cancel, &mut answer).await;
        if let Err(WorkerGone::Died { .. }) = result {
            self.lose();
        }
        let result = match result {
            Ok(Ok(LlmOutput::Prepared(prepared))) => Ok(prepared),
            other => Err(failure(other)),
        };
        let _ = answer.send(result);
    }

    async fn look_while_nobody_asks(
        &mut self,
        image: &Image,
        cancel: &CancellationToken,
        answer: &mut oneshot::Sender<Result<Prepared, EngineError>>,
    ) -> Ended {
        let stop = cancel.child_token();
        if self.waiting.iter().any(|ask| ask.is_about_something_else(image.id())) {
            stop.cancel();
        }
        let call = look(self.supervisor.clone(), image.clone(), stop.clone());
        tokio::pin!(call);
        loop {
            tokio::select! {
                biased;
                result = &mut call => return result,
                () = answer.closed(), if !stop.is_cancelled() => stop.cancel(),
                ask = self.asks.recv(), if !stop.is_cancelled() => match ask {
                    Some(ask) => {
                        if ask.is_about_something_else(image.id()) {
                            stop.cancel();
                        }
                        self.waiting.push_back(ask);
                    }
                    None => stop.cancel(),
                },
                _ = self.wanted.changed(), if !stop.is_cancelled() => {
                    // What to do about it, the next job finds out.
                    self.wanted.mark_changed();
                    stop.cancel();
                }
            }
        }
    }
}

impl Ask {
    /// Whether somebody waits for an answer that this picture has no part in.
    fn is_about_something_else(&self, image: ImageId) -> bool {
        match self {
            Self::Generate { shows, .. } => !shows.contains(&image),
            Self::Unload(_) => true,
            Self::Ready(_) | Self::Prepare(_) => false,
        }
    }
}
