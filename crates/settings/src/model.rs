//! The settings themselves. `assets/settings.default.toml` describes each one to the user.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::migrate;

/// All that the user can choose. Ranges are in [`crate::describe`]. Not for logs: `Debug` shows the system prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The form of the file these came from, or will be saved in.
    pub version: u64,
    /// The window.
    pub general: General,
    /// Keys that work in every program.
    pub shortcuts: Shortcuts,
    /// How models run and answer.
    pub model: Model,
    /// Where models are kept and come from.
    pub models: Models,
    /// How Hark listens and speaks.
    pub voice: Voice,
    /// What is kept of conversations.
    pub history: History,
    /// Servers to ask in place of a local model.
    pub servers: Vec<Server>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: migrate::NEWEST,
            general: General::default(),
            shortcuts: Shortcuts::default(),
            model: Model::default(),
            models: Models::default(),
            voice: Voice::default(),
            history: History::default(),
            servers: Vec::new(),
        }
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }
    };
}

choice! {
    /// The language of the window.
    Language {
        /// The system's, or English where Hark does not speak it.
        #[default]
        System,
        /// English.
        En,
        /// Chinese.
        Zh,
        /// Spanish.
        Es,
    }
}
choice! {
    /// The colours of the window.
    Theme {
        /// As the system has it.
        #[default]
        System,
        /// Dark on light.
        Light,
        /// Light on dark.
        Dark,
    }
}
choice! {
    /// What sends a message; the other one makes a new line.
    SendWith {
        /// Enter.
        #[default]
        Enter,
        /// Control (on a Mac: Command) and Enter.
        CtrlEnter,
    }
}
choice! {
    /// Whether movements are left out.
    ReducedMotion {
        /// As the system has it.
        #[default]
        System,
        /// They are.
        On,
        /// They are not.
        Off,
    }
}
choice! {
    /// What becomes of the program when its window is closed.
    OnClose {
        /// The user is asked, once.
        #[default]
        Ask,
        /// It stays, without a window, and can be summoned.
        Keep,
        /// It ends.
        Quit,
    }
}
choice! {
    /// What the system is asked to say when a long reply ends while nobody looks.
    Notify {
        /// That it has ended.
        #[default]
        Plain,
        /// How it begins, too.
        Text,
        /// Nothing.
        Off,
    }
}
choice! {
    /// Whether a graphics card is used.
    Gpu {
        /// Where there is one that Hark can use.
        #[default]
        Auto,
        /// Never.
        Off,
    }
}
choice! {
    /// Whether models think before they answer.
    Thinking {
        /// Those that can.
        #[default]
        Auto,
        /// None.
        Off,
    }
}
choice! {
    /// How turns are taken in a spoken conversation.
    TurnMode {
        /// By listening.
        #[default]
        HandsFree,
        /// Only what is said while the talk key is down counts.
        PushToTalk,
    }
}
choice! {
    /// The language that is spoken to Hark.
    SpokenLanguage {
        /// The recogniser finds out, if it can.
        #[default]
        Auto,
        /// English.
        En,
        /// Spanish.
        Es,
        /// Chinese.
        Zh,
    }
}

/// The size of text, percent of the usual one; 50 to 300.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextSize(pub u16);

/// The window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct General {
    /// Its language.
    pub language: Language,
    /// Its colours.
    pub theme: Theme,
    /// What sends a message.
    pub send_with: SendWith,
    /// The size of its text.
    pub text_size: TextSize,
    /// Whether movements are left out.
    pub reduced_motion: ReducedMotion,
    /// What becomes of the program when its window is closed.
    pub on_close: OnClose,
    /// What is said when a long reply ends while nobody looks.
    pub notify: Notify,
}

impl Default for General {
    fn default() -> Self {
        Self {
            language: Language::default(),
            theme: Theme::default(),
            send_with: SendWith::default(),
            text_size: TextSize(100),
            reduced_motion: ReducedMotion::default(),
            on_close: OnClose::default(),
            notify: Notify::default(),
        }
    }
}

