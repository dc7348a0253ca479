//! Recordings and models for the tests; without them a test says that it is skipped.
#![allow(dead_code, unreachable_pub, reason = "every test file takes what it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shared by tests and by examples, which measure for developers"
)]

pub mod listen;

use std::path::{Path, PathBuf};

use media::RATE;

/// The shared recordings, where they are.
pub fn data() -> Option<PathBuf> {
    let named = std::env::var_os("HARK_TEST_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    found(named.unwrap_or_else(beside), "recordings (HARK_TEST_DATA)")
}

/// The models, where they are.
pub fn voice() -> Option<PathBuf> {
    let named = std::env::var_os("HARK_TEST_VOICE").map(PathBuf::from);
    named.map_or_else(
        || {
            eprintln!("skipped: no models (HARK_TEST_VOICE)");
            None
        },
        |folder| found(folder, "models (HARK_TEST_VOICE)"),
    )
}

fn found(folder: PathBuf, what: &str) -> Option<PathBuf> {
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no {what} in {}", folder.display());
    None
}

/// A WAV file's first channel at 16 kHz.
pub fn wav(path: &Path) -> Vec<f32> {
    let mut reader =
        hound::WavReader::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = reader.spec();
    let all: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader.samples::<i32>().map(|sample| sample.unwrap() as f32 / full).collect()
        }
    };
    let first = all.into_iter().step_by(usize::from(spec.channels)).collect::<Vec<_>>();
    resampled(&first, spec.sample_rate)
}

/// An MP3 file at 16 kHz.
pub fn mp3(path: &Path) -> Vec<f32> {
    use symphonia::core::codecs::audio::AudioDecoderOptions;
    use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
    use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
    use symphonia::core::meta::MetadataOptions;

    let file = Box::new(std::fs::File::open(path).unwrap());
    let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .unwrap();
    let (mut sound, mut rate) = (Vec::new(), RATE);
    while let Ok(Some(packet)) = format.next_packet() {
        let Ok(piece) = decoder.decode(&packet) else { continue };
        rate = piece.spec().rate();
        let channels = piece.spec().channels().count();
        let mut interleaved = Vec::<f32>::new();
        piece.copy_to_vec_interleaved(&mut interleaved);
        sound.extend(interleaved.into_iter().step_by(channels));
    }
    resampled(&sound, rate)
}

pub fn resampled(sound: &[f32], from: u32) -> Vec<f32> {
    let mut resampler = dsp::Resampler::new(from, RATE).unwrap();
    let mut out = Vec::new();
    resampler.push(sound, &mut out);
    resampler.finish(&mut out);
    out
}

/// `sound` at another level: the root mean square over what is not silent becomes `db`.
pub fn at_level(sound: &[f32], db: f32) -> Vec<f32> {
    let loud: Vec<f32> =
        sound.chunks(320).filter(|piece| media::Level::of(piece).db() > -50.0).flatten().copied().collect();
    let factor = 10_f32.powf((db - media::Level::of(&loud).db()) / 20.0);
    sound.iter().map(|sample| sample * factor).collect()
}

pub fn silence(seconds: f32) -> Vec<f32> {
    vec![0.0; (seconds * RATE as f32) as usize]
}

pub fn mixed(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b.iter().cycle()).map(|(a, b)| a + b).collect()
}
