//! Speaking and listening on the command line. The voice is the real one where eSpeak NG is installed; recordings are
//! heard by the real recogniser where `HARK_TEST_VOICE` names its models.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::house::{House, built};

fn silence(house: &House, name: &str) -> PathBuf {
    let path = house.home().join(name);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..16_000).for_each(|_| writer.write_sample(0_i16).unwrap());
    writer.finalize().unwrap();
    path
}

#[test]
fn without_models_it_is_said_how_to_get_them() {
    let house = House::new();
    let file = silence(&house, "silence.wav");
    for args in [&["talk"][..], &["talk", "--json"], &["listen"], &["listen", file.to_str().unwrap()]] {
        let done = house.hark(args);
        assert_eq!((done.code, done.out.as_str()), (Some(3), ""), "{args:?}: {done:?}");
        assert!(done.err.contains("hark models pull voice"), "{args:?}: {done:?}");
    }
    let done = house.hark(&["listen", file.to_str().unwrap(), "--language", "es"]);
    assert!(done.code == Some(3) && done.err.contains("hark models pull whisper-base"), "{done:?}");
}

#[test]
fn what_is_no_recording_is_refused_before_anything_else() {
    let house = House::new();
    let file = house.home().join("text.wav");
    std::fs::write(&file, "This is text.").unwrap();
    let done = house.hark(&["listen", file.to_str().unwrap()]);
    assert_eq!(done.code, Some(2));
    insta::assert_snapshot!(done.err, @"hark: [HOUSE]/home/text.wav is no sound file that Hark can read. Convert it to WAV, FLAC or MP3.");
}

#[test]
fn a_voice_whose_program_is_missing_has_a_sentence() {
    let house = House::new();
    std::fs::create_dir(house.workers()).unwrap();
    let done = house.hark(&["say", "Hello."]);
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{done:?}");
    assert!(done.err.contains("worker-espeak"), "{done:?}");
}

#[test]
fn the_voice_set_stays_away_from_who_wants_to_stay_offline() {
    let house = House::new();
    house.settings("version = 1\n[models]\noffline = true\n");
    let done = house.hark(&["models", "pull", "voice"]);
    assert_eq!(done.code, Some(4), "{done:?}");
}

/// Whether there is a voice; a line where there is none.
fn can_speak(house: &House) -> bool {
    built("worker-espeak", "worker-espeak");
    let done = house.hark(&["say", "--list-voices"]);
    if done.code != Some(0) {
        eprintln!("skipped: {}", done.err.trim());
        return false;
    }
    true
}

fn seconds(path: &Path) -> f64 {
    let reader = hound::WavReader::open(path).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().bits_per_sample), (1, 16));
    f64::from(reader.duration()) / f64::from(reader.spec().sample_rate)
}

#[test]
fn a_text_becomes_a_file_of_sound() {
    let house = House::new();
    if !can_speak(&house) {
        return;
    }
    let file = house.home().join("said.wav");
    let said = |args: &[&str], input: &[u8]| {
        let done = house.hark_with(&[&["say", "-o", file.to_str().unwrap()], args].concat(), input);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""), "{done:?}");
        seconds(&file)
    };
    let text = "The quick brown fox jumps over the lazy dog.";
    let one = said(&[text], b"");
    assert!((1.0..8.0).contains(&one), "{one}");
    let two = said(&["-"], format!("{text} {text}").as_bytes());
    assert!(two > 1.6 * one, "{two} after {one}");
    let quick = said(&["--rate", "2", text], b"");
    assert!(quick < 0.8 * one, "{quick} after {one}");
    assert!(said(&["--language", "de", "Guten Morgen."], b"") > 0.4);
}

#[test]
fn voices_are_listed_and_an_unknown_one_is_refused() {
    let house = House::new();
    if !can_speak(&house) {
        return;
    }
    let done = house.hark(&["say", "--list-voices", "--json"]);
    let voices: Vec<Value> = serde_json::from_str(&done.out).unwrap();
    let speaks = |tag: &str| {
        voices.iter().any(|voice| voice["languages"].as_array().unwrap().iter().any(|own| own == tag))
    };
    assert!(speaks("en") && speaks("es"), "{}", done.out);
    let done = house.hark(&["say", "--voice", "nobody", "x"]);
    assert!(done.code == Some(2) && done.err.contains("--list-voices"), "{done:?}");
}

/// A house with the models of `HARK_TEST_VOICE`, and the recordings.
fn with_recogniser() -> Option<(House, PathBuf)> {
    let Some(models) = std::env::var_os("HARK_TEST_VOICE").filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: HARK_TEST_VOICE names no folder of models");
        return None;
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = std::env::var_os("HARK_TEST_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| here.join("../../../shared/testdata")).join("speech");
    if !data.is_dir() {
        eprintln!("skipped: no recordings (HARK_TEST_DATA)");
        return None;
    }
    built("worker-onnx", "worker-moonshine");
    let (house, models) = (House::new(), PathBuf::from(models));
    let put = |id: &str, file: &Path, name: &str| {
        let folder = house.home().join("models").join(id);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(file, folder.join(name)).unwrap();
    };
    for name in ["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"] {
        put("moonshine-tiny-en", &models.join(name), name);
    }
    let library = std::fs::read_dir(&models).unwrap().map(|entry| entry.unwrap().path());
    let library = library.into_iter().find(|path| path.to_string_lossy().contains("libonnxruntime"));
    put("onnxruntime", &library.unwrap(), "libonnxruntime.so");
    Some((house, data))
}

/// The words alone.
fn letters(text: &str) -> String {
    let text = text.to_lowercase().replace(['\n', '-'], " ");
    text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect::<String>().trim().to_owned()
}

#[test]
fn a_recording_is_written_down_in_every_form() {
    let Some((house, data)) = with_recogniser() else { return };
    let file = data.join("librivox_0880.wav");
    let listen = |args: &[&str]| {
        let done = house.hark(&[&["listen", file.to_str().unwrap()], args].concat());
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
        done.out
    };
    let text = listen(&[]);
    assert!(letters(&text).contains("he was"), "{text}");
    let srt = listen(&["--format", "srt"]);
    assert!(srt.starts_with("1\n00:00:0") && srt.contains(" --> "), "{srt}");
    assert!(listen(&["--format", "vtt"]).starts_with("WEBVTT\n\n00:00:0"));
    let json: Value = serde_json::from_str(&listen(&["--format", "json"])).unwrap();
    assert_eq!(letters(json["text"].as_str().unwrap()), letters(&text));
    let words = json["parts"][0]["words"].as_array().unwrap();
    let times: Vec<u64> = words.iter().map(|word| word["from_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times[0] < 2_000, "{times:?}");
    let to = house.home().join("said.txt");
    listen(&["-o", to.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(to).unwrap(), text);
}

#[test]
fn what_a_recogniser_cannot_do_is_said() {
    let Some((house, data)) = with_recogniser() else { return };
    let file = data.join("librivox_0880.wav");
    let listen = |args: &[&str]| house.hark(&[&["listen", file.to_str().unwrap()], args].concat());
    let done = listen(&["--translate", "--model", "moonshine-tiny-en"]);
    assert!(done.code == Some(3) && done.err.contains("does not translate"), "{done:?}");
    let done = listen(&["--language", "es", "--model", "moonshine-tiny-en"]);
    assert!(done.code == Some(3) && done.err.contains("does not know the language"), "{done:?}");
}
