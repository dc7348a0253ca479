//! A spoken conversation: one thread that hears, decides, speaks and tells.
//!
//! The thread (`hark-voice`) owns the microphone's and the loudspeaker's side of the sound link, the turn machine, the
//! reply that is heard and the ledger of what was heard of it. Engines run elsewhere and send what they have.
//!
//! Always holds: what a reply's [`VoiceEvent::Heard`] pieces add up to is what left for the loudspeaker, to the word;
//! every [`VoiceEvent::Released`] is followed by one [`VoiceEvent::ReplyEnded`] of the same reply before another is
//! released; a draft that is not released is never told and never heard.

mod conductor;
mod draft;
mod effects;
mod eyes;
mod handle;
mod happened;
mod judge;
mod live;
mod player;
mod reader;
mod reply;
mod scribe;
mod suspicion;
mod talk;
mod types;

pub use eyes::Eyes;
pub use handle::{VoiceError, VoiceHandle, sound_only, start};
pub use types::{
    Shown, SpokenEnd, TurnTimings, TypedMessage, VoiceCommand, VoiceEngines, VoiceEvent, VoiceProblem,
    VoiceSettings, VoiceStart,
};

#[cfg(test)]
mod tests;
