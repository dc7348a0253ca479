//! The microphone's callback.

use crate::link::{Clock, Waker};
use cpal::{FromSample, Sample};
use rtrb::Producer;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Frames mixed down at a time.
const CHUNK: usize = 512;

/// The ears are woken when a hundredth of a second, divided by this, is there: servers give frames in driblets, and a
/// wake-up for each would cost more than it is worth.
pub(crate) const GRAINS_IN_10_MS: u32 = 2;

/// What the callback tells the ears.
#[derive(Debug, Default)]
pub(crate) struct Inlet {
    /// Frames that found the ring full.
    pub(crate) dropped: AtomicU64,
    /// When the callback last ran; nanoseconds of the link's clock.
    pub(crate) beat: AtomicU64,
}

/// The callback's state. Belongs to the audio thread.
pub(crate) struct Recorder {
    ring: Producer<f32>,
    inlet: Arc<Inlet>,
    ears: Arc<Waker>,
    clock: Clock,
    channels: usize,
    grain: usize,
    mono: [f32; CHUNK],
}

impl Recorder {
    /// `ring` takes what is heard, mono at `rate`.
    pub(crate) fn new(
        ring: Producer<f32>,
        inlet: Arc<Inlet>,
        ears: Arc<Waker>,
        clock: Clock,
        (rate, channels): (u32, u16),
    ) -> Self {
        let channels = usize::from(channels.max(1));
        Self { ring, inlet, ears, clock, channels, grain: grain(rate), mono: [0.0; CHUNK] }
    }

    /// Takes interleaved sound: the mean of the first two channels. (Of a device with more, those are where one
    /// microphone is plugged in; the mean of eight would be 18 dB down.)
    pub(crate) fn take<T: Sample>(&mut self, heard: &[T])
    where
        f32: FromSample<T>,
    {
        let used = self.channels.min(2);
        for part in heard.chunks(CHUNK * self.channels) {
            let mut frames = 0;
            for (mono, frame) in self.mono.iter_mut().zip(part.chunks_exact(self.channels)) {
                *mono = frame.iter().take(used).map(|sample| f32::from_sample(*sample)).sum::<f32>()
                    / used as f32;
                frames += 1;
            }
            let dropped = self.ring.push_partial_slice(&self.mono[..frames]).1.len();
            if dropped > 0 {
                self.inlet.dropped.fetch_add(dropped as u64, Ordering::AcqRel);
            }
        }
        self.inlet.beat.store(self.clock.now(), Ordering::Release);
        if self.ring.buffer().capacity() - self.ring.slots() >= self.grain {
            self.ears.wake();
        }
    }
}

/// Frames worth waking for.
pub(crate) fn grain(rate: u32) -> usize {
    (rate / 100 / GRAINS_IN_10_MS) as usize
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
