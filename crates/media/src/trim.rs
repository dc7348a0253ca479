//! Sound without the silence around it: the spoken units of a reply end with their last sound, and who plays them knows how
//! long the pause between two of them is.

/// What is quieter than this cannot be heard as a beginning: -50 dB of full scale.
const AUDIBLE: f32 = 0.003_17;
/// Milliseconds kept before the first audible sample, where the sound rises.
const RISE_MS: usize = 2;
/// Milliseconds kept after the last.
const FALL_MS: usize = 20;

/// Takes the silence away from the beginning and the end of what is pushed through it.
#[derive(Debug)]
pub struct Trim {
    rise: usize,
    fall: usize,
    seen: u64,
    /// Samples taken away from the beginning; none while nothing was audible.
    skipped: Option<u64>,
    /// The newest silence, which may be the end. Before anything is audible, the last few samples only.
    held: Vec<f32>,
}

impl Trim {
    /// For sound of `rate` samples a second.
    pub fn new(rate: u32) -> Self {
        let ms = |ms: usize| usize::try_from(rate).unwrap_or(0) * ms / 1000;
        Self { rise: ms(RISE_MS), fall: ms(FALL_MS), seen: 0, skipped: None, held: Vec::new() }
    }

    /// The sound that is certain now: mono, as it is pushed.
    pub fn push(&mut self, sound: &[f32]) -> Vec<f32> {
        self.seen += sound.len() as u64;
        self.held.extend_from_slice(sound);
        let audible = |sample: &f32| sample.abs() > AUDIBLE;
        if self.skipped.is_none() {
            let first = self.held.iter().position(audible);
            let useless = first.unwrap_or(self.held.len()).saturating_sub(self.rise);
            self.held.drain(..useless);
            if first.is_none() {
                return Vec::new();
            }
            self.skipped = Some(self.seen - self.held.len() as u64);
        }
        let certain = self.held.iter().rposition(audible).map_or(0, |last| last + 1);
        self.held.drain(..certain).collect()
    }

    /// Samples pushed so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// What is left of the end.
    pub fn finish(&mut self) -> Vec<f32> {
        if self.skipped.is_none() {
            return Vec::new();
        }
        self.held.truncate(self.fall);
        std::mem::take(&mut self.held)
    }

    /// Where a sample of what was pushed is in what came out; none until something was audible.
    pub fn place(&self, sample: u64) -> Option<u64> {
        self.skipped.map(|skipped| sample.saturating_sub(skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `quiet` and `loud` samples in turn, pushed in pieces.
    fn check(lengths: &[usize], piece: usize, expect: usize) {
        let sound: Vec<f32> = lengths
            .iter()
            .enumerate()
            .flat_map(|(at, length)| std::iter::repeat_n(if at % 2 == 0 { 0.0001 } else { -0.3 }, *length))
            .collect();
        let mut trim = Trim::new(1000);
        let mut out: Vec<f32> = sound.chunks(piece).flat_map(|piece| trim.push(piece)).collect();
        if let Some(place) = trim.place(lengths[0] as u64) {
            assert!(out[usize::try_from(place).unwrap()] < -0.1);
        }
        out.extend(trim.finish());
        assert_eq!(out.len(), expect, "{lengths:?} in pieces of {piece}");
    }

    #[test]
    fn silence_goes_at_both_ends_and_stays_within() {
        for piece in [1, 3, 7, 1000] {
            check(&[0], piece, 0);
            check(&[500], piece, 0);
            check(&[0, 10], piece, 10);
            check(&[300, 10, 50, 10], piece, 2 + 70);
            check(&[1, 10, 500], piece, 1 + 10 + 20);
        }
    }
}
