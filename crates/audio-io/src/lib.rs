//! The one crate that opens sound devices: [`media::SoundCard`] on cpal.
//!
//! ```text
//! Mouth --ring--> Player (callback) --> device        Recorder (callback) <-- device
//!                   \--ring (far end)--> Ears <--ring--/
//!                  thread `hark-sound`: opens, watches and reopens the streams; tells both ends
//! ```
//!
//! What always holds:
//! - The callbacks ([`player`], [`recorder`]) allocate, lock, log and free nothing, and never wait. What they exchange goes
//!   through single-producer single-consumer rings and atomics.
//! - A stream asks for short buffers of its own choice. The default of a sound server may be two seconds of speech that nobody can take
//!   back.
//! - What a loudspeaker plays is no microphone: monitor sources are not listed and never opened, also where the system
//!   makes one the default.
//! - Whoever drops, opens or asks something that may hang in the sound system does so on a thread that nobody waits for
//!   without end.
//!
//! Queues: the mouth's holds [`mouth::QUEUE`] and takes no more when full; the two rings to the ears hold
//! [`link::HEARD`], and what does not fit is dropped and, for the microphone, counted as a gap.

mod ears;
mod format;
mod link;
mod meter;
mod mouth;
mod player;
mod recorder;
mod streams;
mod system;
mod watch;

use link::Link;
use media::{Device, SoundCard, SoundError, SoundLink, SoundRequest};

/// The sound devices of this computer: `PulseAudio` or `PipeWire` on Linux (ALSA where neither answers), WASAPI on Windows,
/// Core Audio on macOS.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemCard;

impl SoundCard for SystemCard {
    fn devices(&self) -> Result<Vec<Device>, SoundError> {
        system::System::default().devices()
    }

    /// Returns once each side has been tried, or after three seconds.
    fn open(&self, request: &SoundRequest) -> Result<SoundLink, SoundError> {
        let Link { ears, mouth } = watch::open(request.clone())?;
        Ok(SoundLink { ears: Box::new(ears), mouth: Box::new(mouth) })
    }
}
