//! The real programs over the real pipes: Moonshine and Smart Turn with their real models, Kokoro with a stand-in for its network. Skipped,
//! and said so, where `HARK_TEST_VOICE` names no folder with models and library, or `HARK_TEST_DATA` none with recordings.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

mod faults;
mod judge;
mod kokoro;
mod listening;
mod reading;
mod setup;
