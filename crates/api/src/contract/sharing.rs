//! What is shared in a spoken conversation: a screen, a window, a camera.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApiError;

/// Something that can be shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SharedThing {
    /// A monitor.
    Screen {
        /// Its number, from the list; none is the one with the pointer.
        screen: Option<u32>,
    },
    /// A window, also where something lies over it.
    Window {
        /// Its number, from the list.
        window: u32,
    },
    /// A camera.
    Camera {
        /// Its id, from the list; none is the first there is.
        camera: Option<String>,
    },
}

/// Shares this in the spoken conversation that is on, in place of what is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ShareSight {
    /// What.
    pub what: SharedThing,
}

/// What can be shared now.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Sharable {
    /// Monitors, the main one first.
    pub screens: Vec<SharableScreen>,
    /// Windows of other programs, topmost first.
    pub windows: Vec<SharableWindow>,
    /// Cameras.
    pub cameras: Vec<SharableCamera>,
    /// The desktop asks in a dialog of its own which screen or window it is to be: the one screen and the one window that are
    /// listed stand for all.
    pub desktop_asks: bool,
    /// Why there are no screens and windows in it.
    pub screen_problem: Option<ApiError>,
    /// Why there are no cameras in it.
    pub camera_problem: Option<ApiError>,
}

// Titles of windows do not get into a log.
impl std::fmt::Debug for Sharable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (screens, windows, cameras) = (self.screens.len(), self.windows.len(), self.cameras.len());
        write!(f, "Sharable({screens} screens, {windows} windows, {cameras} cameras)")
    }
}

/// A monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SharableScreen {
    /// Its number.
    pub screen: u32,
    /// What the system calls it.
    pub name: String,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// A window.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SharableWindow {
    /// Its number.
    pub window: u32,
    /// What its title bar says; may be empty.
    pub title: String,
    /// The program it belongs to; may be empty.
    pub program: String,
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SharableCamera {
    /// Which it is.
    pub camera: String,
    /// What it calls itself.
    pub name: String,
}

/// What is shared now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SharingView {
    /// What.
    pub what: SharedThing,
    /// Its name for people: a monitor's, a window's title, a camera's; may be empty.
    pub name: String,
    /// It is looked at; before, it is being opened.
    pub on: bool,
    /// How many different pictures of it there were. With a higher number another one can be had.
    pub pictures: u32,
}

impl std::fmt::Debug for SharingView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, on, pictures, .. } = self;
        write!(f, "SharingView({what:?}, on: {on}, pictures: {pictures})")
    }
}
