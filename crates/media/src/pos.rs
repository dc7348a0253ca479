//! Places and lengths on the conversation's clock.

use std::ops::{Add, Sub};

/// Samples a second of the conversation's clock, and of all sound that is listened to: 16 kHz, mono.
pub const RATE: u32 = 16_000;

/// Samples in a block: 10 ms at [`RATE`].
pub const BLOCK: usize = 160;

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ms(pub u32);

/// A place on the conversation's clock: samples at [`RATE`] since the conversation began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SamplePos(pub u64);

impl SamplePos {
    /// Where the clock begins.
    pub const START: Self = Self(0);

    /// How long after `earlier` this is; nothing if it is not after it.
    pub fn since(self, earlier: Self) -> Ms {
        let ms = self.0.saturating_sub(earlier.0) * 1000 / u64::from(RATE);
        Ms(u32::try_from(ms).unwrap_or(u32::MAX))
    }
}

impl Add for Ms {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl Add<Ms> for SamplePos {
    type Output = Self;

    fn add(self, length: Ms) -> Self {
        Self(self.0.saturating_add(samples_of_ms(length)))
    }
}

impl Sub<Ms> for SamplePos {
    type Output = Self;

    /// Never before the clock's beginning.
    fn sub(self, length: Ms) -> Self {
        Self(self.0.saturating_sub(samples_of_ms(length)))
    }
}

/// Samples at [`RATE`] in so many milliseconds.
pub fn samples_of_ms(length: Ms) -> u64 {
    u64::from(length.0) * u64::from(RATE) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_added_is_the_length_between() {
        let begin = SamplePos(12_345);
        assert_eq!((begin + Ms(250)).since(begin), Ms(250));
        assert_eq!(begin.since(begin + Ms(250)), Ms(0));
        assert_eq!((begin + Ms(250)) - Ms(250), begin);
        assert_eq!(SamplePos(3) - Ms(1), SamplePos::START);
    }
}
