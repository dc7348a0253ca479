//! Whether somebody begins to speak over the own loudspeaker, by the level of what the canceller leaves: pure.
//!
//! For the first 100 to 200 ms in which both speak the canceller takes most of the person too, and what it leaves sounds
//! like no voice to a detector; but it is suddenly louder than what was left of the own voice alone. Over 13 recordings
//! in five simulated rooms with and without office noise, a person was seen 40, 70 and 200 ms after the first voiced
//! sample (median, third quartile, 95th percentile) instead of 120, 200 and 281 by the detector alone. The price: in 12
//! minutes of its own voice there were 7 onsets instead of 2, most of them in the room whose echo is hardest to cancel;
//! none of the others became speech.

use media::Level;

/// Louder by this than what was left lately, decibels. With 8 the 95th percentile is 240 ms.
const MARGIN: f32 = 6.0;

/// Less than this is nobody near a microphone, decibels.
const LEAST: f32 = -60.0;

/// In so many blocks of 10 ms running: one alone is a click.
const BLOCKS: u32 = 2;

/// What is left before anything was played, decibels.
const FIRST: f32 = -70.0;

/// How the measure of what is left follows it, decibels in 10 ms: soon up, so that a room that changed is learnt before
/// long, and slowly down, because what is left comes and goes with the words (3 dB in a second; with 10, twice as many
/// onsets are false).
const UP: f32 = 1.0;
const DOWN: f32 = 0.03;

/// What is left of the own voice, and for how long it has been louder.
#[derive(Debug)]
pub(super) struct Rise {
    left: f32,
    blocks: u32,
}

impl Rise {
    pub(super) fn new() -> Self {
        Self { left: FIRST, blocks: 0 }
    }

    /// Takes the next 10 ms while the loudspeaker plays; whether somebody seems to speak.
    pub(super) fn block(&mut self, cleaned: Level) -> bool {
        let level = cleaned.db();
        let louder = level > (self.left + MARGIN).max(LEAST);
        self.blocks = if louder { self.blocks + 1 } else { 0 };
        self.left += (level - self.left).clamp(-DOWN, UP);
        self.blocks >= BLOCKS
    }

    /// What is heard now is a person, or nothing is played: nothing is learnt from it.
    pub(super) fn pause(&mut self) {
        self.blocks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rise: &mut Rise, count: usize, level: f32) -> usize {
        (0..count).filter(|_| rise.block(Level::from_db(level))).count()
    }

    #[test]
    fn a_sudden_sound_is_seen_in_its_second_block() {
        let mut rise = Rise::new();
        assert_eq!(seen(&mut rise, 300, -65.0), 0);
        assert_eq!(seen(&mut rise, 2, -50.0), 1);
    }

    #[test]
    fn a_click_is_not() {
        let mut rise = Rise::new();
        for _ in 0..10 {
            assert_eq!(seen(&mut rise, 20, -70.0) + seen(&mut rise, 1, -30.0), 0);
        }
    }

    #[test]
    fn a_room_that_leaves_more_is_learnt_within_half_a_second() {
        let mut rise = Rise::new();
        seen(&mut rise, 50, -35.0);
        assert_eq!(seen(&mut rise, 500, -35.0), 0);
        assert_eq!(seen(&mut rise, 100, -45.0) + seen(&mut rise, 100, -35.0), 0);
    }
}
