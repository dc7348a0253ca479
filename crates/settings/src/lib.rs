//! What the user can choose, where it is kept, and where Hark keeps everything else.
//!
//! Owns `settings.toml`, its form, and the folders of the platform. What always holds:
//!
//! - A [`Settings`] that comes out of this crate is valid: every value is of its kind and in its range.
//! - A mistake in the file costs the setting it is in and nothing else, and is told as a [`SettingsProblem`].
//! - The user's file is changed only where a setting changed; remarks, order and unknown lines stay. A file that cannot
//!   be read, or that a newer version wrote, is not written to.
//! - No secret is here: keys of servers are in the system's keyring.

mod catalog;
mod edit;
mod error;
mod file;
mod keys;
mod load;
mod migrate;
mod model;
mod paths;
mod salvage;

pub use catalog::{Kind, SettingInfo, describe};
pub use error::{Place, SettingsError, SettingsProblem};
pub use file::SettingsFile;
pub use keys::{KeyCombo, KeyComboError, Modifier, other_combos};
pub use load::Loaded;
pub use model::{
    General, Gpu, History, Language, Model, Models, Notify, OnClose, ReducedMotion, SendWith, Server,
    Settings, Shortcuts, SpokenLanguage, TextSize, Theme, Thinking, TurnMode, Voice,
};
pub use paths::Paths;

/// The file that is made for the user: every setting with its default and a remark.
pub const DEFAULT_FILE: &str = include_str!("../../../assets/settings.default.toml");

#[cfg(test)]
mod tests;
