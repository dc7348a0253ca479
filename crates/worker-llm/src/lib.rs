//! The language-model worker: llama.cpp through its C interface, one model and one conversation's memory at a time.
//!
//! [`Engine`] is usable in process (tests and benchmarks do so); [`LlmWorker`] puts it behind the wire. Everything
//! that needs no model is a module of its own with table tests: [`template`] and [`prompt`] make the prompt,
//! [`window`] decides what of a long conversation is shown, [`sampling`] chooses tokens, [`writer`] makes text of
//! them, [`gallery`] holds pictures. Unsafe code is in `native`, `projector`, `layout`, `watch` and `logs` alone.

pub mod bench;
mod engine;
pub mod follow_up;
pub mod gallery;
mod layout;
mod load;
mod logs;
pub mod machine;
pub mod native;
mod pace;
mod projector;
pub mod prompt;
pub mod sampling;
pub mod sight_bench;
pub mod template;
mod turn_end;
pub mod units;
pub mod utf8;
mod vocabulary;
mod watch;
pub mod window;
mod worker;
pub mod writer;

pub use crate::engine::{Engine, Listener};
pub use crate::watch::IsCancelled;
pub use crate::worker::{LlmWorker, identity};
