//! A real X server of each test's own, with two monitors, a window manager and windows of other programs. Without Xvfb
//! these tests say that they are skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod display;
mod grabbing;
mod listing;
mod own;
mod reading;
mod sharing;
