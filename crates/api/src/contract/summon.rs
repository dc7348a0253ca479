//! Being summoned: keys that work in every program, the bar they show, and what a window's own host can do beyond the
//! commands. A host without a window of its own (HTTP) has none of it, and its views say so.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, Seen, StillPart, SystemPage};

/// How this program can be summoned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SummonView {
    /// Not at all: there is no window of its own here.
    #[default]
    Unavailable,
    /// By keys, from the tray, or by `hark --toggle`.
    Available {
        /// The keys that work in every program, each once.
        keys: Vec<GlobalKeyView>,
        /// There is a tray with our sign in it.
        tray: bool,
        /// It begins with the user's session; none where that cannot be arranged.
        autostart: Option<bool>,
    },
}

/// What a key that works in every program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum GlobalKey {
    /// Shows the bar, and hides it.
    Summon,
    /// Is held to speak.
    Talk,
    /// Asks for a part of the screen, and brings the bar with it.
    Look,
}

/// A key that works in every program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GlobalKeyView {
    /// What it does.
    pub key: GlobalKey,
    /// The combination that the settings want, like `Alt+Space`; none: no key.
    pub combo: Option<String>,
    /// Whether it works.
    pub state: GlobalKeyState,
}

/// Whether a key that works in every program works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GlobalKeyState {
    /// None is wanted.
    Off,
    /// It works.
    Works,
    /// Another program, or the other of our own keys, has it.
    Taken {
        /// One that is free.
        offer: Option<String>,
    },
    /// The system chooses the keys itself and has given this one, in its own words.
    GivenBySystem {
        /// Empty when the system says nothing.
        trigger: String,
    },
    /// It cannot be had here. `hark --toggle`, `hark --talk` and `hark --look` do the same.
    Impossible {
        /// Why: a sentence.
        reason: String,
    },
}

/// What a page asks of the host it runs in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HostCall {
    /// The bar is done with: hide it, and give the focus back to whoever had it.
    HideBar,
    /// The bar needs this much room.
    FitBar {
        /// In CSS pixels.
        height: f64,
    },
    /// The bar was taken hold of with the pointer, to be moved.
    DragBar,
    /// What the bar holds: an empty one goes away by itself when the focus does.
    BarHolds {
        /// A conversation that was begun there.
        conversation: Option<String>,
        /// Files wait there to go with the next question, or are being chosen.
        files: bool,
    },
    /// Show the window.
    OpenWindow {
        /// With this in it.
        at: WindowPlace,
    },
    /// While a new combination is being pressed the old ones must reach the page.
    PauseKeys {
        /// They are given back to the system, or taken again.
        paused: bool,
    },
    /// Begin with the user's session, or no longer.
    SetAutostart {
        /// Begin with it.
        on: bool,
    },
    /// The window that was to be closed: what the user chose.
    Closing {
        /// Stay without a window, or end; none: the window stays open.
        keep: Option<bool>,
    },
    /// The still is drawn where a part of it is to be chosen: show it.
    RegionReady,
    /// A part of the still was chosen.
    RegionChosen {
        /// Which; none: it was given up.
        part: Option<StillPart>,
    },
    /// Open the page of the system's settings where this is allowed.
    OpenSystemPage {
        /// Which.
        page: SystemPage,
    },
    /// The words for what has no page of its own: tray and notifications.
    Words {
        /// The words.
        words: Box<HostWords>,
    },
}

/// Where in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WindowPlace {
    /// As it is.
    AsItIs,
    /// At this conversation.
    Conversation {
        /// Which.
        id: String,
    },
    /// Where a model is chosen.
    Models,
    /// At the settings of keys.
    Shortcuts,
    /// At the spoken conversation.
    Voice,
}

/// What a host tells the page in its window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HostOrder {
    /// The bar is being shown.
    BarShown,
    /// The bar is to go: forget the conversation on it and ask to be hidden.
    BarLeaves,
    /// Something was looked at by a key: it goes with the next question.
    Saw {
        /// What.
        seen: Seen,
    },
    /// It could not be looked at.
    Unseen {
        /// Why.
        error: ApiError,
    },
    /// Show this.
    Show {
        /// What.
        place: WindowPlace,
    },
    /// The window was to be closed for the first time: ask what that is to mean.
    AskAboutClosing,
}

/// Words in the user's language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HostWords {
    /// Tray: opens the window.
    pub open: String,
    /// Tray: shows the bar.
    pub summon: String,
    /// Tray: asks for a part of the screen.
    pub look: String,
    /// Tray: begins a spoken conversation.
    pub talk: String,
    /// Tray: ends it.
    pub end_talk: String,
    /// Tray: closes the microphone.
    pub mute: String,
    /// Tray: opens the microphone.
    pub unmute: String,
    /// Tray: ends the program.
    pub quit: String,
    /// Tray, how it stands: nothing goes on.
    pub idle: String,
    /// Tray, how it stands: a reply is being made.
    pub replying: String,
    /// Tray, how it stands: the microphone is open.
    pub listening: String,
    /// Tray, how it stands: the microphone is muted.
    pub muted: String,
    /// Tray, how it stands: the screen or a camera is shown.
    pub showing: String,
    /// Tray: shows it no longer.
    pub stop_showing: String,
    /// Notification: a reply has ended.
    pub answered: String,
    /// Notification: a reply has failed.
    pub failed: String,
}
