//! What is shared in a spoken conversation.
//!
//! Always holds: something is shared only while a spoken conversation is on, and the view, the record of sensors and what
//! is really looked at agree, or nothing is looked at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use attachments::{Kept, Trouble};
use dialogue::prompt::Turn;
use dialogue::reading::PICTURE_WAS_SHOWN;
use engine::{Image, Media};
use history::{ConversationId, MessageId};

use super::attached::attachment;
use super::{Core, Op};
use crate::contract::{
    ApiError, EngineView, ErrorCode, Sensor, SensorPurpose, ShareSight, SharedThing, SharingView,
    UiEventBody, VoicePhase,
};
use crate::parts::{Sharing, SightNews};

/// What is shared, as the spoken conversation and the preview see it. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Eyes(Arc<Mutex<Option<Arc<dyn Sharing>>>>);

impl Eyes {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<dyn Sharing>>> {
        // Held for a clone or an exchange, neither of which leaves it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shared(&self) -> Option<Arc<dyn Sharing>> {
        self.lock().clone()
    }
}

impl session::voice::Eyes for Eyes {
    fn at(&self, moment: Instant) -> Option<Image> {
        self.shared()?.at(moment)
    }

    fn newest(&self) -> Option<Image> {
        self.shared()?.newest()
    }
}

/// What the core knows of it.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) eyes: Eyes,
    /// Which opening it is: what an earlier one still tells is no longer of interest.
    opening: u64,
}

impl Core {
    pub(crate) fn share(&mut self, args: ShareSight) -> Result<(), ApiError> {
        if !self.is_talking() && self.voice.view().phase != VoicePhase::Starting {
            let words = "Sharing is part of a spoken conversation. Begin one first.";
            return Err(ApiError::new(ErrorCode::BadRequest, words));
        }
        let id = self.voice.conversation();
        let chosen = match id {
            Some(id) => self.chosen(id)?,
            None => self.chosen_by_default()?,
        };
        if self.is_blind(&chosen.name) {
            return Err(self.cannot_see(&chosen.name));
        }
        self.unshare();
        let opening = self.shared.opening;
        let what = args.what.clone();
        self.voice.share(Some(SharingView { what, name: String::new(), on: false, pictures: 0 }));
        self.tell_voice();
        let (sights, ops, runtime) = (self.sights.clone(), self.ops.clone(), self.runtime.clone());
        let news = move |news: SightNews| {
            let Some(ops) = ops.upgrade() else { return };
            let op: Op = Box::new(move |core| core.on_sight(opening, news));
            // Whoever takes the pictures must not wait. An error means that the program is closing.
            runtime.spawn(async move { ops.send(op).await.is_ok() });
        };
        // What is opened may take its time: a camera some seconds.
        let open = self.runtime.spawn_blocking(move || sights.share(&args.what, Box::new(news)));
        let opened = async move { open.await.map_err(|_| broken()).and_then(|opened| opened) };
        self.elsewhere(opened, move |core, opened| core.on_shared(opening, opened));
        Ok(())
    }

    /// Whether it is known of this model that it does not see: from its file, or because it said so when it was loaded.
    pub(crate) fn is_blind(&self, name: &str) -> bool {
        let said = matches!(&self.engine, EngineView::Ready { model, sees: false, .. } if model == name);
        said || self.sees(name) == Some(false)
    }

    /// The model is ready: one that turns out not to see is shown nothing.
    pub(crate) fn look_no_more_if_blind(&mut self, name: &str) {
        if self.voice.view().sharing.is_some() && self.is_blind(name) {
            self.unshare();
            let error = self.cannot_see(name);
            self.voice.has_problem(error);
        }
    }

