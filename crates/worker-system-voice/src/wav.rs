//! A WAV file in memory, as Windows gives what was spoken.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};

use crate::synthesiser::{Format, Trouble};

/// The first channel of its sound, in -1..=1. Of a file that ends too early, what is there.
///
/// # Errors
/// [`Trouble::UnknownSound`] for what is no WAV file of whole or floating numbers.
pub fn read(bytes: &[u8]) -> Result<(Format, Vec<f32>), Trouble> {
    let reader = WavReader::new(Cursor::new(bytes)).map_err(|_| Trouble::UnknownSound)?;
    let spec = reader.spec();
    let format = Format { rate: spec.sample_rate, sample_bytes: u32::from(spec.bits_per_sample).div_ceil(8) };
    let channels = usize::from(spec.channels.max(1));
    let samples: Vec<f32> = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Float, 32) => {
            reader.into_samples::<f32>().step_by(channels).map_while(Result::ok).collect()
        }
        (SampleFormat::Int, bits @ 1..=32) => {
            let full = 2f32.powi(i32::from(bits) - 1);
            reader
                .into_samples::<i32>()
                .step_by(channels)
                .map_while(Result::ok)
                .map(|sample| sample as f32 / full)
                .collect()
        }
        _ => return Err(Trouble::UnknownSound),
    };
    Ok((format, samples))
}

#[cfg(test)]
mod tests {
    use hound::{WavSpec, WavWriter};

    use super::*;

    fn written(channels: u16, bits: u16, format: SampleFormat, samples: &[f32]) -> Vec<u8> {
        let spec = WavSpec { channels, sample_rate: 16_000, bits_per_sample: bits, sample_format: format };
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, spec).unwrap();
        for sample in samples {
            if format == SampleFormat::Float {
                writer.write_sample(*sample).unwrap();
            } else {
                #[allow(clippy::cast_possible_truncation)]
                let whole = (sample * 2f32.powi(i32::from(bits) - 1)) as i32;
                writer.write_sample(whole).unwrap();
            }
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    fn check(channels: u16, bits: u16, format: SampleFormat, samples: &[f32], expect: &[f32]) {
        let (found, read) = read(&written(channels, bits, format, samples)).unwrap();
        assert_eq!(found, Format { rate: 16_000, sample_bytes: u32::from(bits) / 8 });
        assert_eq!(read, expect, "{channels} channels, {bits} bits");
    }

    #[test]
    fn the_first_channel_is_read() {
        let sound = [0.0, 0.5, -0.25, -1.0];
        check(1, 16, SampleFormat::Int, &sound, &sound);
        check(1, 8, SampleFormat::Int, &sound, &sound);
        check(1, 24, SampleFormat::Int, &sound, &sound);
        check(1, 32, SampleFormat::Float, &sound, &sound);
        check(2, 16, SampleFormat::Int, &sound, &[0.0, -0.25]);
        check(1, 16, SampleFormat::Int, &[], &[]);
    }

    #[test]
    fn a_file_that_is_cut_off_gives_what_is_there() {
        let whole = written(1, 16, SampleFormat::Int, &[0.5; 100]);
        let (_, read) = read(&whole[..whole.len() - 101]).unwrap();
        assert_eq!(read.len(), 49);
    }

    #[test]
    fn what_is_no_sound_is_said_to_be_none() {
        assert_eq!(read(b""), Err(Trouble::UnknownSound));
        assert_eq!(read(b"RIFF\0\0\0\0WAVEnothing"), Err(Trouble::UnknownSound));
        let whole = written(1, 16, SampleFormat::Int, &[0.5; 8]);
        for cut in 0..44 {
            let _ = read(&whole[..cut]);
        }
    }
}
