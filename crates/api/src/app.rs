//! The application behind every window: one handle, cheap to clone, that commands go into and events come out of.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use attachments::Attachments;
use history::{History, HistoryError, OpenOptions, TimestampMs};
use model_store::{CatalogueError, ModelStore};
use settings::{Paths, Settings};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::contract::{
    ApiError, Attach, Attached, ChangeSetting, ChooseModel, ChooseVoiceMode, Commands, ConversationPage,
    ConversationView, EditMessage, EngineView, ErrorCode, Export, FileData, Import, ImportModel, Imported,
    ListConversations, MuteVoice, Nothing, OneAttachment, OneConversation, OneMessage, OneModel, OneNotice,
    OneServer, Pin, ReadAloud, Rename, SaveDraft, SaveServer, Send, Sent, ServerReport, Snapshot,
    SoundDevices, StartVoice, SummonView, TakeBack, TalkKey, TestServer, UiEvent, UiEventBody, Voices,
    WrittenFile,
};
use crate::core::{Config, Core, EVENTS, Models, OPS, Op, SensorLog, Voice};
use crate::files::Files;
use crate::parts::{Clock, Desktop, Documents, LocalEngine, Servers, Speech};

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
    /// The time.
    pub clock: Clock,
}

/// The application.
#[derive(Clone)]
pub struct App {
    ops: mpsc::Sender<Op>,
    events: broadcast::Sender<UiEvent>,
    servers: Arc<dyn Servers>,
    speech: Arc<dyn Speech>,
    files: Files,
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
        let mut core = Core {
            history,
            attachments: attachments.clone(),
            models: Models::new(parts.store, &config)?,
            config,
            local: parts.local,
            servers: parts.servers.clone(),
            desktop: parts.desktop,
            speech: parts.speech.clone(),
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
        Ok(Self { ops, events, servers: parts.servers, speech: parts.speech, files })
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

    async fn ask<T: std::marker::Send + 'static>(
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

    async fn done(
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

#[async_trait]
impl Commands for App {
    async fn snapshot(&self, _: Nothing) -> Result<Snapshot, ApiError> {
        self.ask(Core::snapshot).await
    }

    async fn list_conversations(&self, args: ListConversations) -> Result<ConversationPage, ApiError> {
        self.ask(move |core| core.list(&args)).await
    }

    async fn open_conversation(&self, args: OneConversation) -> Result<ConversationView, ApiError> {
        self.ask(move |core| core.open_conversation(&args.conversation)).await
    }

    async fn send(&self, args: Send) -> Result<Sent, ApiError> {
        self.ask(move |core| core.send(args)).await
    }

    async fn attach(&self, args: Attach) -> Result<Attached, ApiError> {
        let conversation = args.conversation.clone();
        let taken = self.files.take(args).await?;
        self.ask(move |core| core.on_attached(conversation.as_deref(), taken)).await
    }

    async fn detach(&self, args: OneAttachment) -> Result<Nothing, ApiError> {
        self.done(move |core| core.detach(&args)).await
    }

    async fn thumbnail(&self, args: OneAttachment) -> Result<FileData, ApiError> {
        self.files.thumbnail(&args).await
    }

    async fn attached_file(&self, args: OneAttachment) -> Result<FileData, ApiError> {
        self.files.whole(&args).await
    }

    async fn stop(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.stop(&args.conversation)).await
    }

    async fn edit(&self, args: EditMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.edit(&args)).await
    }

    async fn regenerate(&self, args: OneMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.regenerate(&args)).await
    }

