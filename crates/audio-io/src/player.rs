//! The loudspeaker's callback.
//!
//! Frames are counted from the first ever queued. A flush is one number, the count of frames queued before it: all below
//! is stale. So nothing has to be tagged, and a flush is instant however much is queued.

use crate::link::{Clock, frames_of, nanos, nanos_of};
use cpal::{FromSample, Sample};
use rtrb::{Consumer, Producer};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long stale sound takes to fade out after a flush.
pub(crate) const FADE_OUT: Duration = Duration::from_millis(5);

/// How long new sound takes to fade in after stale sound was cut off, which might have clicked.
const FADE_IN: Duration = Duration::from_millis(2);

/// Frames mixed at a time.
const CHUNK: usize = 512;

/// What the callback and the mouth tell each other.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    /// Frames taken from the queue: handed over, or skipped as stale.
    taken: AtomicU64,
    /// Frames below this are stale.
    flushed: AtomicU64,
    /// When the last frame handed over reaches the ear; nanoseconds of the link's clock.
    heard_until: AtomicU64,
    /// When the callback last ran; nanoseconds of the link's clock.
    pub(crate) beat: AtomicU64,
}

impl Outlet {
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// All frames below `queued` are stale from now on.
    pub(crate) fn flush(&self, queued: u64) {
        self.flushed.store(queued, Ordering::Release);
    }

    /// Time until the last frame handed over reaches the ear.
    pub(crate) fn in_flight(&self, now: u64) -> Duration {
        Duration::from_nanos(self.heard_until.load(Ordering::Acquire).saturating_sub(now))
    }
}

/// A gain to go to and the time to take, in one atomic.
#[derive(Debug)]
pub(crate) struct GainOrder(AtomicU64);

impl Default for GainOrder {
    fn default() -> Self {
        Self(AtomicU64::new(u64::from(1.0_f32.to_bits()) << 32))
    }
}

impl GainOrder {
    /// Gains that are no number are silence; ramps end within 71 minutes.
    pub(crate) fn set(&self, gain: f32, ramp: Duration) {
        let gain = if gain.is_nan() { 0.0 } else { gain.max(0.0) };
        let micros = u32::try_from(ramp.as_micros()).unwrap_or(u32::MAX);
        self.0.store(u64::from(gain.to_bits()) << 32 | u64::from(micros), Ordering::Release);
    }

    fn word(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    #[expect(clippy::cast_possible_truncation, reason = "takes the word apart")]
    fn parts(word: u64) -> (f32, Duration) {
        (f32::from_bits((word >> 32) as u32), Duration::from_micros(u64::from(word as u32)))
    }
}

/// A straight line to a value.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    value: f32,
    target: f32,
    step: f32,
    left: usize,
}

impl Ramp {
    fn at(value: f32) -> Self {
        Self { value, target: value, step: 0.0, left: 0 }
    }

    fn go(&mut self, target: f32, frames: usize) {
        let frames = frames.max(1);
        *self = Self { value: self.value, target, step: (target - self.value) / frames as f32, left: frames };
    }

    fn next(&mut self) -> f32 {
        match self.left {
            0 => {}
            1 => *self = Self::at(self.target),
            _ => {
                self.value += self.step;
                self.left -= 1;
            }
        }
        self.value
    }
}

/// The callback's state. Belongs to the audio thread.
pub(crate) struct Player {
    queue: Consumer<f32>,
    far: Producer<f32>,
    outlet: Arc<Outlet>,
    order: Arc<GainOrder>,
    clock: Clock,
    rate: u32,
    channels: usize,
    taken: u64,
    flushed: u64,
    fade: Ramp,
    gain: Ramp,
    word: u64,
    mono: [f32; CHUNK],
}