    fn on_shared(&mut self, opening: u64, opened: Result<Arc<dyn Sharing>, ApiError>) {
        if self.shared.opening != opening {
            // Nobody wants it any more.
            if let Ok(sharing) = opened {
                self.close(sharing);
            }
            return;
        }
        match opened {
            Ok(sharing) => {
                let name = sharing.name();
                *self.shared.eyes.lock() = Some(sharing);
                if let Some(view) = self.voice.sharing() {
                    (view.on, view.name, view.pictures) = (true, name, view.pictures.max(1));
                }
                self.note_sharing();
                self.tell_voice();
            }
            Err(error) => self.on_sight(opening, SightNews::Ended(error)),
        }
    }

    fn on_sight(&mut self, opening: u64, news: SightNews) {
        if self.shared.opening != opening {
            return;
        }
        match news {
            SightNews::Changed => {
                if let Some(view) = self.voice.sharing() {
                    view.pictures += 1;
                }
            }
            SightNews::Ended(error) => {
                self.unshare();
                self.voice.has_problem(error);
            }
        }
        self.tell_voice();
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn stop_sharing(&mut self) -> Result<(), ApiError> {
        if self.unshare() {
            self.tell_voice();
        }
        Ok(())
    }

    /// Looks at nothing any more; whether something was shared.
    pub(crate) fn unshare(&mut self) -> bool {
        self.shared.opening += 1;
        let sharing = self.shared.eyes.lock().take();
        if let Some(sharing) = sharing {
            self.close(sharing);
        }
        let was = self.voice.share(None);
        self.note_sharing();
        was
    }

    /// A camera may take a moment to be closed.
    fn close(&self, sharing: Arc<dyn Sharing>) {
        self.runtime.spawn_blocking(move || drop(sharing));
    }

    /// Puts it on record.
    fn note_sharing(&mut self) {
        let now = self.now().0;
        let view = self.voice.view().sharing.clone().filter(|view| view.on);
        let on = |sensor| {
            let is = |view: &&SharingView| (sensor == Sensor::Camera) == is_camera(&view.what);
            view.as_ref().filter(is).map(|view| (view.name.as_str(), SensorPurpose::Talk))
        };
        let news = [Sensor::Camera, Sensor::Screen].map(|sensor| self.sensors.note(sensor, on(sensor), now));
        if news.contains(&true) {
            let sensors = self.sensors.view().clone();
            self.tell(UiEventBody::Sensors { sensors });
        }
    }

    /// Keeps what the model was shown of what is shared with the question it belongs to.
    pub(crate) fn keep_seen(&self, id: ConversationId, question: MessageId, seen: Vec<Image>) {
        if seen.is_empty() {
            return;
        }
        let name = self.voice.view().sharing.as_ref().map(|view| view.name.clone()).unwrap_or_default();
        let attachments = self.attachments.clone();
        // Writing a picture takes longer than a conversation should wait.
        let keep = self.runtime.spawn_blocking(move || {
            seen.iter().map(|image| attachments.take_image(image)).collect::<Result<Vec<Kept>, Trouble>>()
        });
        let kept = async move { keep.await.map_err(|_| broken()).and_then(|kept| Ok(kept?)) };
        self.elsewhere(kept, move |core, kept| {
            let kept = kept.and_then(|kept| {
                let files = kept.into_iter().map(|kept| attachment(kept, &name)).collect::<Vec<_>>();
                core.history.attach(question, &files)?;
                core.tell_message(id, question)
            });
            if let Err(error) = kept {
                core.notice("save", error);
            }
        });
    }
}

fn is_camera(what: &SharedThing) -> bool {
    matches!(what, SharedThing::Camera { .. })
}

fn broken() -> ApiError {
    ApiError::new(ErrorCode::Other, "What is shared could not be opened. Try again.")
}

/// For a model that cannot see: earlier pictures must not cost every reply to come.
pub(crate) fn without_pictures(turns: &mut [(Turn, Vec<Media>)]) {
    for (turn, media) in turns.iter_mut().filter(|(_, media)| !media.is_empty()) {
        media.clear();
        turn.text = format!("{PICTURE_WAS_SHOWN}\n\n{}", turn.text);
    }
}
