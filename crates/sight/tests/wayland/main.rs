//! A real Wayland session of each test's own: sway without a screen, PipeWire, and the desktop's portal. Where one of them
//! is not installed these tests say that they are skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod choosing;
mod scripted;
mod seeing;
mod session;