/// Keys that work in every program; none: there is no such key. Each is a [`KeyCombo`] in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shortcuts {
    /// Shows the bar, and hides it.
    pub summon: Option<String>,
    /// Is held to speak.
    pub talk: Option<String>,
    /// Asks for a part of the screen, and brings the bar with it.
    pub look: Option<String>,
}

impl Default for Shortcuts {
    fn default() -> Self {
        Self {
            summon: Some("Alt+Space".to_owned()),
            talk: Some("Alt+Shift+Space".to_owned()),
            look: Some("Ctrl+Alt+Space".to_owned()),
        }
    }
}

/// How models run and answer. The sampling settings mean what they mean in llama.cpp, and have its defaults but for the
/// temperature, and a penalty on repetition that keeps small models from going round in circles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// The model new conversations begin with; none: the one last used.
    pub active: Option<String>,
    /// How much a model sees at once, tokens.
    pub context_tokens: u32,
    /// Threads a model may use; none: Hark chooses.
    pub threads: Option<u32>,
    /// Whether a graphics card is used.
    pub gpu: Gpu,
    /// 0 always takes the likeliest token.
    pub temperature: f64,
    /// The likeliest tokens that together have this probability are kept; 1 keeps all.
    pub top_p: f64,
    /// How many of the likeliest tokens are kept; 0 keeps all.
    pub top_k: u32,
    /// Tokens less likely than this share of the likeliest one are left out.
    pub min_p: f64,
    /// How much repeated tokens are avoided; 1 does not avoid them.
    pub repeat_penalty: f64,
    /// Makes answers repeatable; none: a new one for every reply.
    pub seed: Option<u64>,
    /// The longest reply, tokens; none: the model decides.
    pub max_tokens: Option<u32>,
    /// Whether models think before they answer.
    pub thinking: Thinking,
    /// What a model is told before a conversation; empty: Hark's own words.
    pub system_prompt: String,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            active: None,
            context_tokens: 8192,
            threads: None,
            gpu: Gpu::default(),
            temperature: 0.7,
            top_p: 0.95,
            top_k: 40,
            min_p: 0.05,
            repeat_penalty: 1.1,
            seed: None,
            max_tokens: None,
            thinking: Thinking::default(),
            system_prompt: String::new(),
        }
    }
}

/// Where models are kept and come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Models {
    /// The folder for model files; none: [`crate::Paths::models`].
    pub folder: Option<PathBuf>,
    /// The hub models are fetched from; none: the usual one.
    pub hub_endpoint: Option<String>,
    /// Never fetch anything.
    pub offline: bool,
}

/// How Hark listens and speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voice {
    /// The microphone, as the system names it; none: the system's default.
    pub microphone: Option<String>,
    /// The loudspeaker, as the system names it; none: the system's default.
    pub speaker: Option<String>,
    /// How turns are taken.
    pub mode: TurnMode,
    /// The language that is spoken to Hark.
    pub language: SpokenLanguage,
    /// The model that recognises speech; none: the best that is here.
    pub recogniser: Option<String>,
    /// The voice that speaks; none: the best that is here for each language.
    pub voice: Option<String>,
    /// How fast it speaks, relative to its own pace.
    pub rate: f64,
    /// How loud it speaks, 0 to 1.
    pub volume: f64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            microphone: None,
            speaker: None,
            mode: TurnMode::default(),
            language: SpokenLanguage::default(),
            recogniser: None,
            voice: None,
            rate: 1.0,
            volume: 1.0,
        }
    }
}

/// What is kept of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// How long a deleted conversation can be brought back, days.
    pub keep_deleted_days: u32,
}

impl Default for History {
    fn default() -> Self {
        Self { keep_deleted_days: 30 }
    }
}

/// A server that speaks OpenAI's protocol. Its key, if it wants one, is in the system's keyring under `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// A short name, different for each server.
    pub id: String,
    /// What the window shows; none: the id.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it is, up to and with `/v1`.
    pub base_url: String,
    /// What to ask it for; none: the first model it has.
    #[serde(default)]
    pub model: Option<String>,
    /// How much it sees at once, tokens; none: what it says itself.
    #[serde(default)]
    pub context_tokens: Option<u32>,
}
