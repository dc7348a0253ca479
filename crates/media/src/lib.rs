//! What sound is inside Hark: positions on the conversation's clock, 10 ms blocks, levels, and the traits of a sound
//! card. Pure: no device, no thread, no clock of its own.
//!
//! The conversation's clock counts microphone samples at [`RATE`] since the conversation began. It never stops: where a
//! microphone gave nothing, marked silence takes its place.

mod card;
mod pos;
mod trim;
mod units;

pub use card::{
    Batch, Closed, Device, DeviceName, Direction, Ears, Epoch, Microphone, Mouth, Played, Side, SoundCard,
    SoundError, SoundLink, SoundNews, SoundRequest,
};
pub use pos::{BLOCK, Ms, RATE, SamplePos, samples_of_ms};
pub use trim::Trim;
pub use units::{Level, Probability};
