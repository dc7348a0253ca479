//! What is heard and played.

use crate::rig::{Rig, extent, hello, peaks, tone};
use media::Epoch;
use soundcard_sim::{Format, Gives, Shape, Sound, VirtualCard, with_card};
use std::time::Duration;

#[test]
fn a_tone_goes_round_from_mouth_to_ears() {
    with_card("sound::a_tone_goes_round_from_mouth_to_ears", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.echo(Duration::from_millis(50), 0.5);
        rig.say(&tone(48_000, 0.5, Duration::from_millis(500)));
        let mut far = 0.0_f32;
        rig.until("the far end has it too", |rig| {
            far = rig.batch.far.iter().fold(far, |most, sample| most.max(sample.abs()));
            far > 0.45
        });
        rig.until_heard(0.2);
    });
}

#[test]
fn every_frame_played_is_counted_and_recorded() {
    with_card("sound::every_frame_played_is_counted_and_recorded", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        let tape = card.record();
        // A level, not a tone: no frame of it is near zero.
        let said = vec![0.5; 24_000];
        rig.say(&said);
        rig.until_played(24_000);
        rig.listen(Duration::from_millis(300));
        let played = rig.mouth.played();
        assert_eq!((played.epoch, played.frames, played.in_flight), (Epoch(0), 24_000, 0));
        let recording = tape.stop();
        let emitted = recording.speaker.iter().filter(|sample| **sample > 0.4).count();
        assert_eq!(emitted, 24_000, "late blocks: {}", recording.late_blocks);
    });
}

#[test]
fn a_flush_is_followed_by_silence_and_then_by_what_is_new() {
    with_card("sound::a_flush_is_followed_by_silence_and_then_by_what_is_new", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        let tape = card.record();
        rig.say(&vec![0.5; 9_600]);
        rig.until_played(4_800);
        let before = rig.mouth.played().frames;
        let flushed_at = card.now();
        assert_eq!(rig.mouth.flush(), Epoch(1));
        assert_eq!(rig.mouth.played().frames, 0);
        rig.listen(Duration::from_millis(300));
        rig.say(&vec![-0.5; 4_800]);
        rig.until_played(4_800);
        rig.listen(Duration::from_millis(300));
        assert_eq!(rig.mouth.played().frames, 4_800);
        let recording = tape.stop();
        let old: Vec<usize> =
            (0..recording.speaker.len()).filter(|n| recording.speaker[*n] > 0.001).collect();
        let silent_at = recording.began + *old.last().unwrap() as u64;
        println!(
            "flush to silence: {:.1} ms; {} frames were emitted, {before} were counted when it was flushed",
            (silent_at as f64 - flushed_at as f64) / 48.0,
            old.len()
        );
        let before = usize::try_from(before).unwrap();
        assert!((before..9_000).contains(&old.len()), "{} frames of the old", old.len());
        let new = recording.speaker.iter().filter(|sample| **sample < -0.4).count();
        // All but what faded in.
        assert!((4_700..=4_800).contains(&new), "{new} frames of the new");
    });
}

#[test]
fn ducking_is_a_ramp() {
    with_card("sound::ducking_is_a_ramp", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        let tape = card.record();
        rig.say(&vec![0.5; 9_600]);
        rig.mouth.set_gain(0.2, Duration::from_millis(20));
        rig.say(&vec![0.5; 24_000]);
        rig.mouth.set_gain(1.0, Duration::from_millis(20));
        rig.say(&vec![0.5; 24_000]);
        rig.until_played(57_600);
        let recording = tape.stop();
        let (from, to) = extent(&recording.speaker, 0.05);
        // 0.4 in 960 frames. A machine that is busy may leave silence in between, which is no step of the ramp.
        let steps = recording.speaker[from..to].windows(2).filter(|two| two[0] > 0.05 && two[1] > 0.05);
        let steepest = steps.map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.001, "a jump of {steepest}");
        let peaks = peaks(&recording);
        assert!(peaks.iter().filter(|peak| (**peak - 0.1).abs() < 0.001).count() > 30, "{peaks:?}");
        assert!(peaks.iter().filter(|peak| (**peak - 0.5).abs() < 0.001).count() > 30, "{peaks:?}");
    });
}

/// A loudspeaker and a microphone of these shapes are opened, heard and played through.
fn check_shape(card: &VirtualCard, microphone: Shape, speaker: Shape) {
    card.plug_microphone("odd_mic", microphone, Gives::Room).unwrap();
    card.plug_speaker("odd_speaker", speaker).unwrap();
    let mut rig = Rig::on("odd_mic", "odd_speaker");
    let opened = rig.until_open(media::Direction::Input);
    assert_eq!(opened, microphone.rate);
    rig.until("a loudspeaker", |rig| rig.mouth.room() > 0);
    assert_eq!(rig.mouth.rate(), speaker.rate);
    let tape = card.record();
    card.speak(&hello(), 1.0);
    rig.until_heard(0.4);
    assert_eq!(rig.batch.mic_rate, microphone.rate);
    rig.say(&tone(speaker.rate, 0.5, Duration::from_millis(500)));
    rig.until_played(u64::from(speaker.rate / 2));
    rig.listen(Duration::from_millis(300));
    let loud = tape.stop().speaker.iter().filter(|sample| sample.abs() > 0.1).count();
    // Of a sine above a fifth of its amplitude 87 % of half a second.
    assert!((18_000..24_000).contains(&loud), "{loud} loud frames");
    card.unplug("odd_mic").unwrap();
    card.unplug("odd_speaker").unwrap();
}

#[test]
fn a_telephone_and_a_studio() {
    with_card("sound::a_telephone_and_a_studio", |card| {
        let of = |rate, channels, format| Shape { rate, channels, format };
        check_shape(card, of(8_000, 1, Format::S16), of(8_000, 1, Format::U8));
        check_shape(card, of(192_000, 8, Format::S32), of(192_000, 8, Format::S16));
        check_shape(card, of(44_100, 2, Format::U8), of(44_100, 2, Format::S32));
    });
}

#[test]
fn the_time_heard_is_the_time_that_passed() {
    with_card("sound::the_time_heard_is_the_time_that_passed", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.speak(&Sound::tone(300.0, 0.5, Duration::from_millis(100)), 1.0);
        rig.until_heard(0.4);
        let (begun, heard) = (card.now(), rig.heard_for);
        rig.listen(Duration::from_secs(2));
        let passed = (card.now() - begun) as f64 / 48_000.0;
        let heard = rig.heard_for.as_secs_f64() - heard.as_secs_f64();
        // A rough bound against sound that is lost or doubled, not a measurement.
        assert!((heard - passed).abs() < 0.5, "{heard} s heard in {passed} s");
        assert_eq!(rig.gaps, Duration::ZERO);
    });
}
