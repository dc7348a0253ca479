//! Settings: what they mean to the rest, and commands that change them.

use std::collections::{HashMap, HashSet};

use dialogue::prompt::SPOKEN;
use engine::{CacheUse, ChatMessage, GenerateRequest, LoadRequest, Sampling, Thinking, Weigh};
use model_store::ModelFiles;
use settings::{Gpu, Loaded, Paths, Server, Settings, SettingsError, SettingsFile, SettingsProblem};

use super::Core;
use crate::app::days_before;
use crate::contract::{
    ApiError, ChangeSetting, ErrorCode, ListConversations, SaveServer, ServerView, SettingsProblemView,
    SettingsView, Snapshot, UiEventBody,
};
use crate::parts::ServerAddress;

/// What a model is told before a conversation, where the user has said nothing.
const SYSTEM_PROMPT: &str = include_str!("../../../../assets/prompts/system.md");

/// Beside the conversations: the first-run pages have been seen.
const SEEN: &str = "first-run-done";

/// Conversations in a snapshot.
const FIRST_PAGE: u32 = 50;

/// The settings, their file, and where everything is.
pub(crate) struct Config {
    paths: Paths,
    file: SettingsFile,
    settings: Settings,
    problems: Vec<SettingsProblem>,
    /// Servers for which a key is kept; the keyring is asked once.
    keys: HashSet<String>,
}

impl From<SettingsError> for ApiError {
    fn from(error: SettingsError) -> Self {
        let code = match &error {
            SettingsError::NewerVersion { .. } => ErrorCode::NewerVersion,
            _ => ErrorCode::Settings,
        };
        Self::new(code, error.to_string())
    }
}

impl Config {
    pub(crate) fn load(paths: &Paths) -> Self {
        let (file, Loaded { settings, problems }) = SettingsFile::open(paths.settings_file());
        Self { paths: paths.clone(), file, settings, problems, keys: HashSet::new() }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn system_prompt(&self) -> String {
        let own = self.settings.model.system_prompt.trim();
        if own.is_empty() { SYSTEM_PROMPT.trim().to_owned() } else { own.to_owned() }
    }

    /// What a model is told before a spoken conversation: the user's own words, or that it is heard and not read.
    pub(crate) fn spoken_prompt(&self) -> String {
        let own = self.settings.model.system_prompt.trim();
        if own.is_empty() { SPOKEN.trim().to_owned() } else { format!("{own}\n\n{}", SPOKEN.trim()) }
    }

    pub(crate) fn context_tokens(&self) -> u32 {
        self.settings.model.context_tokens
    }

    pub(crate) fn active_model(&self) -> Option<String> {
        self.settings.model.active.clone()
    }

    pub(crate) fn set_active_model(&mut self, model: Option<&str>) -> Result<(), ApiError> {
        self.change(|settings| settings.model.active = model.map(str::to_owned))
    }

    pub(crate) fn load_request(&self, files: ModelFiles) -> LoadRequest {
        let model = &self.settings.model;
        LoadRequest {
            weights: files.weights,
            projector: files.projector,
            context_tokens: Some(model.context_tokens),
            threads: model.threads,
            prefill_threads: model.threads,
            gpu_layers: (model.gpu == Gpu::Off).then_some(0),
        }
    }

    // The file holds decimal numbers in double precision; engines sample in single.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn generate_request(&self, messages: Vec<ChatMessage>) -> GenerateRequest {
        let model = &self.settings.model;
        GenerateRequest {
            messages,
            sampling: Sampling {
                temperature: model.temperature as f32,
                top_p: model.top_p as f32,
                top_k: model.top_k,
                min_p: model.min_p as f32,
                repeat_penalty: model.repeat_penalty as f32,
                seed: model.seed.map(|seed| seed as u32),
            },
            max_tokens: model.max_tokens,
            stop: Vec::new(),
            thinking: match model.thinking {
                settings::Thinking::Auto => Thinking::Auto,
                settings::Thinking::Off => Thinking::Off,
            },
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::Nothing,
        }
    }

    /// A server's name for people, and its address.
    pub(crate) fn server(&self, id: &str) -> Option<(String, ServerAddress)> {
        let server = self.settings.servers.iter().find(|server| server.id == id)?;
        let address = ServerAddress {
            id: server.id.clone(),
            base_url: server.base_url.clone(),
            model: server.model.clone().unwrap_or_default(),
            context_tokens: server.context_tokens,
        };
        Some((shown_name(server), address))
    }

