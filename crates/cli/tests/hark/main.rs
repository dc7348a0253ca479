//! The real program, each time in a folder of its own.
//!
//! Replies come from the scripted worker, so that every end of a reply can be had; with `HARK_TEST_MODEL` set to a
//! GGUF file, from that model too.

#![allow(clippy::unwrap_used)]

mod calls;
#[cfg(unix)]
mod chat;
mod doctor;
mod house;
mod look;
mod models;
#[cfg(unix)]
mod real;
#[cfg(unix)]
mod serve;
mod voice;
