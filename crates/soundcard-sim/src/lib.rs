//! A private virtual sound card for tests and benchmarks: a real sound server (`PulseAudio`), started for one user and
//! forgotten afterwards, whose loudspeaker and microphone end in a simulated room.
//!
//! ```text
//! program under test --plays--> [vspk] --fifo--> room --fifo--> [vmic] --records--> program under test
//!                                                 |  ^
//!                                   tape <--------'  '-------- people who speak, echo of the speaker, noise
//! ```
//!
//! What always holds:
//! - The room has one clock. Each tick of [`BLOCK`] frames it takes a block from the loudspeaker and gives a block to
//!   the microphone, so what a tape has at one index happened at one time, exactly: no skew between its tracks.
//! - Nothing outside of the server's own folder is touched: no configuration, no session bus, no sound hardware.
//! - The server ends when the [`VirtualCard`] is dropped, and also when the process that holds it dies.

mod alone;
mod card;
#[cfg(unix)]
pub mod control;
mod room;
mod server;
mod sound;
mod wire;

pub use alone::with_card;
pub use card::{Speech, Tape, VirtualCard};
pub use room::{Gives, Recording};
pub use server::{CardError, available};
pub use sound::Sound;
pub use wire::{Format, Shape};

/// Frames a second of the room, of every [`Sound`] and every [`Recording`].
pub const RATE: u32 = 48_000;

/// Frames in one tick of the room's clock: 10.7 ms. As many as `PulseAudio`'s pipe sink renders at a time (4,096 bytes
/// of two `f32` channels), so that its buffer is a single block long.
pub const BLOCK: usize = 512;

/// The name of the loudspeaker that is there from the beginning.
pub const SPEAKER: &str = "vspk";

/// The name of the microphone that is there from the beginning.
pub const MICROPHONE: &str = "vmic";
