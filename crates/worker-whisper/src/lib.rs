//! The recogniser for many languages: whisper.cpp, one model at a time.
//!
//! `listening` decides when a pass is run and what its words mean; here is what a pass is. Always holds: a pass costs in
//! proportion to its sound, not to the 30 s that Whisper is trained on; a pass that nobody waits for any more ends
//! after its encoder or its next token; nothing that was said is logged. Unsafe code is in `native` alone.

mod doubt;
mod file;
mod languages;
mod machine;
mod native;
mod whisper;
mod worker;

pub use worker::{WhisperWorker, identity};
