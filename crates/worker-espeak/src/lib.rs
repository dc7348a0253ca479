//! The voice that needs no model: eSpeak NG, loaded at run time from where the user's system has it.
//!
//! Speaks some hundred languages, begins within a millisecond, tells where each word is, and pronounces words for other
//! voices. Always holds: a text is words to be read, never a command of the library's own languages (SSML, `[[phonemes]]`,
//! embedded commands); marks are in order, within the text and no later than the sound; there is no silence before the
//! first sound. Unsafe code is in `ffi` alone.
//!
//! This crate, and it alone, is GPL-3.0-or-later, as eSpeak NG is: a program by itself, which nothing links.

mod ffi;
mod library;
mod phonemes;
mod speech;
mod voices;
mod words;
mod worker;

pub use worker::{EspeakWorker, identity};
