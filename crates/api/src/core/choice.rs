//! Which model answers, and how the engine that runs it stands.

use std::sync::Arc;

use engine::LanguageModel;
use history::ConversationId;
use model_store::{ModelId, Task};

use super::Core;
use super::convert::conversation_id;
use super::models::{model_id, no_such_model};
use crate::contract::{ApiError, ChooseModel, EngineView, ErrorCode};
use crate::parts::{LocalStatus, ServerAddress};

/// In front of a server's id where a model's id could stand.
const SERVER: &str = "server:";

/// The model a reply is made with.
pub(crate) struct Chosen {
    /// Its name for people.
    pub(crate) name: String,
    /// How to reach it.
    pub(crate) model: Source,
}

/// Where a model runs.
pub(crate) enum Source {
    /// On this machine.
    Local(Arc<dyn LanguageModel>),
    /// On a server of the user's own.
    Server(ServerAddress),
}

impl Core {
    /// The model for a conversation: its own, or the one in the settings, or the best that is here.
    pub(crate) fn chosen(&self, id: ConversationId) -> Result<Chosen, ApiError> {
        self.chosen_for(self.history.conversation(id)?.model.as_deref())
    }

    /// The model of this name, or the one in the settings, or the best that is here.
    pub(crate) fn chosen_for(&self, model: Option<&str>) -> Result<Chosen, ApiError> {
        model.map_or_else(|| self.chosen_by_default(), |model| self.chosen_named(model))
    }

    pub(crate) fn chosen_by_default(&self) -> Result<Chosen, ApiError> {
        if let Some(model) = self.config.active_model() {
            return self.chosen_named(&model);
        }
        let best =
            self.models.machine.as_ref().and_then(|machine| self.models.store.default_chat_model(machine));
        let usable = |id: &ModelId| self.models.store.resolve(id).is_some();
        let here = || {
            self.models.store.installed().into_iter().find(|one| one.task == Task::Chat && usable(&one.id))
        };
        let id = best.filter(usable).or_else(|| here().map(|model| model.id));
        let id = id.ok_or_else(|| {
            ApiError::new(ErrorCode::NoModel, "There is no model yet. Choose one to download.")
        })?;
        self.chosen_named(id.as_str())
    }

    fn chosen_named(&self, model: &str) -> Result<Chosen, ApiError> {
        if let Some(id) = model.strip_prefix(SERVER) {
            let (name, address) = self.config.server(id).ok_or_else(|| {
                ApiError::new(
                    ErrorCode::NoModel,
                    "The chosen server is no longer in the settings. Choose another model.",
                )
            })?;
            return Ok(Chosen { name, model: Source::Server(address) });
        }
        let id = model_id(model)?;
        let here = self.models.store.installed_model(&id).ok_or_else(|| {
            let words =
                format!("The chosen model “{model}” is not on this machine. Download it or choose another.");
            ApiError::new(ErrorCode::NoModel, words)
        })?;
        if let Some(problem) = here.problem {
            return Err(ApiError::new(ErrorCode::BadModel, problem));
        }
        let files = self.models.store.resolve(&id).ok_or_else(|| no_such_model(model))?;
        let request = self.config.load_request(files);
        Ok(Chosen { name: here.name, model: Source::Local(self.local.language_model(request)) })
    }

    pub(crate) fn choose_model(&mut self, args: &ChooseModel) -> Result<(), ApiError> {
        if let Some(model) = &args.model {
            self.chosen_named(model)?;
        }
        if let Some(id) = args.conversation.as_deref() {
            let id = conversation_id(id)?;
            self.history.set_model(id, args.model.as_deref())?;
            self.tell_changed(id)?;
            self.warm_up(Some(id));
        } else {
            self.config.set_active_model(args.model.as_deref())?;
            self.tell_settings();
            self.refresh_engine();
            self.warm_up(None);
        }
        Ok(())
    }

    /// The engine's state where nothing is loaded or being loaded: idle, or no model.
    pub(crate) fn refresh_engine(&mut self) {
        let chosen = self.chosen_by_default().map(|chosen| chosen.name);
        let view = match (&self.engine, chosen) {
            (EngineView::Restarting { .. } | EngineView::Down { .. }, _) => return,
            (EngineView::Loading { model, .. } | EngineView::Ready { model, .. }, Ok(name))
                if *model == name =>
            {
                return;
            }
            (_, Ok(model)) => EngineView::Idle { model },
            (_, Err(_)) => EngineView::NoModel,
        };
        self.set_engine(view);
    }

    pub(crate) fn on_local_status(&mut self, status: &LocalStatus) {
        match status {
            LocalStatus::Restarting { reason } => {
                self.set_engine(EngineView::Restarting { reason: reason.clone() });
            }
            LocalStatus::Degraded { reason } => {
                let error = ApiError::new(ErrorCode::EngineDegraded, reason.clone());
                self.set_engine(EngineView::Down { error });
            }
            LocalStatus::Running | LocalStatus::Stopped => {
                if matches!(self.engine, EngineView::Restarting { .. } | EngineView::Down { .. }) {
                    self.engine = EngineView::NoModel;
                    self.refresh_engine();
                    self.warm_up(None);
                }
            }
        }
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn restart_engine(&mut self) -> Result<(), ApiError> {
        self.local.revive();
        Ok(())
    }
}
