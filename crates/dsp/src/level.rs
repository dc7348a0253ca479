//! A level as an eye wants to see it.

use media::{BLOCK, Level, RATE};

/// How far the level falls in a second. A meter that rises at once and falls slowly shows every syllable without
/// flicker (the ballistics of a peak programme meter, IEC 60268-10: 24 dB in 2.8 s; ours is faster because speech is
/// watched, not a mix).
const FALL_DB_PER_SECOND: f32 = 40.0;

/// Smooths the levels of blocks of 10 ms for display.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meter {
    shown: Level,
}

impl Meter {
    /// Takes the level of the next block.
    pub fn push(&mut self, level: Level) {
        #[expect(clippy::cast_precision_loss, reason = "160 of 16,000")]
        let block = BLOCK as f32 / RATE as f32;
        let fallen = self.shown.db() - FALL_DB_PER_SECOND * block;
        self.shown = Level::from_db(level.db().max(fallen));
    }

    /// What to show now.
    pub fn level(&self) -> Level {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "exact numbers")]
    use super::*;

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let mut meter = Meter::default();
        meter.push(Level::from_db(-10.0));
        assert_eq!(meter.level().db(), -10.0);
        for _ in 0..50 {
            meter.push(Level::SILENCE);
        }
        assert!((meter.level().db() + 30.0).abs() < 0.1, "{}", meter.level().db());
    }
}
