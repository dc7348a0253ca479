//! The system that this is built for: its name, its voices, and how to get more of them.

#[cfg(not(any(windows, target_os = "macos")))]
mod absent;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(not(any(windows, target_os = "macos")))]
pub use absent::{ABSENT, NAME, SETTINGS, start};
#[cfg(target_os = "macos")]
pub use macos::{ABSENT, NAME, SETTINGS, start};
#[cfg(windows)]
pub use windows::{ABSENT, NAME, SETTINGS, start};
