//! Devices that come and go.

use crate::rig::{PATIENCE, Rig, hello, tone};
use audio_io::SystemCard;
use media::{Device, DeviceName, Direction, Epoch, SoundCard, SoundError, SoundRequest};
use soundcard_sim::{Gives, MICROPHONE, SPEAKER, Shape, with_card};
use std::time::{Duration, Instant};

#[test]
fn devices_are_listed_without_monitors() {
    with_card("hot_plug::devices_are_listed_without_monitors", |_| {
        let device = |name: &str, direction| Device {
            name: DeviceName(name.into()),
            label: format!("Virtual_{name}"),
            direction,
            is_default: true,
        };
        let want = [device(MICROPHONE, Direction::Input), device(SPEAKER, Direction::Output)];
        assert_eq!(SystemCard.devices().unwrap(), want);
    });
}

#[test]
fn a_microphone_pulled_out_comes_back() {
    with_card("hot_plug::a_microphone_pulled_out_comes_back", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
        card.unplug(MICROPHONE).unwrap();
        assert_eq!(rig.until_lost(Direction::Input), SoundError::NoMicrophone);
        // The server has made the loudspeaker's monitor the default; it must not be listened to.
        rig.say(&tone(48_000, 0.5, Duration::from_millis(500)));
        rig.until("its time comes as a gap", |rig| {
            assert!(rig.batch.mic.iter().all(|sample| sample.abs() < 0.1), "it hears itself");
            rig.gaps > Duration::from_millis(1_200)
        });
        card.replug(MICROPHONE).unwrap();
        rig.until_open(Direction::Input);
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
    });
}

#[test]
fn a_loudspeaker_pulled_out_counts_nothing_as_heard() {
    with_card("hot_plug::a_loudspeaker_pulled_out_counts_nothing_as_heard", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        rig.say(&tone(48_000, 0.5, Duration::from_millis(500)));
        card.unplug(SPEAKER).unwrap();
        assert_eq!(rig.until_lost(Direction::Output), SoundError::NoSpeaker);
        let stood = rig.mouth.played();
        assert_eq!(rig.mouth.room(), 0);
        assert_eq!(rig.mouth.queue(&[0.5; 100]), 0);
        rig.listen(Duration::from_millis(300));
        assert_eq!(rig.mouth.played().frames, stood.frames);
        card.replug(SPEAKER).unwrap();
        rig.until_open(Direction::Output);
        assert_eq!((rig.mouth.played().epoch, rig.mouth.played().frames), (Epoch(stood.epoch.0 + 1), 0));
        let tape = card.record();
        rig.say(&vec![0.5; 24_000]);
        rig.until_played(24_000);
        rig.listen(Duration::from_millis(300));
        assert_eq!(tape.stop().speaker.iter().filter(|sample| **sample > 0.4).count(), 24_000);
    });
}

#[test]
fn a_new_default_is_followed() {
    with_card("hot_plug::a_new_default_is_followed", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.plug_microphone("second_mic", Shape::MICROPHONE.at(16_000), Gives::Room).unwrap();
        card.plug_speaker("second_speaker", Shape::SPEAKER.at(44_100)).unwrap();
        card.make_default("second_mic").unwrap();
        assert_eq!(rig.until_open(Direction::Input), 16_000);
        card.make_default("second_speaker").unwrap();
        assert_eq!(rig.until_open(Direction::Output), 44_100);
        assert_eq!(rig.mouth.rate(), 44_100);
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
        assert_eq!(rig.batch.mic_rate, 16_000);
    });
}

#[test]
fn a_device_that_was_asked_for_is_kept_to() {
    with_card("hot_plug::a_device_that_was_asked_for_is_kept_to", |card| {
        card.plug_microphone("mine", Shape::MICROPHONE.at(16_000), Gives::Room).unwrap();
        card.make_default(MICROPHONE).unwrap();
        let mut rig = Rig::on("mine", SPEAKER);
        assert_eq!(rig.until_open(Direction::Input), 16_000);
        card.unplug("mine").unwrap();
        assert_eq!(rig.until_lost(Direction::Input), SoundError::NotThere("mine".into()));
        card.plug_microphone("mine", Shape::MICROPHONE.at(32_000), Gives::Room).unwrap();
        assert_eq!(rig.until_open(Direction::Input), 32_000);
    });
}

#[test]
fn a_monitor_is_no_microphone() {
    with_card("hot_plug::a_monitor_is_no_microphone", |card| {
        card.make_monitor_default(SPEAKER).unwrap();
        // There is a real one, so that is taken; without it there is none.
        let mut rig = Rig::open();
        rig.until_open(Direction::Input);
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
        card.unplug(MICROPHONE).unwrap();
        assert_eq!(rig.until_lost(Direction::Input), SoundError::NoMicrophone);
        let monitor = DeviceName(format!("{SPEAKER}.monitor"));
        let mut rig = Rig::with(&SoundRequest { input: Some(monitor.clone()), ..SoundRequest::default() });
        assert_eq!(rig.until_lost(Direction::Input), SoundError::NotThere(monitor.0));
    });
}

#[test]
fn a_link_opens_with_nothing_there() {
    with_card("hot_plug::a_link_opens_with_nothing_there", |card| {
        card.unplug(MICROPHONE).unwrap();
        card.unplug(SPEAKER).unwrap();
        let mut rig = Rig::open();
        assert_eq!(rig.until_lost(Direction::Input), SoundError::NoMicrophone);
        assert_eq!(rig.until_lost(Direction::Output), SoundError::NoSpeaker);
        card.replug(SPEAKER).unwrap();
        card.replug(MICROPHONE).unwrap();
        rig.until_both_open();
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
    });
}

#[test]
fn dropping_a_link_never_hangs() {
    with_card("hot_plug::dropping_a_link_never_hangs", |card| {
        let drop_in_time = |rig: Rig| {
            let begun = Instant::now();
            drop(rig);
            assert!(begun.elapsed() < PATIENCE);
        };
        let mut rig = Rig::open();
        rig.until_both_open();
        rig.say(&tone(48_000, 0.5, Duration::from_millis(500)));
        drop_in_time(rig);
        let mut rig = Rig::open();
        rig.until_both_open();
        card.unplug(SPEAKER).unwrap();
        card.unplug(MICROPHONE).unwrap();
        drop_in_time(rig);
        card.replug(SPEAKER).unwrap();
        card.replug(MICROPHONE).unwrap();
        let mut rig = Rig::open();
        rig.until_both_open();
        card.freeze_server();
        drop_in_time(rig);
        card.thaw_server();
        let mut rig = Rig::open();
        rig.until_both_open();
        card.kill_server();
        drop_in_time(rig);
    });
}
