//! The real program with the real model, over the real pipes. Skipped, and said so, where `HARK_TEST_VOICE` names no
//! folder with the model, or `HARK_TEST_DATA` none with recordings.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

mod faults;
mod listening;
mod setup;
