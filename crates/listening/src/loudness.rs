//! Where in the sound somebody speaks, judged by loudness alone.
//!
//! This is no voice activity detection: the host has a good one and sends what it found. It serves to save passes over
//! pauses, and to keep noise from being read as words.
//!
//! Always holds: one level per whole frame of the sound, in order.

use std::collections::VecDeque;
use std::ops::Range;

/// Samples in a frame: 10 ms.
pub const FRAME: usize = 160;

/// Frames by which the floor and the peak are judged: 3 s.
const RECENT: usize = 300;
/// Below this nobody speaks, in dB of full scale.
const SILENT: f32 = -60.0;
/// With less between the quiet and the loud frames it is one steady noise, in dB. The 10 ms levels of white noise spread
/// over 1.5 dB.
const LEAST_SPREAD: f32 = 4.0;
/// Where between floor and peak speech begins.
const SHARE: f32 = 0.35;
/// Quieter than the peak by this much is not speech, however quiet the room, in dB.
const DEEPEST: f32 = 30.0;

/// The levels of the sound that is kept, and what they are compared with.
#[derive(Debug, Default)]
pub struct Loudness {
    levels: Vec<f32>,
    recent: VecDeque<f32>,
    /// A frame at least this loud is voiced.
    threshold: Option<f32>,
}

impl Loudness {
    /// Of all this sound.
    pub fn of(sound: &[f32]) -> Self {
        let mut loudness = Self::default();
        loudness.follow(sound);
        loudness
    }

    /// Whether speech and pauses can be told apart; if not, no frame is voiced.
    pub fn can_tell(&self) -> bool {
        self.threshold.is_some()
    }

    /// Takes in what came since the last call; `sound` is all the sound that is kept.
    pub fn follow(&mut self, sound: &[f32]) {
        let new = sound.get(self.levels.len() * FRAME..).unwrap_or_default().chunks_exact(FRAME).map(level);
        for level in new {
            self.levels.push(level);
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(level);
        }
        self.threshold = threshold(self.recent.iter().copied().collect());
    }

    /// The first frames are not kept any more.
    pub fn forget(&mut self, frames: usize) {
        self.levels.drain(..frames.min(self.levels.len()));
    }

    /// How many frames are kept.
    pub fn frames(&self) -> usize {
        self.levels.len()
    }

    /// Whether a frame is voiced.
    pub fn is_voiced(&self, frame: usize) -> bool {
        self.threshold
            .is_some_and(|threshold| self.levels.get(frame).is_some_and(|level| *level >= threshold))
    }

    /// How many of these frames are voiced.
    pub fn voiced(&self, frames: Range<usize>) -> usize {
        frames.filter(|frame| self.is_voiced(*frame)).count()
    }

    /// From the first voiced frame to the last, within the first `frames`; empty when there is none.
    pub fn span(&self, frames: usize) -> Range<usize> {
        let mut voiced = (0..frames.min(self.levels.len())).filter(|frame| self.is_voiced(*frame));
        let Some(first) = voiced.next() else { return 0..0 };
        first..voiced.next_back().unwrap_or(first) + 1
    }
}

/// The level of these samples in dB of full scale.
fn level(samples: &[f32]) -> f32 {
    let square = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    // What is not a number is silence.
    10.0 * square.max(1e-12).log10()
}

fn threshold(mut levels: Vec<f32>) -> Option<f32> {
    levels.sort_unstable_by(f32::total_cmp);
    let at = |share: usize| levels.get(levels.len() * share / 100).copied();
    let (floor, peak) = (at(10)?, at(95)?);
    let spread = peak - floor;
    (peak >= SILENT && spread >= LEAST_SPREAD).then(|| (floor + SHARE * spread).max(peak - DEEPEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sound with this many voiced (`true`) or quiet frames after another.
    fn sound(parts: &[(bool, usize)]) -> Vec<f32> {
        let frames = parts.iter().flat_map(|(voiced, frames)| std::iter::repeat_n(*voiced, *frames));
        frames
            .flat_map(|voiced| {
                (0..FRAME)
                    .map(move |at| if at % 2 == 0 { 1.0 } else { -1.0 } * if voiced { 0.1 } else { 1e-4 })
            })
            .collect()
    }

    fn loudness(parts: &[(bool, usize)]) -> Loudness {
        Loudness::of(&sound(parts))
    }

    #[test]
    fn speech_stands_out() {
        let loudness = loudness(&[(false, 30), (true, 50), (false, 20)]);
        assert_eq!(loudness.span(100), 30..80);
        assert_eq!(loudness.voiced(0..100), 50);
    }

    #[test]
    fn silence_and_steady_noise_are_not_speech() {
        assert_eq!(loudness(&[(false, 100)]).span(100), 0..0);
        assert_eq!(loudness(&[(true, 100)]).span(100), 0..0);
        assert_eq!(Loudness::default().span(100), 0..0);
        assert!(!Loudness::of(&[f32::NAN; 10 * FRAME]).can_tell());
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let mut loudness = loudness(&[(true, 50), (false, 50), (true, 10)]);
        loudness.forget(80);
        assert_eq!(loudness.span(30), 20..30);
        assert_eq!(loudness.frames(), 30);
    }
}