    /// Changes the settings and their file; when the file cannot be written nothing changes.
    fn change(&mut self, change: impl FnOnce(&mut Settings)) -> Result<(), ApiError> {
        let mut wanted = self.settings.clone();
        change(&mut wanted);
        self.save(&wanted)
    }

    fn save(&mut self, wanted: &Settings) -> Result<(), ApiError> {
        let Loaded { settings, problems } = self.file.save(wanted)?;
        self.settings = settings;
        self.problems = problems;
        Ok(())
    }

    fn view(&self) -> SettingsView {
        let mut values = serde_json::to_value(&self.settings).unwrap_or_default();
        if let Some(values) = values.as_object_mut() {
            // Servers are told apart from settings, and the file's form is nobody's choice.
            values.remove("servers");
            values.remove("version");
        }
        SettingsView {
            values,
            path: self.file.path().display().to_string(),
            problems: self.problems.iter().map(problem_view).collect(),
            data_folder: self.paths.data.display().to_string(),
            models_folder: self.paths.models_folder(&self.settings).display().to_string(),
        }
    }

    fn server_views(&self) -> Vec<ServerView> {
        let view = |server: &Server| ServerView {
            id: server.id.clone(),
            name: shown_name(server),
            base_url: server.base_url.clone(),
            model: server.model.clone().unwrap_or_default(),
            has_key: self.keys.contains(&server.id),
        };
        self.settings.servers.iter().map(view).collect()
    }
}

fn shown_name(server: &Server) -> String {
    server.name.clone().unwrap_or_else(|| server.id.clone())
}

fn problem_view(problem: &SettingsProblem) -> SettingsProblemView {
    let line = problem.place.map_or(0, |place| u32::try_from(place.line).unwrap_or(u32::MAX));
    SettingsProblemView { path: problem.path.clone(), line, message: problem.sentence.clone() }
}

impl Core {
    pub(crate) fn snapshot(&mut self) -> Result<Snapshot, ApiError> {
        self.reload_settings();
        let first = ListConversations { query: String::new(), cursor: None, limit: FIRST_PAGE };
        Ok(Snapshot {
            conversations: self.list(&first)?,
            draft: self.history.loose_draft()?,
            settings: self.config.view(),
            models: self.models.views(self.config.context_tokens()),
            servers: self.config.server_views(),
            engine: self.engine.clone(),
            downloads: self.models.downloads(),
            notices: self.notices.clone(),
            first_run: self.is_first_run(),
            voice: self.voice.view().clone(),
            sensors: self.sensors.view().clone(),
            summon: self.summon.clone(),
            seq: self.seq,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: std::env::consts::OS.to_owned(),
        })
    }

    /// What is done once at the start: old deletions become final, the engine and the machine are looked at.
    pub(crate) fn begin_day(&mut self) {
        let oldest = days_before(self.now(), self.config.settings.history.keep_deleted_days);
        if let Err(error) = self.history.purge_deleted(oldest) {
            self.notice("history", error.into());
        }
        self.sweep_attachments();
        self.tell_problems();
        self.refresh_engine();
        self.look_at_machine();
        self.look_for_keys();
        self.follow_engine();
    }

    fn follow_engine(&self) {
        let mut status = self.local.status();
        let ops = self.ops.clone();
        self.runtime.spawn(async move {
            while status.changed().await.is_ok() {
                let status = status.borrow_and_update().clone();
                let Some(ops) = ops.upgrade() else { return };
                if ops.send(Box::new(move |core: &mut Core| core.on_local_status(&status))).await.is_err() {
                    return;
                }
            }
        });
    }

    fn look_for_keys(&self) {
        let ids: Vec<String> = self.config.settings.servers.iter().map(|server| server.id.clone()).collect();
        if ids.is_empty() {
            // A keyring may ask for its password: not without a reason.
            return;
        }
        let servers = self.servers.clone();
        let look = async move {
            let mut keys = HashMap::new();
            for id in ids {
                let has = servers.has_key(&id).await;
                keys.insert(id, has);
            }
            keys
        };
        self.elsewhere(look, |core, keys| {
            core.config.keys = keys.into_iter().filter_map(|(id, has)| has.then_some(id)).collect();
            core.tell_settings();
        });
    }

    pub(crate) fn tell_settings(&mut self) {
        let (settings, servers) = (self.config.view(), self.config.server_views());
        self.tell(UiEventBody::Settings { settings, servers });
    }

