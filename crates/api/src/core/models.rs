//! Models: which there are, which is chosen, and their downloads.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use model_store::{
    Ability, CatalogueEntry, CatalogueError, DiskError, DownloadError, FileRole, ImportError, InstalledModel,
    Machine, ModelId, ModelStore, Origin, Progress, ProgressSink, Stage, Starter, Task, Verdict,
};
use tokio_util::sync::CancellationToken;

use super::{Config, Core};
use crate::app::OpenStore;
use crate::contract::{
    ApiError, DownloadState, DownloadView, EngineView, ErrorCode, FitLevel, FitView, ModelPlace, ModelView,
    UiEventBody,
};

/// What is known of models.
pub(crate) struct Models {
    pub(crate) store: Arc<ModelStore>,
    open: OpenStore,
    /// None until it was looked at, which takes a moment.
    pub(super) machine: Option<Machine>,
    downloads: HashMap<String, Download>,
}

struct Download {
    view: DownloadView,
    cancel: CancellationToken,
}

impl Models {
    pub(crate) fn new(open: OpenStore, config: &Config) -> Result<Self, CatalogueError> {
        let store = Arc::new(open(config.settings())?);
        Ok(Self { store, open, machine: None, downloads: HashMap::new() })
    }

    /// Opens the store anew, for other settings. Running downloads go on in the old one.
    pub(crate) fn reopen(&mut self, config: &Config) -> Result<(), CatalogueError> {
        self.store = Arc::new((self.open)(config.settings())?);
        Ok(())
    }

    pub(crate) fn downloads(&self) -> Vec<DownloadView> {
        self.downloads.values().map(|download| download.view.clone()).collect()
    }

    /// Every model of the catalogue, and those that are here and in no catalogue.
    pub(crate) fn views(&self, context_tokens: u32) -> Vec<ModelView> {
        let installed: HashMap<ModelId, InstalledModel> =
            self.store.installed().into_iter().map(|model| (model.id.clone(), model)).collect();
        let catalogue = self.store.catalogue();
        let known =
            catalogue.iter().map(|entry| self.entry_view(entry, installed.get(&entry.id), context_tokens));
        let others = installed.values().filter(|model| catalogue.iter().all(|entry| entry.id != model.id));
        let mut others: Vec<_> = others.map(|model| self.own_view(model, context_tokens)).collect();
        others.sort_by(|a, b| a.name.cmp(&b.name));
        known.chain(others).collect()
    }

    fn entry_view(
        &self,
        entry: &CatalogueEntry,
        here: Option<&InstalledModel>,
        context_tokens: u32,
    ) -> ModelView {
        ModelView {
            id: entry.id.as_str().to_owned(),
            name: entry.name.clone(),
            task: task_name(entry.task).to_owned(),
            sees: entry.abilities.contains(&Ability::Image),
            hears: entry.abilities.contains(&Ability::Audio),
            parameters_b: entry.parameters.map(|count| count as f64 / 1e9),
            bytes: here.map(InstalledModel::bytes).or_else(|| entry.download_bytes()),
            licence: entry.licence.spdx.clone(),
            homepage: Some(entry.licence.link.clone()),
            starter: entry.starter == Some(Starter::Chat),
            fit: self.fit_view(&entry.id, context_tokens),
            place: here.map_or(ModelPlace::Available, place),
        }
    }

    fn own_view(&self, model: &InstalledModel, context_tokens: u32) -> ModelView {
        let parameters = model.header.as_ref().map(|header| header.parameters);
        ModelView {
            id: model.id.as_str().to_owned(),
            name: model.name.clone(),
            task: task_name(model.task).to_owned(),
            sees: model.abilities.contains(&Ability::Image),
            hears: model.abilities.contains(&Ability::Audio),
            parameters_b: parameters.map(|count| count as f64 / 1e9),
            bytes: Some(model.bytes()),
            licence: String::new(),
            homepage: None,
            starter: false,
            fit: self.fit_view(&model.id, context_tokens),
            place: place(model),
        }
    }

    fn fit_view(&self, id: &ModelId, context_tokens: u32) -> FitView {
        let fit = self.machine.as_ref().and_then(|machine| self.store.fit(id, context_tokens, machine));
        match fit {
            None => FitView {
                level: FitLevel::Unknown,
                needs_bytes: None,
                has_bytes: self.machine.as_ref().map_or(0, |machine| machine.ram_available),
                tokens_per_s: None,
                sentence: String::new(),
            },
            Some(fit) => FitView {
                level: match fit.verdict {
                    Verdict::Fits => FitLevel::Fits,
                    Verdict::Slow => FitLevel::Slow,
                    Verdict::WillNotFit => FitLevel::WillNotFit,
                },
                needs_bytes: Some(fit.needed()),
                has_bytes: fit.available,
                tokens_per_s: (fit.tokens_per_s > 0.0).then_some(fit.tokens_per_s),
                sentence: fit.to_string(),
            },
        }
    }
}

fn task_name(task: Task) -> &'static str {
    match task {
        Task::Chat => "chat",
        Task::SpeechToText => "speech_to_text",
        Task::TextToSpeech => "text_to_speech",
        Task::VoiceActivity => "voice_activity",
        Task::EndOfTurn => "end_of_turn",
        Task::TextRecognition => "text_recognition",
        Task::Runtime => "runtime",
    }
}

fn place(model: &InstalledModel) -> ModelPlace {
    match &model.problem {
        Some(problem) => ModelPlace::Broken { problem: problem.clone() },
        None => ModelPlace::Installed {
            path: model.path(FileRole::Weights).map(|path| path.display().to_string()).unwrap_or_default(),
            imported: matches!(model.origin, Origin::Imported | Origin::HubCache),
        },
    }
}

