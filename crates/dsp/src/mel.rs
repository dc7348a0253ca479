//! The log-mel spectrogram that Smart Turn takes: Whisper's, of 8 s, computed as its publisher does (pipecat 1.14,
//! `audio/turn/smart_turn/_whisper_features.py`): the sound is brought to zero mean and unit variance first; frames of
//! 25 ms every 10 ms under a periodic Hann window, mirrored at both ends; 80 Slaney mel bands of the power spectrum;
//! log10, at most 80 dB below the loudest; `(x + 4) / 4`.

use std::f64::consts::TAU;
use std::sync::Arc;

use media::{BLOCK, RATE};
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples that are looked at: 8 s.
pub(crate) const WINDOW: usize = 8 * RATE as usize;
/// Mel bands.
pub(crate) const BANDS: usize = 80;
/// Frames in the window.
pub(crate) const FRAMES: usize = WINDOW / HOP;

const FFT: usize = 400;
const BINS: usize = FFT / 2 + 1;
const HOP: usize = BLOCK;
const MIRRORED: usize = FFT / 2;
const FLOOR: f32 = 1e-10;
const VARIANCE_EPSILON: f64 = 1e-7;

/// Computes spectrograms; keeps its plans and buffers between them.
pub struct LogMel {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
    padded: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// The bins of a band that count, from `first` on.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new()
    }
}

impl LogMel {
    /// With its plans made.
    pub fn new() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(FFT);
        Self {
            window: hann(),
            bands: bands(),
            padded: vec![0.0; WINDOW + 2 * MIRRORED],
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// The spectrogram of the last 8 s of `sound`, which may be shorter: then silence stands in front of it.
    /// Shape: 80 bands, each of 800 frames.
    pub(crate) fn of(&mut self, sound: &[f32]) -> Vec<f32> {
        self.pad(&sound[sound.len().saturating_sub(WINDOW)..]);
        let mut features = vec![0.0; BANDS * FRAMES];
        let mut loudest = f32::NEG_INFINITY;
        for frame in 0..FRAMES {
            self.transform(frame * HOP);
            for (band, bins) in self.bands.iter().enumerate() {
                let power: f32 = bins
                    .weights
                    .iter()
                    .zip(&self.spectrum[bins.first..])
                    .map(|(weight, bin)| weight * bin.norm_sqr())
                    .sum();
                let value = power.max(FLOOR).log10();
                loudest = loudest.max(value);
                features[band * FRAMES + frame] = value;
            }
        }
        for value in &mut features {
            *value = (value.max(loudest - 8.0) + 4.0) / 4.0;
        }
        features
    }

    /// Puts the normalised sound into the middle and its mirror images at both ends.
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    fn pad(&mut self, sound: &[f32]) {
        let count = WINDOW as f64;
        let mean = sound.iter().map(|sample| f64::from(*sample)).sum::<f64>() / count;
        let silent = (WINDOW - sound.len()) as f64;
        let variance = (sound.iter().map(|sample| (f64::from(*sample) - mean).powi(2)).sum::<f64>()
            + silent * mean.powi(2))
            / count;
        let scale = (variance + VARIANCE_EPSILON).sqrt().recip();
        let (mean, scale) = (mean as f32, scale as f32);
        let middle = &mut self.padded[MIRRORED..MIRRORED + WINDOW];
        let (silence, voice) = middle.split_at_mut(WINDOW - sound.len());
        silence.fill(-mean * scale);
        for (to, from) in voice.iter_mut().zip(sound) {
            *to = (from - mean) * scale;
        }
        for distance in 1..=MIRRORED {
            self.padded[MIRRORED - distance] = self.padded[MIRRORED + distance];
            self.padded[MIRRORED + WINDOW - 1 + distance] = self.padded[MIRRORED + WINDOW - 1 - distance];
        }
    }

    fn transform(&mut self, begin: usize) {
        let sound = &self.padded[begin..begin + FFT];
        for ((to, from), weight) in self.frame.iter_mut().zip(sound).zip(&self.window) {
            *to = from * weight;
        }
        // The lengths are the plan's own, so that it cannot refuse them.
        let _ = self.fft.process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
fn hann() -> Vec<f32> {
    (0..FFT).map(|n| (0.5 - 0.5 * (TAU * n as f64 / FFT as f64).cos()) as f32).collect()
}

/// The Slaney mel scale: linear below 1 kHz, logarithmic above (Slaney, Auditory Toolbox, 1998).
fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1_000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() }
}

fn mel(hertz: f64) -> f64 {
    if hertz < 1_000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1_000.0).ln() * 27.0 / 6.4_f64.ln() }
}

/// Triangles between neighbouring band centres, each of unit area.
#[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
fn bands() -> Vec<Band> {
    let nyquist = f64::from(RATE) / 2.0;
    let step = mel(nyquist) / (BANDS + 1) as f64;
    let corner = |n: usize| hertz(n as f64 * step);
    (0..BANDS)
        .map(|band| {
            let (low, centre, high) = (corner(band), corner(band + 1), corner(band + 2));
            let weight = |bin: usize| {
                let at = nyquist * bin as f64 / (BINS - 1) as f64;
                let slope = ((at - low) / (centre - low)).min((high - at) / (high - centre));
                (slope.max(0.0) * 2.0 / (high - low)) as f32
            };
            let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights = (first..BINS).map(weight).take_while(|weight| *weight > 0.0).collect();
            Band { first, weights }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rising tone, a beeping one, some noise and an offset: 2.5 s.
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    fn sound() -> Vec<f32> {
        let mut state = 1_u32;
        (0..40_000_u32)
            .map(|n| {
                let at = f64::from(n) / 16_000.0;
                let rising = 0.3 * (TAU * (200.0 * at + 150.0 * at * at)).sin();
                let beeping = 0.1 * (TAU * 3_000.0 * at).sin() * f64::from((n / 4_000) % 2);
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state) / 4_294_967_296.0 - 0.5;
                (rising + beeping + 0.01 * noise + 0.02) as f32
            })
            .collect()
    }

    /// Compares with numbers that the publisher's own code printed for the same sound (band, frame, value).
    fn check(sound: &[f32], expected: &[(usize, usize, f32)]) {
        let features = LogMel::new().of(sound);
        for (band, frame, value) in expected {
            let got = features[band * FRAMES + frame];
            assert!((got - value).abs() < 2e-4, "band {band}, frame {frame}: {got}, not {value}");
        }
    }

    #[test]
    fn a_short_sound_is_as_the_publisher_computes_it() {
        check(
            &sound(),
            &[
                (0, 0, 0.954_323),
                (0, 549, 1.021_996),
                (0, 550, 1.392_656),
                (0, 551, 1.087_823),
                (3, 600, 0.575_291),
                (5, 100, -0.202_054),
                (10, 799, 0.670_568),
                (20, 700, 0.781_941),
                (40, 650, 0.542_597),
                (40, 798, 0.004_819),
                (60, 799, 0.298_152),
                (79, 549, -0.202_054),
                (79, 750, 0.399_997),
                (79, 799, 0.302_168),
            ],
        );
    }

    #[test]
    fn of_a_long_sound_the_last_seconds_count() {
        let long: Vec<f32> = sound().into_iter().cycle().take(130_000).collect();
        check(
            &long,
            &[
                (0, 0, 1.216_632),
                (0, 1, 0.641_945),
                (3, 799, 0.735_617),
                (10, 0, 1.082_586),
                (40, 1, 0.295_486),
                (40, 400, 0.135_187),
                (79, 0, 0.150_211),
                (79, 799, 0.199_480),
            ],
        );
    }
}
