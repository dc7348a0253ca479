//! Another program in the place of ours: here a shell script that plays a tone again and again.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use soundcard_sim::{RATE, Sound};
use voice_bench::sound::Audible;
use voice_bench::voices::Utterance;
use voice_bench::{ByEar, Cast, Models, Peer, Side};

const PEER: &str = r#"#!/bin/sh
cd "${0%/*}"
echo "$HARK_PEER_CHAT $HARK_PEER_SPEECH $HARK_PEER_REPLY_TOKENS $HARK_PEER_CHAT_URL" > told
echo "this is no JSON"
echo '{"kind": "ready", "program": "a tone"}'
while paplay --latency-msec=30 tone.wav; do sleep 2; done
"#;

fn cast() -> Cast {
    Cast {
        programs: PathBuf::new(),
        models: Models::Loose { chat: "/models/chat.gguf".into(), voice: "/models/voice".into() },
        reply_tokens: Some(24),
        model: None,
        arguments: Vec::new(),
        environment: Vec::new(),
        folder: None,
    }
}

fn peer(folder: &Path, script: &str) -> Peer {
    let command = folder.join("peer");
    fs::write(&command, script).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    Peer { command }
}

fn tone(folder: &Path) -> Utterance {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let tone = Sound::tone(440.0, 0.5, Duration::from_millis(500));
    let mut writer = hound::WavWriter::create(folder.join("tone.wav"), spec).unwrap();
    tone.samples().iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    let mut sound = vec![0.0; 4_800];
    sound.extend_from_slice(tone.samples());
    Utterance::new("a tone", None, Sound::of(&sound, RATE)).unwrap()
}

#[test]
fn another_program_is_told_what_it_is_made_of_and_is_known_by_its_sound() {
    if !soundcard_sim::available() {
        println!("skipped: PulseAudio is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let utterance = tone(folder.path());
    let peer = peer(folder.path(), PEER);
    let ear = ByEar::open(Side::Theirs(&peer), &cast(), None).unwrap();
    assert_eq!(ear.about["program"], "a tone");
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    assert_eq!(told.trim(), "/models/chat.gguf /models/voice 24");
    let mut was_heard = false;
    let heard = || {
        was_heard = true;
        Ok(())
    };
    let reply = ear.ask(&utterance, Duration::from_secs(20), heard).unwrap();
    assert!(was_heard);
    let said = reply.spoken + utterance.voiced.start;
    assert!(Audible::played(&reply.recording.speaker).onset(said).is_some());
    assert!(reply.recording.user[said..].iter().any(|sample| sample.abs() > 0.1));
    let process = PathBuf::from(format!("/proc/{}", ear.id()));
    drop(ear);
    assert!(!process.exists());
}

#[test]
fn one_that_ends_before_it_is_ready_is_an_error() {
    if !soundcard_sim::available() {
        println!("skipped: PulseAudio is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let peer = peer(folder.path(), "#!/bin/sh\necho no model >&2\n");
    let error = ByEar::open(Side::Theirs(&peer), &cast(), None).err().unwrap();
    assert!(error.to_string().starts_with("the program ended"), "{error}");
}
