//! When sound begins and ends in a recording, by its energy.
//!
//! Sound is *audible* where the level over [`WINDOW`] (10 ms) reaches a threshold; looked at every millisecond. The
//! threshold lies 20 dB above the recording's floor (the 10th percentile of its 10 ms levels, at least -80 dB, so that
//! dither and a room's hiss are no sound). In a noisy recording, where that would leave out quiet consonants, it lies at
//! most 20 dB below the loud parts (95th percentile), and never less than 10 dB above the floor: what a room makes of a
//! word after its end is not voiced.

use soundcard_sim::RATE;

/// Frames in 10 ms.
pub const WINDOW: usize = RATE as usize / 100;
/// Frames in 1 ms.
const STEP: usize = RATE as usize / 1000;
/// Decibels; quieter floors count as this.
const LOWEST_FLOOR: f32 = -80.0;

/// Milliseconds in so many frames.
pub fn ms(frames: usize) -> f64 {
    frames as f64 * 1000.0 / f64::from(RATE)
}

/// Frames in so many milliseconds.
pub fn frames(ms: usize) -> usize {
    ms * RATE as usize / 1000
}

/// The level of a piece of sound, decibels below full scale (root mean square); -120 for nothing.
pub fn level(sound: &[f32]) -> f32 {
    let power =
        sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / sound.len().max(1) as f64;
    decibels(power)
}

#[expect(clippy::cast_possible_truncation, reason = "decibels")]
fn decibels(power: f64) -> f32 {
    (10.0 * power.max(1e-12).log10()) as f32
}

/// The level from which on sound of this recording is audible.
pub fn threshold(sound: &[f32]) -> f32 {
    let mut levels: Vec<f32> = sound.chunks(WINDOW).map(level).collect();
    levels.sort_by(f32::total_cmp);
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let place = (levels.len() as f64 * share) as usize;
        levels.get(place.min(levels.len().saturating_sub(1))).copied().unwrap_or(LOWEST_FLOOR)
    };
    let floor = at(0.1).max(LOWEST_FLOOR);
    (floor + 20.0).min(at(0.95) - 20.0).max(floor + 10.0)
}

/// What is audible in a recording.
#[derive(Debug, Clone)]
pub struct Audible {
    /// For every millisecond: whether the 10 ms from there on are audible.
    windows: Vec<bool>,
}

impl Audible {
    /// With the recording's own [`threshold`].
    pub fn of(sound: &[f32]) -> Self {
        Self::above(sound, threshold(sound))
    }

    /// A loudspeaker's track: its floor is digital silence, whatever share of it is speech.
    pub fn played(sound: &[f32]) -> Self {
        Self::above(sound, LOWEST_FLOOR + 20.0)
    }

    /// Above this level in decibels.
    pub fn above(sound: &[f32], threshold: f32) -> Self {
        let mut sums = Vec::with_capacity(sound.len() + 1);
        let mut sum = 0.0_f64;
        sums.push(sum);
        sums.extend(sound.iter().map(|sample| {
            sum += f64::from(*sample).powi(2);
            sum
        }));
        let count = sound.len().saturating_sub(WINDOW) / STEP;
        let is_audible = |n: usize| {
            let from = n * STEP;
            decibels((sums[from + WINDOW] - sums[from]) / WINDOW as f64) >= threshold
        };
        Self { windows: (0..count).map(is_audible).collect() }
    }

    /// The first audible frame from this one on. A window is audible from its first millisecond that is, so this may be
    /// up to 10 ms early where sound sets in hard; the window must be full for at least half of its energy.
    pub fn onset(&self, from: usize) -> Option<usize> {
        let first = from.div_ceil(STEP);
        let found = self.windows.iter().skip(first).position(|audible| *audible)?;
        // The sound is in the end of the first window that has it.
        Some((first + found) * STEP + if found == 0 { 0 } else { WINDOW - STEP })
    }

    /// The frame after the last audible one of these.
    pub fn offset(&self, within: std::ops::Range<usize>) -> Option<usize> {
        let end = (within.end / STEP).min(self.windows.len());
        let begin = (within.start / STEP).min(end);
        let last = self.windows[begin..end].iter().rposition(|audible| *audible)?;
        // The sound is in the beginning of the last window that has it.
        Some((begin + last + 1) * STEP)
    }

