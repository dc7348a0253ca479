//! The language-model worker: llama.cpp through its C interface, one model and one conversation's memory at a time.
//!
//! [`Engine`] is usable in process (tests and benchmarks do so); [`LlmWorker`] puts it behind the wire. Everything
//! that needs no model is a module of its own with table tests: [`template`] and [`prompt`] make the prompt,
//! [`window`] decides what of a long conversation is shown, [`sampling`] chooses tokens, [`writer`] makes text of
//! them. Unsafe code is in `native` and `logs` alone.

pub mod bench;
mod engine;
pub mod follow_up;
mod load;
mod logs;
pub mod machine;
pub mod native;
pub mod prompt;
pub mod sampling;
pub mod template;
mod turn_end;
pub mod utf8;
mod vocabulary;
pub mod window;
mod worker;
pub mod writer;

pub use crate::engine::{Engine, Listener};
pub use crate::native::IsCancelled;
pub use crate::worker::{LlmWorker, identity};
