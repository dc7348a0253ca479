//! What a user interface is told when something fails.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::SoundReason;

/// What the user interface may act on. Everything it does not act on is `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No model is chosen or installed: offer the models page.
    NoModel,
    /// The model file cannot be used: offer the models page.
    BadModel,
    /// The model cannot see what it was shown: offer one that can.
    CannotSee,
    /// The message does not fit the context: offer the settings.
    PromptTooLong,
    /// Not enough memory for the model: offer a smaller one.
    OutOfMemory,
    /// The engine died; it is being restarted: offer to try again.
    EngineGone,
    /// The engine died too often: offer to start it again.
    EngineDegraded,
    /// The engine's program is missing or of another version: reinstall.
    EngineMissing,
    /// A server of the user's own cannot be reached or refused: offer the servers page.
    Server,
    /// The hub cannot be reached: say so, offer to try again.
    Network,
    /// The disk is full: nothing more can be saved.
    DiskFull,
    /// The data folder cannot be written.
    ReadOnly,
    /// The data is from a newer version.
    NewerVersion,
    /// What was named does not exist (any more).
    NotFound,
    /// The settings file has a mistake: offer to open it.
    Settings,
    /// The microphone or the loudspeaker: offer the voice settings.
    Sound,
    /// The request itself is wrong.
    BadRequest,
    /// Cancelled by the user; nothing to show.
    Cancelled,
    /// Anything else; the message says what.
    Other,
}

/// A failure as a sentence and, where something can be done about it, a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What the user interface may act on.
    pub code: ErrorCode,
    /// What happened and what to do, in English. The user interface has its own words for codes it knows.
    pub message: String,
    /// With the code `sound`: what exactly, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sound: Option<SoundReason>,
    /// Where the system has to allow it first and has a page for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub system_page: Option<SystemPage>,
}

/// A page of the system's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SystemPage {
    /// Who may see the screen.
    Screen,
    /// Who may press keys in other programs.
    Keys,
    /// Who may use the camera.
    Camera,
}

impl ApiError {
    /// An error with this code and sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), sound: None, system_page: None }
    }

    /// Something about the sound, with this sentence.
    pub fn of_sound(reason: SoundReason, message: impl Into<String>) -> Self {
        Self { code: ErrorCode::Sound, message: message.into(), sound: Some(reason), system_page: None }
    }
}
