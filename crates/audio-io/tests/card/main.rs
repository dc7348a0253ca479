//! The real link on a virtual sound card: what is heard, what is played, and everything that can be pulled out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod faults;
mod hot_plug;
mod rig;
mod sound;
