//! What Hark sees: the screen, a monitor, a window, a region; text that is selected, and the clipboard; what is shared
//! while somebody talks about it; cameras.
//!
//! What always holds: nothing is seen that nobody asked for, nothing is kept on the disk, and no log line has what was
//! seen, selected or in a title. Every call blocks for as long as the system takes, milliseconds as a rule; hosts with an
//! event loop call from a thread of their own.

mod camera;
mod clipboard;
#[cfg(any(test, not(target_os = "linux")))]
mod copying;
mod desktop;
mod error;
mod geometry;
#[cfg(not(target_os = "linux"))]
mod native;
mod picture;
mod share;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "linux")]
mod x11;

pub use camera::{Camera, CameraId, CameraInfo, CameraSource, Devices, Images};
pub use desktop::{
    Clipping, Curtain, Desktop, Monitor, MonitorId, NoWindows, Own, Selected, Target, Window, WindowId, look,
    open, user_chooses,
};
pub use error::{Permission, SightError};
pub use geometry::{Point, Rect, visible};
pub use picture::{Encoding, Picture};
pub use share::{Frame, PERIOD, Share, ShareNews};
