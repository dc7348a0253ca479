//! The voices that come with the system: those of Windows (`Windows.Media.SpeechSynthesis`) and of macOS
//! (`AVSpeechSynthesizer`). Other systems have none that programs can rely on; there [`system`] says so.
//!
//! Always holds: all sound is mono at [`RATE`]; marks are in order, within the text and never after the sound they are in;
//! there is no silence before the first sound; a text is words to be read, never a command of the system's own.
//!
//! What the systems have in common, which is all but their calls, is plain code and the same everywhere. Unsafe code is in
//! `system/macos.rs` alone.

pub mod pace;
pub mod speech;
pub mod synthesiser;
pub mod system;
pub mod text;
pub mod voices;
pub mod wav;
mod worker;

pub use worker::{SystemVoiceWorker, identity};

/// Samples a second of all sound. The systems' voices have 16,000, 22,050, 24,000 or 48,000, one or the other by the voice
/// that speaks; this is what most of the newer ones have, and what the neural voice has.
pub const RATE: u32 = 24_000;
