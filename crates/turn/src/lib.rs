//! Whose turn it is: the one place that decides when to listen, to answer, to be quiet and to go on.
//!
//! A pure machine: [`Turns::step`] takes what happened and when, and says what to do. It knows no clock but the positions
//! it is given, no engine, no device and no thread.

mod belief;
mod config;
mod effect;
mod input;
mod state;
mod turns;
mod utterance;
pub mod words;

pub use config::{Silence, TurnConfig};
pub use effect::{Effect, Phase, StopReason};
pub use input::{Input, Mode, Muted, Reply, Text, Voice};
pub use turns::Turns;

/// One utterance: what a person says from the first voiced sound until the turn is over. Rises with every new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utt(pub u64);

/// One reply that is being made, heard or not. Rises with every new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gen(pub u64);
