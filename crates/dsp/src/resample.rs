//! Streaming resampling of one channel. Output sample `n` belongs to the same moment as input sample
//! `n * input rate / output rate`, to within a sample: the filter's delay is taken out, so nothing downstream has to
//! know it. How the input is cut into pieces makes no difference to the output.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

/// A rate that no sound card has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Sound at {0} samples a second cannot be used. Choose a rate between 8,000 and 192,000 in the system's sound settings."
)]
pub struct RateError(pub u32);

/// The rates that are taken.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// How long a piece that the FFT works on may be, as a part of a second. A pair of rates with a small common divisor
/// would need longer ones, up to a second: those are resampled by interpolation, which costs some ten times as much.
const LONGEST_PIECE: u32 = 50;

/// The wished length of a piece: 10 ms, which is what sound cards deliver.
const PIECE: u32 = 100;

/// Resamples a stream of mono sound.
pub struct Resampler {
    from: u32,
    to: u32,
    kind: Option<Box<dyn rubato::Resampler<f32>>>,
    /// Input that does not make a piece yet.
    pending: Vec<f32>,
    piece_out: Vec<f32>,
    /// Output samples still to be left out: the filter's delay.
    to_skip: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// Between these rates, samples a second.
    pub fn new(from: u32, to: u32) -> Result<Self, RateError> {
        for rate in [from, to] {
            if !RATES.contains(&rate) {
                return Err(RateError(rate));
            }
        }
        let kind = if from == to { None } else { Some(filter(from, to)?) };
        let to_skip = kind.as_ref().map_or(0, |kind| kind.output_delay());
        let (longest_in, longest_out) =
            kind.as_ref().map_or((0, 0), |kind| (kind.input_frames_max(), kind.output_frames_max()));
        Ok(Self {
            from,
            to,
            kind,
            pending: Vec::with_capacity(longest_in),
            piece_out: vec![0.0; longest_out],
            to_skip,
            taken: 0,
            given: 0,
        })
    }

    /// Samples a second of what goes in.
    pub fn from(&self) -> u32 {
        self.from
    }

    /// The longest time, in output samples, between a sample going in and the one of the same moment coming out: the
    /// filter's delay and the wait for a whole piece.
    pub fn latency(&self) -> usize {
        self.kind.as_ref().map_or(0, |kind| kind.output_delay() + kind.output_frames_max())
    }

