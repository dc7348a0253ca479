//! Sound without the silence around it.

/// What is quieter than this cannot be heard as a beginning: -50 dB of full scale.
const AUDIBLE: i16 = 104;
/// Milliseconds kept before the first audible sample, where the sound rises.
const RISE_MS: usize = 2;
/// Milliseconds kept after the last.
const FALL_MS: usize = 20;

/// Takes the silence away from the beginning and the end of what is pushed through it.
#[derive(Debug)]
pub(crate) struct Trim {
    rise: usize,
    fall: usize,
    /// Samples taken away from the beginning; none while nothing was audible.
    skipped: Option<u64>,
    /// The newest silence, which may be the end. Before anything is audible, the last few samples only.
    held: Vec<i16>,
    seen: u64,
}

impl Trim {
    /// For sound of `rate` samples a second.
    pub(crate) fn new(rate: u32) -> Self {
        let ms = |ms: usize| usize::try_from(rate).unwrap_or(0) * ms / 1000;
        Self { rise: ms(RISE_MS), fall: ms(FALL_MS), skipped: None, held: Vec::new(), seen: 0 }
    }

    /// The sound that is certain now.
    pub(crate) fn push(&mut self, sound: &[i16]) -> Vec<f32> {
        self.seen += sound.len() as u64;
        self.held.extend_from_slice(sound);
        let audible = |sample: &i16| sample.unsigned_abs() > AUDIBLE.unsigned_abs();
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
        self.held.drain(..certain).map(|sample| f32::from(sample) / 32_768.0).collect()
    }

    /// Samples pushed so far.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// What is left of the end.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        if self.skipped.is_none() {
            return Vec::new();
        }
        self.held.truncate(self.fall);
        self.held.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
    }

    /// Where a sample of what was pushed is in what came out; `None` until something was audible.
    pub(crate) fn place(&self, sample: u64) -> Option<u64> {
        self.skipped.map(|skipped| sample.saturating_sub(skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `quiet` and `loud` samples in turn, pushed in pieces.
    fn check(lengths: &[usize], piece: usize, expect: usize) {
        let sound: Vec<i16> = lengths
            .iter()
            .enumerate()
            .flat_map(|(at, length)| std::iter::repeat_n(if at % 2 == 0 { 3 } else { 9_000 }, *length))
            .collect();
        let mut trim = Trim::new(1000);
        let mut out: Vec<f32> = sound.chunks(piece).flat_map(|piece| trim.push(piece)).collect();
        if let Some(place) = trim.place(lengths[0] as u64) {
            assert!(out[usize::try_from(place).unwrap()] > 0.1);
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
