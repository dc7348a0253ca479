//! What is wrong with a microphone, to be seen from its sound alone.

use media::SoundNews;

/// So many seconds of nothing but zeros: no real microphone is that quiet.
const ZEROS_S: u64 = 3;

/// At this a sample is clipped.
const FULL: f32 = 0.999;

/// More than one clipped sample in so many, over a second, is clipping.
const CLIPPED_SHARE: u64 = 500;

/// Seconds before clipping is told again.
const AGAIN_S: u64 = 10;

/// Looks at the sound of a microphone.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    zeros: u64,
    told_zeros: bool,
    frames: u64,
    clipped: u64,
    quiet_for: u64,
}

impl Meter {
    /// Another device: what was counted counts no more.
    pub(crate) fn restart(&mut self) {
        self.zeros = 0;
        self.frames = 0;
        self.clipped = 0;
    }

    /// Looks at sound of so many frames a second.
    pub(crate) fn look(&mut self, sound: &[f32], rate: u32, news: &mut Vec<SoundNews>) {
        self.zeros(sound, rate, news);
        self.clipping(sound, rate, news);
    }

    fn zeros(&mut self, sound: &[f32], rate: u32, news: &mut Vec<SoundNews>) {
        if sound.is_empty() {
            return;
        }
        if sound.iter().any(|sample| *sample != 0.0) {
            self.zeros = 0;
            if std::mem::take(&mut self.told_zeros) {
                news.push(SoundNews::NoLongerZeros);
            }
            return;
        }
        self.zeros += sound.len() as u64;
        if !self.told_zeros && self.zeros >= ZEROS_S * u64::from(rate) {
            self.told_zeros = true;
            news.push(SoundNews::OnlyZeros);
        }
    }

    fn clipping(&mut self, sound: &[f32], rate: u32, news: &mut Vec<SoundNews>) {
        self.frames += sound.len() as u64;
        self.quiet_for = self.quiet_for.saturating_sub(sound.len() as u64);
        self.clipped += sound.iter().filter(|sample| sample.abs() >= FULL).count() as u64;
        if self.frames < u64::from(rate) {
            return;
        }
        if self.clipped * CLIPPED_SHARE > self.frames && self.quiet_for == 0 {
            self.quiet_for = AGAIN_S * u64::from(rate);
            news.push(SoundNews::Clipping);
        }
        (self.frames, self.clipped) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told about so many seconds of each of these, a tenth of a second at a time.
    fn told(seconds: &[(usize, f32)]) -> Vec<SoundNews> {
        let (mut meter, mut news) = (Meter::default(), Vec::new());
        for (length, value) in seconds {
            for _ in 0..length * 10 {
                meter.look(&[*value; 800], 8_000, &mut news);
            }
        }
        news
    }

    #[test]
    fn zeros_are_told_once_and_their_end_too() {
        assert_eq!(told(&[(10, 0.0), (1, 0.1), (2, 0.0)]), [SoundNews::OnlyZeros, SoundNews::NoLongerZeros]);
        assert_eq!(told(&[(2, 0.0), (1, 1e-5), (2, 0.0)]), []);
    }

    #[test]
    fn clipping_is_told_at_most_every_ten_seconds() {
        assert_eq!(told(&[(9, 1.0)]), [SoundNews::Clipping]);
        assert_eq!(told(&[(25, -1.0)]).len(), 3);
        assert_eq!(told(&[(25, 0.99)]), []);
    }
}
