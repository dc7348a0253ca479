//! What can be seen: plain data, ready to be drawn. Times are milliseconds since the Unix epoch.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AttachmentView, SensorsView, ServerView, SummonView, VoiceView};

/// Everything a fresh window needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Snapshot {
    /// The number of the last event that is contained here.
    #[ts(type = "number")]
    pub seq: u64,
    /// Version of the program.
    pub version: String,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
    /// The first page of conversations: pinned first, then newest first.
    pub conversations: ConversationPage,
    /// Text typed before any conversation was begun.
    pub draft: String,
    /// Settings and what is wrong with their file.
    pub settings: SettingsView,
    /// Every model of the catalogue and every one installed or imported.
    pub models: Vec<ModelView>,
    /// The user's own servers.
    pub servers: Vec<ServerView>,
    /// The engine's state.
    pub engine: EngineView,
    /// Downloads that run or failed.
    pub downloads: Vec<DownloadView>,
    /// Things to be said, newest last.
    pub notices: Vec<Notice>,
    /// Whether the first-run pages should be shown.
    pub first_run: bool,
    /// The spoken conversation.
    pub voice: VoiceView,
    /// What listened or looked since the application began.
    pub sensors: SensorsView,
    /// How the program can be summoned.
    pub summon: SummonView,
}

/// A conversation in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConversationSummary {
    /// Id.
    pub id: String,
    /// Title; empty until one is known.
    pub title: String,
    /// Kept on top.
    pub pinned: bool,
    /// Last change.
    #[ts(type = "number")]
    pub updated: i64,
    /// The beginning of the last message, or, in a search, the passage found.
    pub snippet: String,
    /// `[start, end)` pairs in `snippet`, counted in UTF-16 code units, that match a search.
    pub matches: Vec<(u32, u32)>,
    /// Whether a reply is being made in it now.
    pub replying: bool,
    /// Model or server it uses; none means the one chosen in the settings.
    pub model: Option<String>,
}

/// Some conversations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ConversationPage {
    /// In the order in which they are shown.
    pub items: Vec<ConversationSummary>,
    /// Give this to get the next page; none when there is none.
    pub next: Option<String>,
}

/// One conversation, as it is open in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConversationView {
    /// The number of the last event that is contained here.
    #[ts(type = "number")]
    pub seq: u64,
    /// Id.
    pub id: String,
    /// Title; empty until one is known.
    pub title: String,
    /// Kept on top.
    pub pinned: bool,
    /// Text typed and not sent.
    pub draft: String,
    /// Model or server this conversation uses; none means the one chosen in the settings.
    pub model: Option<String>,
    /// From the first message to the last of the branch shown.
    pub messages: Vec<MessageView>,
    /// Messages typed while a reply was being made, oldest first.
    pub queue: Vec<QueuedView>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// How a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageState {
    /// Being made.
    Streaming,
    /// Whole.
    Complete,
    /// Stopped by the user.
    Stopped,
    /// The program or its engine ended in the middle; what is there is kept.
    Interrupted,
    /// Failed; what is there is kept.
    Failed {
        /// What happened and what to do.
        error: ApiErrorView,
    },
}

/// An error kept with a message.
pub type ApiErrorView = super::ApiError;

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MessageView {
    /// Id.
    pub id: String,
    /// Who speaks.
    pub speaker: Speaker,
    /// Text; Markdown when the model speaks.
    pub text: String,
    /// The model's thoughts; empty when there are none.
    pub thinking: String,
    /// How it stands.
    pub state: MessageState,
    /// When it was begun.
    #[ts(type = "number")]
    pub created: i64,
    /// Name of the model that made it.
    pub model: Option<String>,
    /// Ids of the versions of this message (edits of a question, other replies), oldest first, itself among them.
    pub versions: Vec<String>,
    /// Figures; none until a reply has ended.
    pub details: Option<MessageDetails>,
    /// What goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<AttachmentView>>")]
    pub attachments: Vec<AttachmentView>,
}

/// Figures of one reply, shown on demand.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
pub struct MessageDetails {
    /// Tokens in the prompt.
    pub prompt_tokens: u32,
    /// Of these, tokens that were still in the KV cache.
    pub reused_tokens: u32,
    /// Tokens made.
    pub completion_tokens: u32,
    /// From sending to the first token, in milliseconds.
    pub first_token_ms: f64,
    /// Prompt tokens read a second.
    pub prefill_tokens_per_s: f64,
    /// Tokens made a second.
    pub decode_tokens_per_s: f64,
    /// Oldest messages the model was not shown because its context is full.
    pub dropped_messages: u32,
    /// Tokens the context holds; 0 where not known.
    pub context_tokens: u32,
    /// It ended because its allowance of tokens or the context was used up, not because all was said.
    pub cut_short: bool,
}

