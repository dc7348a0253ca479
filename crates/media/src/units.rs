//! Numbers that must not be mixed up.

/// A probability in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Probability(f32);

impl Probability {
    /// The nearest probability; what is not a number is 0.
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// In 0..=1.
    pub fn get(self) -> f32 {
        self.0
    }
}

/// The level of a sound in dB below full scale (the root mean square of a full-scale square wave is 0): 0 or less,
/// silence is [`Level::SILENCE`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f32);

impl Level {
    /// Nothing at all.
    pub const SILENCE: Self = Self(-120.0);

    /// The level of these samples.
    pub fn of(samples: &[f32]) -> Self {
        if samples.is_empty() {
            return Self::SILENCE;
        }
        let square =
            samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
        #[expect(clippy::cast_possible_truncation, reason = "decibels between -120 and 0")]
        Self::from_db((10.0 * square.max(1e-12).log10()) as f32)
    }

    /// From decibels, brought into -120..=0.
    pub fn from_db(db: f32) -> Self {
        Self(if db.is_nan() { -120.0 } else { db.clamp(-120.0, 0.0) })
    }

    /// Decibels, -120..=0.
    pub fn db(self) -> f32 {
        self.0
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        assert_eq!(Level::of(&[1.0, -1.0]), Level::from_db(0.0));
        assert!((Level::of(&[0.1, -0.1]).db() + 20.0).abs() < 1e-3);
        assert_eq!(Level::of(&[0.0; 8]), Level::SILENCE);
        assert_eq!(Level::of(&[]), Level::SILENCE);
        assert_eq!(Level::of(&[f32::NAN]), Level::SILENCE);
    }

    #[test]
    fn probabilities_stay_within_their_bounds() {
        assert_eq!(Probability::new(1.5), Probability::new(1.0));
        assert_eq!(Probability::new(-1.0), Probability::new(0.0));
        assert_eq!(Probability::new(f32::NAN), Probability::new(0.0));
    }
}
