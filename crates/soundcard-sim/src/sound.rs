//! Sound to be heard in the room: mono, at [`RATE`].

use crate::{CardError, RATE};
use std::{f32::consts::TAU, path::Path, sync::Arc, time::Duration};

/// Mono sound at [`RATE`], cheap to clone.
#[derive(Debug, Clone)]
pub struct Sound(Arc<[f32]>);

impl Sound {
    /// Samples in -1..=1 at `rate`, resampled if need be.
    pub fn of(samples: &[f32], rate: u32) -> Self {
        if rate == RATE { Self(samples.into()) } else { Self(resample(samples, rate).into()) }
    }

    /// A WAV file of any rate; of several channels the mean is taken.
    pub fn read(path: &Path) -> Result<Self, CardError> {
        let mut reader = hound::WavReader::open(path).map_err(|why| CardError::Wav(path.into(), why))?;
        let spec = reader.spec();
        let all: Result<Vec<f32>, hound::Error> = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().collect(),
            hound::SampleFormat::Int => {
                let full = (1_u64 << (spec.bits_per_sample - 1)) as f32;
                reader.samples::<i32>().map(|sample| sample.map(|value| value as f32 / full)).collect()
            }
        };
        let all = all.map_err(|why| CardError::Wav(path.into(), why))?;
        let channels = usize::from(spec.channels.max(1));
        let mono: Vec<f32> =
            all.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
        Ok(Self::of(&mono, spec.sample_rate))
    }

    /// A sine of this frequency in Hz and amplitude.
    pub fn tone(hz: f32, amplitude: f32, length: Duration) -> Self {
        let frames = frames_in(length);
        Self((0..frames).map(|n| amplitude * (TAU * hz * n as f32 / RATE as f32).sin()).collect())
    }

    /// Nothing, for so long.
    pub fn silence(length: Duration) -> Self {
        Self(vec![0.0; frames_in(length)].into())
    }

    /// The samples at [`RATE`].
    pub fn samples(&self) -> &[f32] {
        &self.0
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(self.0.len() as f64 / f64::from(RATE))
    }
}

/// Frames at [`RATE`] in so much time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths of test sounds")]
pub(crate) fn frames_in(length: Duration) -> usize {
    (length.as_secs_f64() * f64::from(RATE)).round() as usize
}

/// Windowed-sinc interpolation to [`RATE`], with the cut-off at the lower of the two Nyquist frequencies.
fn resample(samples: &[f32], from: u32) -> Vec<f32> {
    const ZEROS: f64 = 16.0;
    let step = f64::from(from) / f64::from(RATE);
    let cutoff = (1.0 / step).min(1.0);
    let reach = ZEROS / cutoff;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
    let length = (samples.len() as f64 / step) as usize;
    let at = |n: usize| {
        let centre = n as f64 * step;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded below by 0")]
        let (first, last) = ((centre - reach).max(0.0).ceil() as usize, (centre + reach) as usize);
        let last = last.min(samples.len().saturating_sub(1));
        (first..=last).map(|k| f64::from(samples[k]) * kernel(k as f64 - centre, cutoff, reach)).sum::<f64>()
    };
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    (0..length).map(|n| at(n) as f32).collect()
}

/// A sinc under a Hann window.
fn kernel(x: f64, cutoff: f64, reach: f64) -> f64 {
    use std::f64::consts::PI;
    let window = 0.5 + 0.5 * (PI * x / reach).cos();
    let angle = PI * x * cutoff;
    let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
    cutoff * sinc * window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resampled_tone_is_the_same_tone() {
        let low: Vec<f32> = (0..16_000).map(|n| (TAU * 440.0 * n as f32 / 16_000.0).sin()).collect();
        let got = Sound::of(&low, 16_000);
        let want = Sound::tone(440.0, 1.0, Duration::from_secs(1));
        assert_eq!(got.samples().len(), 48_000);
        for n in 1_000..47_000 {
            assert!((got.samples()[n] - want.samples()[n]).abs() < 0.01, "at {n}");
        }
    }
}