pub(super) fn model_id(id: &str) -> Result<ModelId, ApiError> {
    id.parse().map_err(|_| no_such_model(id))
}

pub(super) fn no_such_model(id: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("There is no model called “{id}”."))
}

impl From<DiskError> for ApiError {
    fn from(error: DiskError) -> Self {
        let code = match &error {
            DiskError::TooLittleSpace { .. } | DiskError::Full(_) => ErrorCode::DiskFull,
            DiskError::NotWritable(_) => ErrorCode::ReadOnly,
            DiskError::Gone(_) => ErrorCode::NotFound,
            DiskError::Other { .. } => ErrorCode::Other,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DownloadError> for ApiError {
    fn from(error: DownloadError) -> Self {
        let code = match error {
            DownloadError::Disk(disk) => return disk.into(),
            DownloadError::Cancelled => ErrorCode::Cancelled,
            DownloadError::Unknown(_) => ErrorCode::NotFound,
            _ => ErrorCode::Network,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Disk(disk) => disk.into(),
            error => Self::new(ErrorCode::BadModel, error.to_string()),
        }
    }
}

impl Core {
    /// Looks at the machine, once; the verdicts follow.
    pub(crate) fn look_at_machine(&self) {
        let probe = async { tokio::task::spawn_blocking(Machine::probe).await };
        self.elsewhere(probe, |core, machine| {
            core.models.machine = machine.ok();
            core.tell_models();
            core.refresh_engine();
        });
    }

    pub(crate) fn tell_models(&mut self) {
        let models = self.models.views(self.config.context_tokens());
        self.tell(UiEventBody::Models { models });
    }

    pub(crate) fn download(&mut self, model: &str) -> Result<(), ApiError> {
        let id = model_id(model)?;
        let running = |download: &Download| !matches!(download.view.state, DownloadState::Failed { .. });
        if self.models.downloads.get(model).is_some_and(running) {
            return Ok(());
        }
        self.models.store.entry(&id).ok_or_else(|| no_such_model(model))?;
        let cancel = CancellationToken::new();
        let view = DownloadView {
            model: model.to_owned(),
            state: DownloadState::Running,
            done_bytes: 0,
            total_bytes: None,
            bytes_per_s: 0.0,
            seconds_left: None,
        };
        self.tell(UiEventBody::Download { download: view.clone() });
        self.models.downloads.insert(model.to_owned(), Download { view, cancel: cancel.clone() });
        let (store, sink, name) = (self.models.store.clone(), self.progress_sink(model), model.to_owned());
        let work = async move { store.download(&id, &cancel, sink).await };
        self.elsewhere(work, move |core, result| core.on_downloaded(&name, result.map(|_| ())));
        Ok(())
    }

    /// Brings progress back to the core. It is called from wherever the download runs, so it must not wait: a report
    /// for which there is no room is dropped, the next one is as good.
    fn progress_sink(&self, model: &str) -> ProgressSink {
        let (ops, model) = (self.ops.clone(), model.to_owned());
        Arc::new(move |progress| {
            let Some(ops) = ops.upgrade() else { return };
            let model = model.clone();
            let _ = ops.try_send(Box::new(move |core: &mut Core| core.on_progress(&model, &progress)));
        })
    }

    fn on_progress(&mut self, model: &str, progress: &Progress) {
        let Some(download) = self.models.downloads.get_mut(model) else { return };
        download.view = DownloadView {
            model: model.to_owned(),
            state: if progress.stage == Stage::Checking {
                DownloadState::Checking
            } else {
                DownloadState::Running
            },
            done_bytes: progress.done,
            total_bytes: progress.total,
            bytes_per_s: progress.bytes_per_s,
            seconds_left: progress.eta.map(|left| left.as_secs_f64()),
        };
        let download = download.view.clone();
        self.tell(UiEventBody::Download { download });
    }

    fn on_downloaded(&mut self, model: &str, result: Result<(), DownloadError>) {
        match result.map_err(ApiError::from) {
            Err(error) if error.code != ErrorCode::Cancelled => {
                let Some(download) = self.models.downloads.get_mut(model) else { return };
                download.view.state = DownloadState::Failed { error };
                let download = download.view.clone();
                self.tell(UiEventBody::Download { download });
            }
            _ => {
                self.models.downloads.remove(model);
                self.tell_models();
                self.tell(UiEventBody::DownloadEnded { model: model.to_owned() });
                self.refresh_engine();
            }
        }
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn cancel_download(&mut self, model: &str) -> Result<(), ApiError> {
        let Some(download) = self.models.downloads.get(model) else { return Ok(()) };
        download.cancel.cancel();
        if matches!(download.view.state, DownloadState::Failed { .. }) {
            self.models.downloads.remove(model);
            self.tell(UiEventBody::DownloadEnded { model: model.to_owned() });
        }
        Ok(())
    }

    pub(crate) fn remove_model(&mut self, model: &str) -> Result<(), ApiError> {
        let id = model_id(model)?;
        self.cancel_download(model)?;
        self.models.store.remove(&id)?;
        self.tell_models();
        let local = self.local.clone();
        // The file may still be mapped: its space is free only when the engine lets go of it.
        self.elsewhere(async move { local.unload().await }, |core, ()| {
            core.engine = EngineView::NoModel;
            core.refresh_engine();
        });
        Ok(())
    }

    pub(crate) fn import_model(&mut self, path: &str) -> Result<String, ApiError> {
        let model = self.models.store.import(Path::new(path.trim()))?;
        self.tell_models();
        self.refresh_engine();
        Ok(model.id.as_str().to_owned())
    }
}