    /// Takes over what the user changed in the file by hand.
    fn reload_settings(&mut self) {
        match self.config.file.reload() {
            Ok(Some(Loaded { settings, problems })) => {
                self.config.problems = problems;
                self.take_over(settings);
            }
            Ok(None) => {}
            Err(error) => self.notice("settings", error.into()),
        }
    }

    fn take_over(&mut self, settings: Settings) {
        let models_moved = self.config.settings.models != settings.models;
        self.config.settings = settings;
        self.tell_problems();
        self.settled(models_moved);
    }

    /// Says that the settings file has mistakes, until it has none.
    fn tell_problems(&mut self) {
        let message = match self.config.problems.as_slice() {
            [] => return self.dismiss("settings"),
            [one] => one.sentence.clone(),
            [first, rest @ ..] => {
                format!("{} (And {} more in the settings file.)", first.sentence, rest.len())
            }
        };
        self.notice("settings", ApiError::new(ErrorCode::Settings, message));
    }

    fn settled(&mut self, models_moved: bool) {
        if models_moved {
            if let Err(error) = self.models.reopen(&self.config) {
                self.notice("models", ApiError::new(ErrorCode::Other, error.to_string()));
            }
            self.tell_models();
        }
        self.tell_settings();
        self.refresh_engine();
    }

    pub(crate) fn change_setting(&mut self, args: &ChangeSetting) -> Result<(), ApiError> {
        let mut wanted = self.config.settings.clone();
        let problem = |problem: SettingsProblem| ApiError::new(ErrorCode::Settings, problem.sentence);
        wanted.apply(&args.path, &args.value).map_err(problem)?;
        let before = self.config.settings.models.clone();
        self.config.save(&wanted)?;
        self.settled(before != self.config.settings.models);
        self.voice_settings_changed();
        Ok(())
    }

    pub(crate) fn open_settings_file(&mut self) -> Result<(), ApiError> {
        self.desktop.open_file(self.config.file.path())
    }

    fn is_first_run(&self) -> bool {
        !self.config.paths.data.join(SEEN).exists() && self.chosen_by_default().is_err()
    }

    pub(crate) fn finish_first_run(&mut self) -> Result<(), ApiError> {
        std::fs::write(self.config.paths.data.join(SEEN), "").map_err(|_| {
            let words = "The data folder cannot be written to, so the first pages will show again next time.";
            ApiError::new(ErrorCode::ReadOnly, words)
        })
    }

    pub(crate) fn save_server(&mut self, args: SaveServer) -> Result<String, ApiError> {
        let base_url = args.base_url.trim().to_owned();
        if base_url.is_empty() {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "Enter the server's address, like http://127.0.0.1:8080.",
            ));
        }
        let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let id = args.id.unwrap_or_else(|| free_id(&self.config.settings.servers, &args.name));
        let servers = &self.config.settings.servers;
        let context_tokens =
            servers.iter().find(|server| server.id == id).and_then(|server| server.context_tokens);
        let server = Server {
            id: id.clone(),
            name: text(args.name),
            base_url,
            model: text(args.model),
            context_tokens,
        };
        self.config.change(|settings| match settings.servers.iter_mut().find(|server| server.id == id) {
            Some(old) => *old = server,
            None => settings.servers.push(server),
        })?;
        self.settled(false);
        Ok(id)
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn key_changed(
        &mut self,
        id: &str,
        has_key: bool,
        caution: Option<String>,
    ) -> Result<(), ApiError> {
        if has_key {
            self.config.keys.insert(id.to_owned());
        } else {
            self.config.keys.remove(id);
        }
        if let Some(caution) = caution {
            self.notice("key", ApiError::new(ErrorCode::Other, caution));
        }
        self.tell_settings();
        Ok(())
    }

    pub(crate) fn remove_server(&mut self, id: &str) -> Result<(), ApiError> {
        self.config.change(|settings| settings.servers.retain(|server| server.id != id))?;
        self.config.keys.remove(id);
        self.settled(false);
        Ok(())
    }
}

/// An id made of the server's name that no other server has.
fn free_id(servers: &[Server], name: &str) -> String {
    let words: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let stem = Some(words.trim_matches('-').to_owned()).filter(|stem| !stem.is_empty());
    let stem = stem.unwrap_or_else(|| "server".to_owned());
    let taken = |id: &str| servers.iter().any(|server| server.id == id);
    let numbered = (2..).map(|n| format!("{stem}-{n}"));
    std::iter::once(stem.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(stem)
}