    /// Where the first silence of at least so many frames begins, from this frame on; a silence that is under way
    /// counts from its own beginning.
    pub fn silence(&self, from: usize, at_least: usize) -> Option<usize> {
        let mut begins = None;
        let first = from / STEP;
        for (n, audible) in self.windows.iter().enumerate().skip(first) {
            match (audible, begins) {
                (true, _) => begins = None,
                (false, None) => begins = Some(n),
                (false, Some(begun)) if (n - begun) * STEP >= at_least => {
                    let begun = if begun == first { self.back(begun) } else { begun };
                    return Some(begun * STEP);
                }
                (false, Some(_)) => {}
            }
        }
        None
    }

    fn back(&self, from: usize) -> usize {
        self.windows[..from.min(self.windows.len())]
            .iter()
            .rposition(|audible| *audible)
            .map_or(0, |at| at + 1)
    }

    /// The share of this stretch that is audible, 0..=1.
    pub fn share(&self, within: std::ops::Range<usize>) -> f64 {
        let end = (within.end / STEP).min(self.windows.len());
        let begin = (within.start / STEP).min(end);
        let audible = self.windows[begin..end].iter().filter(|audible| **audible).count();
        audible as f64 / (end - begin).max(1) as f64
    }

    /// Audible stretches; silences shorter than `gap` frames are part of them.
    pub fn stretches(&self, gap: usize) -> Vec<std::ops::Range<usize>> {
        let mut found: Vec<std::ops::Range<usize>> = Vec::new();
        for (n, _) in self.windows.iter().enumerate().filter(|(_, audible)| **audible) {
            let at = n * STEP;
            match found.last_mut() {
                Some(last) if at <= last.end + gap => last.end = at + STEP,
                _ => found.push(at..at + STEP),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundcard_sim::Sound;
    use std::time::Duration;

    fn near(got: Option<usize>, want_ms: f64) {
        let got = ms(got.unwrap());
        assert!((got - want_ms).abs() <= 5.0, "{got} ms, not {want_ms} ms");
    }

    /// Silence with dither, a tone, silence; lengths in milliseconds.
    fn scene(pieces: &[(usize, f32)]) -> Vec<f32> {
        let mut noise = 1_u32;
        let mut all = Vec::new();
        for (length, amplitude) in pieces {
            let tone = Sound::tone(220.0, *amplitude, Duration::from_millis(*length as u64));
            all.extend(tone.samples().iter().map(|sample| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sample + (noise as f32 / u32::MAX as f32 - 0.5) / 32_768.0
            }));
        }
        all
    }

    #[test]
    fn a_tone_begins_and_ends_where_it_does() {
        let sound = scene(&[(500, 0.0), (300, 0.2), (700, 0.0)]);
        for audible in [Audible::of(&sound), Audible::played(&sound)] {
            near(audible.onset(0), 500.0);
            near(audible.offset(0..sound.len()), 800.0);
            near(audible.silence(frames(600), frames(100)), 800.0);
        }
    }

    #[test]
    fn a_click_is_no_silence_and_a_gap_is_no_end() {
        let sound = scene(&[(100, 0.0), (200, 0.2), (60, 0.0), (200, 0.2), (500, 0.0)]);
        let audible = Audible::played(&sound);
        near(audible.silence(frames(150), frames(100)), 560.0);
        near(audible.silence(frames(150), frames(40)), 300.0);
        assert_eq!(audible.stretches(frames(100)).len(), 1);
        assert_eq!(audible.stretches(frames(30)).len(), 2);
    }

    #[test]
    fn a_silence_that_is_under_way_counts_from_its_beginning() {
        let sound = scene(&[(300, 0.2), (500, 0.0)]);
        near(Audible::played(&sound).silence(frames(400), frames(100)), 300.0);
    }

    #[test]
    fn dither_alone_is_not_audible() {
        let sound = scene(&[(1000, 0.0)]);
        assert_eq!(Audible::played(&sound).onset(0), None);
        assert_eq!(Audible::of(&sound).onset(0), None);
    }

    #[test]
    fn in_a_noisy_recording_quiet_ends_still_count() {
        // 30 dB between noise and voice: 20 dB above the floor would be only 10 below the voice.
        let mut noise = 7_u32;
        let mut sound = scene(&[(500, 0.0), (500, 0.1), (100, 0.016), (500, 0.0)]);
        for sample in &mut sound {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample += (noise as f32 / u32::MAX as f32 - 0.5) * 0.007;
        }
        near(Audible::of(&sound).offset(0..sound.len()), 1100.0);
    }

    #[test]
    fn shares_count_what_is_audible() {
        let sound = scene(&[(500, 0.0), (500, 0.2)]);
        let share = Audible::played(&sound).share(0..sound.len());
        assert!((share - 0.5).abs() < 0.03, "{share}");
    }
}
