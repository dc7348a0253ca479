//! The one owner of the application's state. It runs on a thread of its own ("hark-core"), because the history blocks,
//! and does one operation after another; whatever takes long runs elsewhere and comes back as another operation.
//!
//! Always holds: an event's number is the number before it plus one; what a command's reply shows contains exactly the
//! events up to the number it carries.

mod attached;
mod choice;
mod config;
mod conversations;
mod convert;
mod eyes;
mod models;
mod queue;
mod replies;
mod reply_task;
mod sensors;
mod voice;

use std::collections::HashMap;
use std::sync::Arc;

use attachments::Attachments;
use history::{ConversationId, History, TimestampMs};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::contract::{ApiError, EngineView, Notice, SummonView, UiEvent, UiEventBody};
use crate::parts::{Clock, Desktop, Documents, LocalEngine, Servers, Sights, Speech};

pub(crate) use attached::{Looking, content_name, decoded, encoded, page_name};
pub(crate) use config::Config;
pub(crate) use eyes::{Eyes, Shared};
pub(crate) use models::Models;
use queue::Waiting;
use replies::{Ended, Running};
pub(crate) use sensors::SensorLog;
pub(crate) use voice::Voice;

/// One piece of work on the state.
pub(crate) type Op = Box<dyn FnOnce(&mut Core) + Send>;

/// Operations that may wait; a full queue makes those who ask wait.
pub(crate) const OPS: usize = 1024;

/// Events a slow view may fall behind before it has to take a new snapshot.
pub(crate) const EVENTS: usize = 4096;

pub(crate) struct Core {
    pub(crate) history: History,
    /// The files that messages have.
    pub(crate) attachments: Attachments,
    pub(crate) config: Config,
    pub(crate) models: Models,
    pub(crate) local: Arc<dyn LocalEngine>,
    pub(crate) servers: Arc<dyn Servers>,
    pub(crate) desktop: Arc<dyn Desktop>,
    pub(crate) speech: Arc<dyn Speech>,
    pub(crate) sights: Arc<dyn Sights>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) clock: Clock,
    pub(crate) runtime: tokio::runtime::Handle,
    /// The way back for work done elsewhere. Weak, so that the thread ends when the last handle is dropped.
    pub(crate) ops: mpsc::WeakSender<Op>,
    pub(crate) events: broadcast::Sender<UiEvent>,
    pub(crate) seq: u64,
    pub(crate) engine: EngineView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) running: HashMap<ConversationId, Running>,
    /// Replies that could not be written down when they ended.
    pub(crate) ended: Vec<Ended>,
    pub(crate) waiting: HashMap<ConversationId, Vec<Waiting>>,
    /// Looks at pictures that wait to be sent, by the names of their contents.
    pub(crate) looking: HashMap<String, Looking>,
    /// The spoken conversation.
    pub(crate) voice: Voice,
    /// What is shared in it.
    pub(crate) shared: Shared,
    /// What listened and looked, and when.
    pub(crate) sensors: SensorLog,
    /// As the host told it last.
    pub(crate) summon: SummonView,
    /// Someone wants it all closed, and told when it is.
    pub(crate) closing: Option<oneshot::Sender<()>>,
}

impl Core {
    /// Does operations until nobody can ask for any more, or someone closes it.
    pub(crate) fn work(mut self, mut ops: mpsc::Receiver<Op>) {
        while self.closing.is_none()
            && let Some(op) = ops.blocking_recv()
        {
            op(&mut self);
        }
        self.stop_all();
        let closing = self.closing.take();
        // The history is closed before whoever waits for it is told.
        drop(self);
        if let Some(closed) = closing {
            let _ = closed.send(());
        }
    }

    pub(crate) fn tell(&mut self, body: UiEventBody) {
        self.seq += 1;
        // Nobody listening is no failure.
        let _ = self.events.send(UiEvent { seq: self.seq, body });
    }

    pub(crate) fn now(&self) -> TimestampMs {
        TimestampMs((self.clock)())
    }

    pub(crate) fn notice(&mut self, id: &str, error: ApiError) {
        let notice = Notice { id: id.to_owned(), error };
        if self.notices.contains(&notice) {
            return;
        }
        self.notices.retain(|old| old.id != id);
        self.notices.push(notice.clone());
        self.tell(UiEventBody::Notice { notice });
    }

    pub(crate) fn dismiss(&mut self, id: &str) {
        let before = self.notices.len();
        self.notices.retain(|notice| notice.id != id);
        if self.notices.len() != before {
            self.tell(UiEventBody::NoticeGone { id: id.to_owned() });
        }
    }

    pub(crate) fn set_engine(&mut self, engine: EngineView) {
        if self.engine != engine {
            self.engine = engine.clone();
            self.tell(UiEventBody::Engine { engine });
        }
    }

    /// Runs `work` elsewhere, then `then` with what it gave, here.
    pub(crate) fn elsewhere<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut Core, T) + Send + 'static,
    ) {
        let ops = self.ops.clone();
        self.runtime.spawn(async move {
            let result = work.await;
            if let Some(ops) = ops.upgrade() {
                // The application is closing when this fails: there is nothing left to tell.
                let _ = ops.send(Box::new(move |core: &mut Core| then(core, result))).await;
            }
        });
    }
}
