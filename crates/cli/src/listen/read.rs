//! Sound files: WAV, FLAC, MP3, Ogg Vorbis, of any rate and any number of channels, as mono sound at the rate that
//! recognisers hear.

use std::fs::File;
use std::path::Path;

use dsp::Resampler;
use engine::SPEECH_RATE;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use crate::exit::{Exit, Failure};

/// All of a file's sound, mono, at [`SPEECH_RATE`]. What is broken in the middle is left out.
pub(crate) fn sound(path: &Path) -> anyhow::Result<Vec<f32>> {
    let bad = |what: String| Failure::new(Exit::Usage, what);
    let shown = path.display();
    let file = File::open(path).map_err(|error| bad(format!("{shown} cannot be read: {error}.")))?;
    let no_sound =
        || bad(format!("{shown} is no sound file that Hark can read. Convert it to WAV, FLAC or MP3."));
    let mut hint = Hint::new();
    if let Some(ending) = path.extension().and_then(|ending| ending.to_str()) {
        hint.with_extension(ending);
    }
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|_| no_sound())?;
    let track = format.default_track(TrackType::Audio).ok_or_else(no_sound)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters.ok_or_else(no_sound)?, &AudioDecoderOptions::default())
        .map_err(|_| no_sound())?;
    let mut mono = Mono::default();
    // A file that is cut off has been heard as far as it goes.
    while let Ok(Some(packet)) = format.next_packet() {
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(sound) => mono.take(&sound).map_err(|sentence| bad(format!("{shown}: {sentence}")))?,
            Err(Error::DecodeError(_)) => {}
            Err(_) => break,
        }
    }
    let sound = mono.finish();
    if sound.is_empty() {
        return Err(bad(format!("There is no sound in {shown}.")).into());
    }
    Ok(sound)
}

/// Mixes down and resamples piece by piece.
#[derive(Default)]
struct Mono {
    resampler: Option<Resampler>,
    interleaved: Vec<f32>,
    mixed: Vec<f32>,
    out: Vec<f32>,
}

impl Mono {
    fn take(&mut self, sound: &GenericAudioBufferRef<'_>) -> Result<(), String> {
        let (rate, channels) = (sound.spec().rate(), sound.spec().channels().count().max(1));
        if self.resampler.as_ref().is_none_or(|resampler| resampler.from() != rate) {
            if let Some(mut before) = self.resampler.take() {
                before.finish(&mut self.out);
            }
            self.resampler = Some(Resampler::new(rate, SPEECH_RATE).map_err(|error| error.to_string())?);
        }
        sound.copy_to_vec_interleaved(&mut self.interleaved);
        self.mixed.clear();
        self.mixed.extend(
            self.interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32),
        );
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.mixed, &mut self.out);
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<f32> {
        if let Some(mut resampler) = self.resampler.take() {
            resampler.finish(&mut self.out);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn wav(rate: u32, channels: u16, seconds: u32) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(file.path(), spec).unwrap();
        for frame in 0..rate * seconds {
            let tone = (f64::from(frame) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin();
            for _ in 0..channels {
                #[allow(clippy::cast_possible_truncation)]
                writer.write_sample((tone * 16_000.0) as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        file
    }

    #[test]
    fn any_rate_and_any_channels_become_mono_at_16_khz() {
        for (rate, channels) in [(16_000, 1), (48_000, 2), (44_100, 2), (8_000, 1)] {
            let sound = sound(wav(rate, channels, 1).path()).unwrap();
            assert!(sound.len().abs_diff(16_000) <= 2, "{rate}: {}", sound.len());
            let loudest = sound.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
            assert!((0.4..0.6).contains(&loudest), "{rate}: {loudest}");
        }
    }

    #[test]
    fn what_is_no_sound_has_a_sentence() {
        let check = |content: &[u8], part: &str| {
            let file = tempfile::Builder::new().suffix(".mp3").tempfile().unwrap();
            std::fs::write(file.path(), content).unwrap();
            let error = sound(file.path()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check(b"plain text, not sound", "no sound file");
        check(b"", "no sound file");
        assert!(sound(Path::new("/nowhere.wav")).unwrap_err().to_string().contains("cannot be read"));
    }
}
