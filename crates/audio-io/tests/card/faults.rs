//! A server that dies or hangs, and microphones that are not well.

use crate::rig::{Rig, hello};
use media::{Direction, SoundError, SoundNews};
use soundcard_sim::{Gives, MICROPHONE, Shape, with_card};
use std::time::Duration;

#[test]
fn a_server_that_was_killed_is_found_again() {
    with_card("faults::a_server_that_was_killed_is_found_again", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.kill_server();
        assert_eq!(rig.until_lost(Direction::Input), SoundError::ServerGone);
        rig.until("its time comes as a gap", |rig| rig.gaps > Duration::from_secs(1));
        card.restart_server().unwrap();
        rig.until_both_open();
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
        let tape = card.record();
        rig.say(&vec![0.5; 4_800]);
        rig.until_played(4_800);
        rig.listen(Duration::from_millis(300));
        assert_eq!(tape.stop().speaker.iter().filter(|sample| **sample > 0.4).count(), 4_800);
    });
}

#[test]
fn a_server_that_hangs_is_a_gap() {
    with_card("faults::a_server_that_hangs_is_a_gap", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
        card.freeze_server();
        rig.until("time goes on", |rig| rig.gaps > Duration::from_secs(3));
        card.thaw_server();
        rig.until("sound is back", |rig| !rig.batch.mic.is_empty());
        rig.until("it is heard again", |rig| {
            card.speak(&hello(), 1.0).wait();
            rig.read();
            rig.batch.mic.iter().any(|sample| sample.abs() > 0.4)
        });
    });
}

#[test]
fn a_microphone_of_zeros_is_told() {
    with_card("faults::a_microphone_of_zeros_is_told", |card| {
        card.plug_microphone("muted", Shape::MICROPHONE, Gives::Zeros).unwrap();
        card.make_default("muted").unwrap();
        let mut rig = Rig::open();
        rig.until_told("only zeros", |told| *told == SoundNews::OnlyZeros);
        card.make_default(MICROPHONE).unwrap();
        rig.until_told("no longer", |told| *told == SoundNews::NoLongerZeros);
    });
}

#[test]
fn a_microphone_that_clips_is_told() {
    with_card("faults::a_microphone_that_clips_is_told", |card| {
        card.plug_microphone("loud", Shape::MICROPHONE, Gives::Clipping).unwrap();
        card.make_default("loud").unwrap();
        let mut rig = Rig::open();
        rig.until_open(Direction::Input);
        card.noise(&hello(), 1.0);
        rig.until_told("clipping", |told| *told == SoundNews::Clipping);
    });
}

#[test]
fn a_microphone_that_stalls_is_opened_again() {
    with_card("faults::a_microphone_that_stalls_is_opened_again", |card| {
        let mut rig = Rig::open();
        rig.until_both_open();
        card.microphone_gives(MICROPHONE, Gives::Nothing);
        rig.until_lost(Direction::Input);
        rig.until("its time comes as a gap", |rig| rig.gaps > Duration::from_secs(1));
        card.microphone_gives(MICROPHONE, Gives::Room);
        rig.until_open(Direction::Input);
        card.speak(&hello(), 1.0);
        rig.until_heard(0.4);
    });
}