    async fn switch_branch(&self, args: OneMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.switch_branch(&args)).await
    }

    async fn take_back(&self, args: TakeBack) -> Result<Nothing, ApiError> {
        self.done(move |core| core.take_back(&args.conversation, &args.queued)).await
    }

    async fn rename(&self, args: Rename) -> Result<Nothing, ApiError> {
        self.done(move |core| core.rename(&args.conversation, &args.title)).await
    }

    async fn pin(&self, args: Pin) -> Result<Nothing, ApiError> {
        self.done(move |core| core.pin(&args.conversation, args.pinned)).await
    }

    async fn delete(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.delete(&args.conversation)).await
    }

    async fn undelete(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.undelete(&args.conversation)).await
    }

    async fn save_draft(&self, args: SaveDraft) -> Result<Nothing, ApiError> {
        self.done(move |core| core.save_draft(&args)).await
    }

    async fn export(&self, args: Export) -> Result<WrittenFile, ApiError> {
        let path = self.ask(move |core| core.export(&args.conversation, args.format)).await?;
        Ok(WrittenFile { path: path.display().to_string() })
    }

    async fn import(&self, args: Import) -> Result<Imported, ApiError> {
        self.ask(move |core| core.import(&args.json)).await.map(|conversations| Imported { conversations })
    }

    async fn choose_model(&self, args: ChooseModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.choose_model(&args)).await
    }

    async fn download_model(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.download(&args.model)).await
    }

    async fn cancel_download(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.cancel_download(&args.model)).await
    }

    async fn remove_model(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.remove_model(&args.model)).await
    }

    async fn import_model(&self, args: ImportModel) -> Result<OneModel, ApiError> {
        self.ask(move |core| core.import_model(&args.path)).await.map(|model| OneModel { model })
    }

    async fn restart_engine(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::restart_engine).await
    }

    async fn change_setting(&self, args: ChangeSetting) -> Result<Nothing, ApiError> {
        self.done(move |core| core.change_setting(&args)).await
    }

    async fn open_settings_file(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::open_settings_file).await
    }

    async fn finish_first_run(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::finish_first_run).await
    }

    async fn save_server(&self, args: SaveServer) -> Result<OneServer, ApiError> {
        let key = args.key.clone();
        let server = self.ask(move |core| core.save_server(args)).await?;
        if let Some(key) = key {
            let caution = self.servers.keep_key(&server, &key).await?;
            let (id, has_key) = (server.clone(), !key.is_empty());
            self.done(move |core| core.key_changed(&id, has_key, caution)).await?;
        }
        Ok(OneServer { server })
    }

    async fn remove_server(&self, args: OneServer) -> Result<Nothing, ApiError> {
        let id = args.server.clone();
        self.done(move |core| core.remove_server(&id)).await?;
        self.servers.keep_key(&args.server, "").await?;
        Ok(Nothing {})
    }

    async fn test_server(&self, args: TestServer) -> Result<ServerReport, ApiError> {
        self.servers.probe(&args.base_url, args.id.as_deref(), args.key.as_deref()).await
    }

    async fn dismiss_notice(&self, args: OneNotice) -> Result<Nothing, ApiError> {
        self.done(move |core| {
            core.dismiss(&args.notice);
            Ok(())
        })
        .await
    }

    async fn start_voice(&self, args: StartVoice) -> Result<Nothing, ApiError> {
        self.done(move |core| core.start_voice(&args)).await
    }

    async fn stop_voice(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::stop_voice).await
    }

    async fn mute_voice(&self, args: MuteVoice) -> Result<Nothing, ApiError> {
        self.done(move |core| core.mute_voice(args.muted)).await
    }

    async fn choose_voice_mode(&self, args: ChooseVoiceMode) -> Result<Nothing, ApiError> {
        self.done(move |core| core.choose_voice_mode(args.mode)).await
    }

    async fn talk_key(&self, args: TalkKey) -> Result<Nothing, ApiError> {
        self.done(move |core| core.talk_key(args.down)).await
    }

    async fn stop_speaking(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::stop_speaking).await
    }

    async fn sound_devices(&self, _: Nothing) -> Result<SoundDevices, ApiError> {
        self.speech.devices().await
    }

    async fn voices(&self, _: Nothing) -> Result<Voices, ApiError> {
        self.speech.voices().await
    }

    async fn check_microphone(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::check_microphone).await
    }

    async fn play_test_tone(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::play_test_tone).await
    }

    async fn read_aloud(&self, args: ReadAloud) -> Result<Nothing, ApiError> {
        self.done(move |core| core.read_aloud(&args)).await
    }
}

/// A day, milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The instant `days` days before `now`.
pub(crate) fn days_before(now: TimestampMs, days: u32) -> TimestampMs {
    TimestampMs(now.0 - i64::from(days) * DAY_MS)
}
