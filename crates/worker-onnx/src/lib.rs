//! Models that run through ONNX Runtime: Moonshine, which listens, Smart Turn, which judges whether somebody has finished,
//! Kokoro, which speaks, and PP-OCR, which reads. One library under four worker programs.
//!
//! - [`runtime`]: the shared library of ONNX Runtime, which comes as a file of the starter set, and sessions on it.
//! - [`moonshine`]: English speech to text, while it is being spoken.
//! - [`smart_turn`]: the end of a turn, by the melody.
//! - [`kokoro`]: phonemes to speech.
//! - [`paddle`]: the text in a picture.
//!
//! Always holds: what was said is in frames to the host and nowhere else, never in the log. ONNX Runtime's threads are
//! counted and do not spin: they share two cores with a language model.

pub mod kokoro;
mod memory;
pub mod moonshine;
pub mod paddle;
pub mod runtime;
pub mod smart_turn;

pub use memory::give_back_early;
use worker_kit::Identity;

/// What a worker program of this crate says of itself in the handshake.
pub fn identity(name: &str) -> Identity {
    Identity { name: name.into(), build: env!("CARGO_PKG_VERSION").into(), features: vec!["cpu".into()] }
}