    /// Takes sound and appends to `out` what can be told by now.
    pub fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
        self.taken += input.len() as u64;
        if self.kind.is_none() {
            self.given += input.len() as u64;
            out.extend_from_slice(input);
            return;
        }
        while let Some(missing) = self.missing().filter(|missing| *missing <= input.len()) {
            let (now, later) = input.split_at(missing);
            self.pending.extend_from_slice(now);
            input = later;
            self.process(None, out);
        }
        self.pending.extend_from_slice(input);
    }

    /// Ends the stream: appends what is still missing, so that all of the output is as long as all of the input. What
    /// is pushed after it begins another stream.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let whole = (self.taken * u64::from(self.to)).div_ceil(u64::from(self.from));
        while self.kind.is_some() && self.given < whole {
            let begin = out.len();
            let before = self.given;
            let valid = self.pending.len();
            let needed = self.kind.as_ref().map_or(0, |kind| kind.input_frames_next());
            self.pending.resize(needed, 0.0);
            self.process(Some(valid), out);
            let surplus = usize::try_from(self.given.saturating_sub(whole)).unwrap_or(0);
            let kept = out.len().saturating_sub(surplus).max(begin);
            out.truncate(kept);
            if self.given == before && self.to_skip == 0 {
                break;
            }
        }
        self.restart();
    }

    fn restart(&mut self) {
        (self.taken, self.given) = (0, 0);
        self.pending.clear();
        if let Some(kind) = &mut self.kind {
            kind.reset();
            self.to_skip = kind.output_delay();
        }
    }

    /// Input that is still needed for a piece.
    fn missing(&self) -> Option<usize> {
        self.kind.as_ref().map(|kind| kind.input_frames_next().saturating_sub(self.pending.len()))
    }

    /// Resamples the pending piece. It is whole, so that nothing can fail; if it did, silence of the same length would
    /// keep the clock right.
    fn process(&mut self, valid: Option<usize>, out: &mut Vec<f32>) {
        let Some(kind) = &mut self.kind else { return };
        let expected = kind.output_frames_next();
        let indexing = valid.map(|valid| Indexing::new().partial_len(valid));
        let frames = self.piece_out.len();
        let made = match (
            InterleavedSlice::new(&self.pending, 1, self.pending.len()),
            InterleavedSlice::new_mut(&mut self.piece_out, 1, frames),
        ) {
            (Ok(input), Ok(mut output)) => kind.process_into_buffer(&input, &mut output, indexing.as_ref()),
            _ => Ok((0, 0)),
        };
        let made = made.map_or_else(
            |_| {
                self.piece_out.fill(0.0);
                expected.min(frames)
            },
            |(_, made)| made,
        );
        self.pending.clear();
        let skipped = self.to_skip.min(made);
        self.to_skip -= skipped;
        self.given += (made - skipped) as u64;
        out.extend_from_slice(&self.piece_out[skipped..made]);
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

fn filter(from: u32, to: u32) -> Result<Box<dyn rubato::Resampler<f32>>, RateError> {
    if in_pieces_of_fft(from, to) {
        let piece = (from / PIECE) as usize;
        let fft = Fft::new_custom(
            from as usize,
            to as usize,
            piece,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        );
        return fft.map(|fft| Box::new(fft) as _).map_err(|_| RateError(from));
    }
    // The filter must be as long in time whichever the higher rate is.
    let stretch = (from / to).max(1) as usize;
    let parameters = SincInterpolationParameters::new(128 * stretch, WindowFunction::BlackmanHarris2)
        .oversampling_factor(256)
        .interpolation(SincInterpolationType::Cubic);
    let ratio = f64::from(to) / f64::from(from);
    Async::new_sinc(ratio, 1.0, &parameters, (from / PIECE) as usize, 1, FixedAsync::Input)
        .map(|sinc| Box::new(sinc) as _)
        .map_err(|_| RateError(from))
}

fn in_pieces_of_fft(from: u32, to: u32) -> bool {
    from / common_divisor(from, to) <= from / LONGEST_PIECE
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use media::Level;

    use super::*;

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    fn tone(rate: u32, hertz: f64, seconds: f64) -> Vec<f32> {
        let count = (f64::from(rate) * seconds).round() as u64;
        (0..count).map(|n| ((n as f64) * TAU * hertz / f64::from(rate)).sin() as f32 * 0.5).collect()
    }

    fn whole(sound: &[f32], from: u32, to: u32) -> Vec<f32> {
        in_pieces(sound, from, to, &[sound.len()])
    }

    fn in_pieces(sound: &[f32], from: u32, to: u32, lengths: &[usize]) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        let mut rest = sound;
        for length in lengths.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*length).min(rest.len()));
            resampler.push(now, &mut out);
            rest = later;
        }
        resampler.finish(&mut out);
        out
    }

    const PAIRS: &[(u32, u32)] = &[
        (8_000, 16_000),
        (11_025, 16_000),
        (16_000, 48_000),
        (22_050, 16_000),
        (24_000, 16_000),
        (24_000, 44_100),
        (44_100, 16_000),
        (47_999, 16_000),
        (48_000, 16_000),
        (96_000, 16_000),
        (192_000, 16_000),
        (16_000, 192_000),
    ];

    #[test]
    fn the_output_is_as_long_as_the_input_however_it_is_cut() {
        for (from, to) in PAIRS.iter().copied() {
            let sound = tone(from, 440.0, 0.37);
            let whole = whole(&sound, from, to);
            let expected = (sound.len() as u64 * u64::from(to)).div_ceil(u64::from(from));
            assert_eq!(whole.len() as u64, expected, "{from} to {to}");
            assert_eq!(in_pieces(&sound, from, to, &[1]), whole, "{from} to {to}");
            assert_eq!(in_pieces(&sound, from, to, &[7, 480, 180, 3]), whole, "{from} to {to}");
        }
    }

    #[test]
    fn a_tone_stays_where_it_was() {
        for (from, to) in PAIRS.iter().copied() {
            let got = whole(&tone(from, 440.0, 1.0), from, to);
            let wanted = tone(to, 440.0, 1.0);
            let middle = wanted.len() / 4..wanted.len() * 3 / 4;
            let error: Vec<f32> =
                got[middle.clone()].iter().zip(&wanted[middle]).map(|(a, b)| a - b).collect();
            // A filter whose middle is between two samples has its delay rounded: less than one sample.
            let exact = from % 8_000 == 0 && to % 8_000 == 0;
            let allowed = if exact { -80.0 } else { -30.0 };
            assert!(Level::of(&error).db() < allowed, "{from} to {to}: {} dB", Level::of(&error).db());
        }
    }

    #[test]
    fn what_cannot_be_told_at_the_new_rate_is_silent() {
        for (from, to) in PAIRS.iter().copied().filter(|(from, to)| from > to) {
            for hertz in [1.2, 1.5, 1.9].map(|part| f64::from(to) / 2.0 * part) {
                if hertz >= f64::from(from) / 2.0 {
                    continue;
                }
                let got = whole(&tone(from, hertz, 1.0), from, to);
                let middle = &got[got.len() / 4..got.len() * 3 / 4];
                let alias = Level::of(middle).db() - Level::of(&tone(from, hertz, 1.0)).db();
                assert!(alias < -80.0, "{hertz} Hz from {from} to {to}: {alias} dB");
            }
        }
    }

    #[test]
    fn a_speech_band_passes() {
        let got = whole(&tone(48_000, 6_500.0, 1.0), 48_000, 16_000);
        let loss = Level::of(&got[4_000..12_000]).db() - Level::of(&tone(48_000, 6_500.0, 1.0)).db();
        assert!(loss.abs() < 1.0, "{loss} dB");
    }

    #[test]
    fn memory_does_not_grow() {
        let mut resampler = Resampler::new(44_100, 16_000).unwrap();
        let mut out = Vec::new();
        resampler.push(&vec![0.1; 5_000], &mut out);
        let before = (resampler.pending.capacity(), resampler.piece_out.capacity());
        for _ in 0..1_000 {
            out.clear();
            resampler.push(&[0.1; 97], &mut out);
        }
        assert_eq!((resampler.pending.capacity(), resampler.piece_out.capacity()), before);
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert_eq!(Resampler::new(0, 16_000).err(), Some(RateError(0)));
        assert_eq!(Resampler::new(48_000, 500_000).err(), Some(RateError(500_000)));
    }
}