/// A message that waits for the reply before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QueuedView {
    /// Id, to take it back.
    pub id: String,
    /// Text.
    pub text: String,
    /// What goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<AttachmentView>>")]
    pub attachments: Vec<AttachmentView>,
}

/// How well a model fits this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FitLevel {
    /// It fits.
    Fits,
    /// It fits and will be slow.
    Slow,
    /// It does not fit into memory.
    WillNotFit,
    /// Not known.
    Unknown,
}

/// How well a model fits, with the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FitView {
    /// The verdict.
    pub level: FitLevel,
    /// Bytes of memory it needs, context included; none when not known.
    #[ts(type = "number | null")]
    pub needs_bytes: Option<u64>,
    /// Bytes of memory there are.
    #[ts(type = "number")]
    pub has_bytes: u64,
    /// Estimated tokens a second; none when not known.
    pub tokens_per_s: Option<f64>,
    /// The verdict as a sentence.
    pub sentence: String,
}

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelPlace {
    /// Can be downloaded.
    Available,
    /// Is here.
    Installed {
        /// Its folder or file.
        path: String,
        /// Removing only forgets it: the file is the user's own.
        imported: bool,
    },
    /// Is here and cannot be used.
    Broken {
        /// What is wrong and what to do.
        problem: String,
    },
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelView {
    /// Id, to be chosen by.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// `chat`, `speech_to_text`, `text_to_speech`, …
    pub task: String,
    /// Takes pictures.
    pub sees: bool,
    /// Takes sound.
    pub hears: bool,
    /// Parameters in thousands of millions; none when not known.
    pub parameters_b: Option<f64>,
    /// Bytes to download or on disk; none when not known.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    /// SPDX id of its licence.
    pub licence: String,
    /// Page with the licence or the model's description.
    pub homepage: Option<String>,
    /// Comes with the first start.
    pub starter: bool,
    /// How it fits this machine.
    pub fit: FitView,
    /// Where it is.
    pub place: ModelPlace,
}

/// How a download stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DownloadState {
    /// Runs.
    Running,
    /// Comparing the file's hash.
    Checking,
    /// Failed; can be begun again where it stopped.
    Failed {
        /// What happened and what to do.
        error: ApiErrorView,
    },
}

/// One model's download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DownloadView {
    /// The model's id.
    pub model: String,
    /// How it stands.
    pub state: DownloadState,
    /// Bytes here.
    #[ts(type = "number")]
    pub done_bytes: u64,
    /// Bytes in all; none until known.
    #[ts(type = "number | null")]
    pub total_bytes: Option<u64>,
    /// Bytes a second, smoothed.
    pub bytes_per_s: f64,
    /// Seconds left; none until known.
    pub seconds_left: Option<f64>,
}

/// The engine's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EngineView {
    /// No model is chosen, or none is installed.
    NoModel,
    /// A model is chosen and not loaded; it will be at the first message.
    Idle {
        /// Name of the model.
        model: String,
    },
    /// Being loaded.
    Loading {
        /// Name of the model.
        model: String,
        /// 0..=1.
        progress: f32,
    },
    /// Ready.
    Ready {
        /// Name of the model.
        model: String,
        /// Where it runs, for people.
        device: String,
        /// Tokens the context holds.
        context_tokens: u32,
        /// Takes pictures.
        sees: bool,
    },
    /// Died and is being started again.
    Restarting {
        /// How it ended.
        reason: String,
    },
    /// Died too often, or cannot be started; waits for `restart_engine`.
    Down {
        /// What happened and what to do.
        error: ApiErrorView,
    },
}

/// The settings as they hold now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// Every setting by its path, e.g. `{"general": {"theme": "dark"}, "model": {…}}`.
    #[ts(type = "Record<string, Record<string, unknown>>")]
    pub values: serde_json::Value,
    /// The file.
    pub path: String,
    /// What is wrong in it; the default holds instead.
    pub problems: Vec<SettingsProblemView>,
    /// Folder with the conversations.
    pub data_folder: String,
    /// Folder with the models.
    pub models_folder: String,
}

/// One mistake in the settings file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsProblemView {
    /// Which setting, e.g. `model.temperature`; empty when the file itself cannot be read.
    pub path: String,
    /// Line in the file, from 1; 0 when not known.
    pub line: u32,
    /// What is wrong and what holds instead.
    pub message: String,
}

/// Something to be said once, as a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Notice {
    /// Id, to dismiss it by.
    pub id: String,
    /// What it is about.
    pub error: ApiErrorView,
}
