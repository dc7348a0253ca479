//! What listened and looked, and when: kept as long as the application runs, and nowhere else.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What listens or looks now, and what did since the application began. It is never written to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SensorsView {
    /// When the application began, in milliseconds since 1970.
    #[ts(type = "number")]
    pub since: i64,
    /// Every sensor, those that were never on too.
    pub sensors: Vec<SensorView>,
}

/// Something that listens or looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// Microphones.
    Microphone,
    /// Cameras.
    Camera,
    /// Pictures of the screen.
    Screen,
}

/// When one sensor was on since the application began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SensorView {
    /// Which.
    pub sensor: Sensor,
    /// Newest first, the last few only. It is on now if the first has no end.
    pub uses: Vec<SensorUse>,
    /// How often it was on in all.
    pub times: u32,
    /// For how long in all, in milliseconds, without the time since it was last switched on if it is on.
    #[ts(type = "number")]
    pub total_ms: i64,
}

/// A time in which a sensor was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SensorUse {
    /// Its beginning, in milliseconds since 1970.
    #[ts(type = "number")]
    pub from: i64,
    /// Its end; none while it is on.
    #[ts(type = "number | null")]
    pub until: Option<i64>,
    /// Which device, by its name for people.
    pub device: String,
    /// What for.
    pub purpose: SensorPurpose,
}

/// What a sensor is on for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SensorPurpose {
    /// A spoken conversation.
    Talk,
    /// The user tries whether it works.
    Check,
}
