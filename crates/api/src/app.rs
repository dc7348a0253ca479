//! The application behind every window: one handle, cheap to clone, that commands go into and events come out of.

use std::collections::HashMap;
use std::sync::Arc;

use attachments::Attachments;
use history::{History, HistoryError, OpenOptions, TimestampMs};
use model_store::{CatalogueError, ModelStore};
use settings::{Paths, Settings};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::contract::{ApiError, EngineView, ErrorCode, Nothing, SummonView, UiEvent, UiEventBody};
use crate::core::{Config, Core, EVENTS, Eyes, Models, OPS, Op, SensorLog, Shared, Voice};
use crate::files::Files;
use crate::parts::{Clock, Desktop, Documents, LocalEngine, Servers, Sights, Speech};

/// Opens the store of models.
pub type OpenStore = Arc<dyn Fn(&Settings) -> Result<ModelStore, CatalogueError> + std::marker::Send + Sync>;

/// What the application is made of.
pub struct Parts {
    /// Where settings and conversations are.
    pub paths: Paths,
    /// Opens the models on this machine, as the settings want them kept and fetched.
    pub store: OpenStore,
    /// The engine on this machine.
    pub local: Arc<dyn LocalEngine>,
    /// The user's own servers.
    pub servers: Arc<dyn Servers>,
    /// The desktop.
    pub desktop: Arc<dyn Desktop>,
    /// Sound and speech.
    pub speech: Arc<dyn Speech>,
    /// Reads documents.
    pub documents: Arc<dyn Documents>,
    /// Sees the screen, and through cameras.
    pub sights: Arc<dyn Sights>,
    /// The time.
    pub clock: Clock,
}

/// The application.
#[derive(Clone)]
pub struct App {
    ops: mpsc::Sender<Op>,
    events: broadcast::Sender<UiEvent>,
    pub(crate) servers: Arc<dyn Servers>,
    pub(crate) speech: Arc<dyn Speech>,
    pub(crate) files: Files,
    pub(crate) sights: Arc<dyn Sights>,
    pub(crate) eyes: Eyes,
}

/// Why the application cannot start at all. Anything less is a notice in a running one.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not even a history in memory can be had.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The catalogue of models cannot be read.
    #[error(transparent)]
    Models(#[from] CatalogueError),
    /// The thread that owns the state cannot be started.
    #[error("The program's main thread could not be started: {0}. Close other programs and try again.")]
    Thread(std::io::Error),
}

impl App {
    /// Opens settings and conversations and starts the thread that owns them. A broken settings file, or a history
    /// that cannot be used, is told as a notice; the application works all the same.
    pub fn open(parts: Parts, runtime: tokio::runtime::Handle) -> Result<Self, OpenError> {
        let (ops, inbox) = mpsc::channel::<Op>(OPS);
        let (events, _) = broadcast::channel(EVENTS);
        let config = Config::load(&parts.paths);
        let (history, problem) = open_history(&parts.paths)?;
        // Where no history can be kept, nothing of what is shown is kept either.
        let attachments = match &problem {
            None => Attachments::new(parts.paths.data.join("attachments")),
            Some(_) => Attachments::of_this_run().map_err(HistoryError::from)?,
        };
        let sensors = SensorLog::new((parts.clock)());
        let shared = Shared::default();
        let eyes = shared.eyes.clone();
        let mut core = Core {
            history,
            attachments: attachments.clone(),
            models: Models::new(parts.store, &config)?,
            config,
            local: parts.local,
            servers: parts.servers.clone(),
            desktop: parts.desktop,
            speech: parts.speech.clone(),
            sights: parts.sights.clone(),
            documents: parts.documents.clone(),
            clock: parts.clock,
            runtime,
            ops: ops.downgrade(),
            events: events.clone(),
            seq: 0,
            engine: EngineView::NoModel,
            notices: Vec::new(),
            running: HashMap::new(),
            ended: Vec::new(),
            waiting: HashMap::new(),
            looking: HashMap::new(),
            voice: Voice::default(),
            shared,
            sensors,
            summon: SummonView::default(),
            closing: None,
        };
        if let Some(problem) = problem {
            core.notice("history", problem);
        }
        core.begin_day();
        std::thread::Builder::new()
            .name("hark-core".into())
            .spawn(move || core.work(inbox))
            .map_err(OpenError::Thread)?;
        let files = Files::new(attachments, parts.documents);
        let (servers, speech, sights) = (parts.servers, parts.speech, parts.sights);
        Ok(Self { ops, events, servers, speech, files, sights, eyes })
    }

    /// Events from now on. Whoever falls behind loses some and is told so; a snapshot makes it whole again.
    pub fn events(&self) -> broadcast::Receiver<UiEvent> {
        self.events.subscribe()
    }

    /// How the program can be summoned, as its host knows; views are told when that is news.
    pub async fn tell_summon(&self, summon: SummonView) {
        let op: Op = Box::new(move |core| {
            if core.summon != summon {
                core.summon = summon.clone();
                core.tell(UiEventBody::Summon { summon });
            }
        });
        // An error means that it is closed.
        let _ = self.ops.send(op).await;
    }

    /// The settings as they stand.
    ///
    /// # Errors
    /// Only when the application is closed.
    pub async fn settings(&self) -> Result<settings::Settings, ApiError> {
        self.ask(|core| Ok(core.config.settings().clone())).await
    }

    /// Ends running replies, saves, closes the history, and returns when all is written. The handle answers nothing
    /// afterwards.
    pub async fn close(&self) {
        let (told, closed) = oneshot::channel();
        let op: Op = Box::new(move |core| core.closing = Some(told));
        if self.ops.send(op).await.is_ok() {
            // An error means that it is closed already.
            let _ = closed.await;
        }
    }

    pub(crate) async fn ask<T: std::marker::Send + 'static>(
        &self,
        op: impl FnOnce(&mut Core) -> Result<T, ApiError> + std::marker::Send + 'static,
    ) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        let op: Op = Box::new(move |core| {
            // Whoever asked may have gone; the work is done all the same.
            let _ = reply.send(op(core));
        });
        let closed = || ApiError::new(ErrorCode::Other, "The program is closing.");
        self.ops.send(op).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    pub(crate) async fn done(
        &self,
        op: impl FnOnce(&mut Core) -> Result<(), ApiError> + std::marker::Send + 'static,
    ) -> Result<Nothing, ApiError> {
        self.ask(op).await.map(|()| Nothing {})
    }
}

/// The history, or one in memory and the reason why.
fn open_history(paths: &Paths) -> Result<(History, Option<ApiError>), OpenError> {
    let opened = paths
        .create()
        .map_err(HistoryError::from)
        .and_then(|()| History::open(OpenOptions::file(paths.history_file())));
    match opened {
        Ok(history) => Ok((history, None)),
        Err(error) => {
            let mut error = ApiError::from(error);
            error.message.push_str(" Until then, conversations are kept only while Hark is open.");
            Ok((History::open(OpenOptions::memory())?, Some(error)))
        }
    }
}

/// A day, milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The instant `days` days before `now`.
pub(crate) fn days_before(now: TimestampMs, days: u32) -> TimestampMs {
    TimestampMs(now.0 - i64::from(days) * DAY_MS)
}
