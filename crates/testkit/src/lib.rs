//! What several crates' tests share.
//!
//! [`Script`] tells the program `scripted-worker` of this crate how to behave. Cargo builds that program for this
//! crate's own tests only; a test elsewhere finds it with `worker_host::worker_program("scripted-worker")` after
//! `cargo build -p testkit`.
//!
//! [`seeing_model`] writes models that see, with random weights, in the shapes of real ones.

pub mod gguf;
mod random;
mod script;
mod seeing;
mod wer;

pub use script::{Mode, Script, WORDS};
pub use seeing::{Family, Layers, SeeingModel, seeing_model};
pub use wer::{WordErrors, wer};
