//! The card itself, seen through the server's own programs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use soundcard_sim::{
    BLOCK, Gives, MICROPHONE, RATE, Recording, SPEAKER, Shape, Sound, VirtualCard, with_card,
};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Plays a WAV file with the server's own player, to its end.
fn paplay(card: &VirtualCard, sound: &Sound) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    // The same left and right: from one channel the server would make two of half the level.
    for sample in sound.samples() {
        writer.write_sample(*sample).unwrap();
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    let done = Command::new("paplay").arg("--latency-msec=30").arg(&path).envs(card.env()).status().unwrap();
    assert!(done.success());
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn first_above(track: &[f32], level: f32) -> usize {
    track.iter().position(|sample| sample.abs() > level).expect("nothing to be heard")
}

/// A recorder that holds the microphone open.
fn listener(card: &VirtualCard) -> Child {
    Command::new("parecord").arg("--raw").envs(card.env()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn what_is_played_is_emitted_sample_for_sample() {
    with_card("what_is_played_is_emitted_sample_for_sample", |card| {
        let tape = card.record();
        let tone = Sound::tone(440.0, 0.5, Duration::from_secs(1));
        assert_eq!(card.last_audible(), 0);
        paplay(card, &tone);
        until("the silence behind it", || card.now() > card.last_audible() + 4_800);
        let Recording { speaker, late_blocks, began, .. } = tape.stop();
        let begin = first_above(&speaker, 0.01) - 1;
        let last = speaker.iter().rposition(|sample| sample.abs() > 0.01).unwrap() as u64 + began;
        assert!(card.last_audible().abs_diff(last) <= BLOCK as u64, "{last}, not {}", card.last_audible());
        let heard = speaker[begin..].iter().filter(|sample| sample.abs() > 1e-4).count();
        assert!(heard > 40_000, "{heard} frames of 48000 were heard");
        if late_blocks == 0 {
            for n in 0..40_000 {
                assert!((speaker[begin + n] - tone.samples()[n]).abs() < 0.05, "at {n}");
            }
        }
    });
}

#[test]
fn the_echo_is_late_by_exactly_so_much() {
    with_card("the_echo_is_late_by_exactly_so_much", |card| {
        card.echo(Duration::from_millis(70), 0.3);
        let tape = card.record();
        paplay(card, &Sound::tone(440.0, 0.5, Duration::from_millis(500)));
        let Recording { speaker, microphone, .. } = tape.stop();
        let late = first_above(&microphone, 0.003) - first_above(&speaker, 0.01);
        assert!(late.abs_diff(70 * 48) <= 2, "{late} frames");
    });
}

#[test]
fn who_speaks_is_on_the_tape_where_it_says() {
    with_card("who_speaks_is_on_the_tape_where_it_says", |card| {
        let tape = card.record();
        let speech = card.speak(&Sound::tone(300.0, 0.5, Duration::from_millis(300)), 1.0);
        speech.wait();
        let Recording { user, microphone, began, .. } = tape.stop();
        let at = usize::try_from(speech.began().unwrap() - began).unwrap();
        assert_eq!(first_above(&user, 1e-6), at + 1);
        assert!(first_above(&microphone, 0.001) - at < 5);
    });
}

#[test]
fn a_program_hears_the_room() {
    with_card("a_program_hears_the_room", |card| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heard.raw");
        let file = std::fs::File::create(&path).unwrap();
        let mut recorder = Command::new("parecord")
            .args(["--raw", "--format=float32le", "--rate=48000", "--channels=1", "--latency-msec=20"])
            .envs(card.env())
            .stdout(file)
            .spawn()
            .unwrap();
        let level = || -> f32 {
            let bytes = std::fs::read(&path).unwrap();
            bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four).abs()).fold(0.0, f32::max)
        };
        until("the recorder runs", || level() > 0.0);
        assert!(level() < 0.001, "only the hiss at first");
        card.speak(&Sound::tone(300.0, 0.5, Duration::from_millis(300)), 1.0).wait();
        until("the tone is heard", || level() > 0.4);
        recorder.kill().unwrap();
        recorder.wait().unwrap();
    });
}

#[test]
fn devices_come_and_go() {
    with_card("devices_come_and_go", |card| {
        let listed = |kind: &str| {
            let run = Command::new("pactl").args(["list", "short", kind]).envs(card.env()).output().unwrap();
            String::from_utf8(run.stdout).unwrap()
        };
        assert!(listed("sources").contains("vmic"));
        card.unplug(MICROPHONE).unwrap();
        assert!(!listed("sources").contains("vmic"));
        card.unplug(SPEAKER).unwrap();
        assert_eq!(listed("sinks"), "");
        card.replug(SPEAKER).unwrap();
        card.replug(MICROPHONE).unwrap();
        card.plug_microphone("old", Shape::MICROPHONE.at(8_000), Gives::Zeros).unwrap();
        assert!(listed("sources").contains("old"));
        card.kill_server();
        assert_eq!(listed("sources"), "");
        card.restart_server().unwrap();
        assert!(listed("sources").contains("old"));
        assert!(card.unplug("nothing").is_err());
        let mut listening = listener(card);
        listening.kill().unwrap();
        listening.wait().unwrap();
    });
}
