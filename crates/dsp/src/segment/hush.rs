//! Whether a voice has just fallen silent, by its level: pure.
//!
//! A detector's probability falls late: it takes what follows a voice for a part of it for about 130 ms (the median over
//! 115 sentences of a dozen speakers, from the last sample that [`BELOW_VOICE`] and [`ABOVE_FLOOR`] would call voiced).
//! The level falls at once, but also in the middle of words, where a "t" or a "k" closes the mouth; there the probability
//! does not move. Both together tell the end of a voice 40 to 70 ms sooner than the probability alone.

use media::{Level, Ms};

/// Quiet is less than this above the floor, decibels: a room's noise moves about its mean.
const ABOVE_FLOOR: f32 = 12.0;

/// Or this much below the voice, decibels. At 20 every fourth consonant is quiet, at 30 a room's reverberation is not.
const BELOW_VOICE: f32 = 25.0;

/// Length of a block.
const BLOCK: Ms = Ms(10);

/// The floor before anything was heard, decibels: below the noise of any microphone.
const FIRST_FLOOR: f32 = -85.0;

/// How the floor follows a louder frame: this share of the way, at most this many decibels, so that a voice that was not
/// recognised as one does not lift it.
const RISE: f32 = 0.1;
const FASTEST_RISE: f32 = 1.0;

/// The room's floor, and how long it has been quiet.
#[derive(Debug)]
pub(super) struct Hush {
    floor: f32,
    quiet: Ms,
}

impl Hush {
    pub(super) fn new() -> Self {
        Self { floor: FIRST_FLOOR, quiet: Ms(0) }
    }

    /// Learns from a frame in which nobody spoke.
    pub(super) fn learn(&mut self, level: Level) {
        let rise = level.db() - self.floor;
        self.floor += if rise < 0.0 { rise } else { (rise * RISE).min(FASTEST_RISE) };
    }

    /// Whether a level is quiet beside this voice.
    pub(super) fn is_quiet(&self, level: Level, voice: Level) -> bool {
        level.db() < (self.floor + ABOVE_FLOOR).max(voice.db() - BELOW_VOICE)
    }

    /// Takes the next 10 ms; how long it has been quiet.
    pub(super) fn block(&mut self, level: Level, voice: Level) -> Ms {
        self.quiet = if self.is_quiet(level, voice) { self.quiet + BLOCK } else { Ms(0) };
        self.quiet
    }

    /// What was quiet until now does not count.
    pub(super) fn restart(&mut self) {
        self.quiet = Ms(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice() -> Level {
        Level::from_db(-25.0)
    }

    #[test]
    fn quiet_is_near_the_floor_or_far_below_the_voice() {
        let mut hush = Hush::new();
        assert!(
            hush.is_quiet(Level::from_db(-55.0), voice()) && !hush.is_quiet(Level::from_db(-45.0), voice())
        );
        for _ in 0..200 {
            hush.learn(Level::from_db(-50.0));
        }
        assert!(
            hush.is_quiet(Level::from_db(-45.0), voice()) && !hush.is_quiet(Level::from_db(-35.0), voice())
        );
    }

    #[test]
    fn the_floor_falls_at_once_and_rises_slowly() {
        let mut hush = Hush::new();
        hush.learn(Level::from_db(-30.0));
        assert!(hush.floor < -83.0, "{}", hush.floor);
        hush.learn(Level::from_db(-95.0));
        assert!(hush.floor < -94.0, "{}", hush.floor);
    }

    #[test]
    fn it_counts_what_is_quiet_in_one_piece() {
        let mut hush = Hush::new();
        let quiet = Level::from_db(-60.0);
        assert_eq!([quiet, quiet, voice(), quiet].map(|level| hush.block(level, voice()).0), [10, 20, 0, 10]);
    }
}
