//! Tests with a real model, in process and through the built program. `HARK_TEST_MODEL` names a GGUF file; without it
//! those that need one say that they are skipped.
#![allow(clippy::unwrap_used, clippy::wildcard_imports)]

mod common;
mod files;
mod memory;
mod parity;
mod process;
mod replies;
mod sight;