impl Player {
    /// `queue` holds what is to be played and `far` takes what was, both mono at `rate`.
    pub(crate) fn new(
        (queue, far): (Consumer<f32>, Producer<f32>),
        (outlet, order): (Arc<Outlet>, Arc<GainOrder>),
        clock: Clock,
        rate: u32,
        channels: u16,
    ) -> Self {
        let word = order.word();
        let gain = Ramp::at(GainOrder::parts(word).0);
        let channels = usize::from(channels.max(1));
        let (fade, mono) = (Ramp::at(1.0), [0.0; CHUNK]);
        Self {
            queue,
            far,
            outlet,
            order,
            clock,
            rate,
            channels,
            taken: 0,
            flushed: 0,
            fade,
            gain,
            word,
            mono,
        }
    }

    /// Fills interleaved `out`. `delay` is the time from now until its first frame is heard. Of more than two channels
    /// the first two are played to: front left and right.
    pub(crate) fn fill<T: Sample + FromSample<f32>>(&mut self, out: &mut [T], delay: Duration) {
        let now = self.clock.now();
        self.outlet.beat.store(now, Ordering::Release);
        self.follow_orders();
        let mut offset = 0;
        for part in out.chunks_mut(CHUNK * self.channels) {
            let frames = part.len() / self.channels;
            let real = self.mix(frames);
            if real > 0 {
                let until = now + nanos(delay) + nanos_of((offset + real) as u64, self.rate);
                self.outlet.heard_until.store(until, Ordering::Release);
            }
            for (frame, sample) in part.chunks_mut(self.channels).zip(&self.mono) {
                let value = T::from_sample(*sample);
                frame.fill(T::EQUILIBRIUM);
                frame.iter_mut().take(2).for_each(|channel| *channel = value);
            }
            // Full when nobody listens for seconds; then there is no echo to cancel either.
            let _ = self.far.push_partial_slice(&self.mono[..frames]);
            offset += frames;
        }
        self.outlet.taken.store(self.taken, Ordering::Release);
    }

    fn follow_orders(&mut self) {
        let word = self.order.word();
        if word != self.word {
            self.word = word;
            let (gain, ramp) = GainOrder::parts(word);
            self.gain.go(gain, frames_of(ramp, self.rate));
        }
        let flushed = self.outlet.flushed.load(Ordering::Acquire);
        if flushed > self.flushed {
            self.flushed = flushed;
            if self.taken < flushed && self.fade.target > 0.0 {
                self.fade.go(0.0, frames_of(FADE_OUT, self.rate));
            }
        }
    }

    /// Puts the next `frames` into `self.mono`; how many of them are more than silence.
    fn mix(&mut self, frames: usize) -> usize {
        let mut done = 0;
        while done < frames {
            self.skip_stale();
            let most = if self.taken < self.flushed {
                self.fade.left.min(usize::try_from(self.flushed - self.taken).unwrap_or(usize::MAX))
            } else {
                frames
            };
            let end = frames.min(done + most);
            let got = self.queue.pop_partial_slice(&mut self.mono[done..end]).0.len();
            if got == 0 {
                break;
            }
            for sample in &mut self.mono[done..done + got] {
                *sample = (*sample * self.gain.next() * self.fade.next()).clamp(-1.0, 1.0);
            }
            self.taken += got as u64;
            done += got;
        }
        self.mono[done..frames].fill(0.0);
        for _ in done..frames {
            self.gain.next();
        }
        done
    }

    /// Throws away what is stale once it has faded out, and has new sound fade in.
    fn skip_stale(&mut self) {
        if self.taken < self.flushed && self.fade.left == 0 {
            let stale = usize::try_from(self.flushed - self.taken).unwrap_or(usize::MAX);
            let there = stale.min(self.queue.slots());
            if let Ok(chunk) = self.queue.read_chunk(there) {
                chunk.commit_all();
                self.taken += there as u64;
            }
        }
        if self.taken >= self.flushed && self.fade.target == 0.0 {
            self.fade.go(1.0, frames_of(FADE_IN, self.rate));
        }
    }
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
