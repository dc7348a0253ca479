//! Spoken conversations with scripted engines, on a sound card and a clock that the tests move.

mod card;
mod engines;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use engine::{Image, Line};
use media::Ms;
use turn::{Mode, Muted, Phase};

use super::{Eyes, Shown, SpokenEnd, TypedMessage, VoiceCommand, VoiceEvent};
use world::{World, samples_of, say};

/// Samples between two sentences: 0.2 s.
const PAUSE: u64 = 3200;

fn ended(events: &[VoiceEvent]) -> Vec<&SpokenEnd> {
    events
        .iter()
        .filter_map(|event| match event {
            VoiceEvent::ReplyEnded { end, .. } => Some(end),
            _ => None,
        })
        .collect()
}

fn said(events: &[VoiceEvent]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            VoiceEvent::Released { said, .. } => Some(said.as_str()),
            _ => None,
        })
        .collect()
}

fn heard(events: &[VoiceEvent]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            VoiceEvent::Heard { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_question_is_answered_aloud_and_all_that_was_heard_is_told() {
    let mut world = World::new([say("It is sunny today. Take a hat.")]);
    world.user_says("How is the weather?");
    let events = world.until_quiet();
    assert_eq!(said(&events), ["How is the weather?"]);
    assert_eq!(heard(&events), "It is sunny today. Take a hat.");
    assert_eq!(ended(&events), [&SpokenEnd::Complete]);
    // Every sample of the voice was played, once, with a pause between the sentences.
    assert_eq!(world.samples_heard(), samples_of("It is sunny today. Take a hat.") + PAUSE);
}

#[test]
fn an_interruption_leaves_what_was_heard_and_the_next_prompt_has_it() {
    let count = "One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen.";
    let mut world = World::new([say(count), say("Fine.")]);
    world.user_says("Count to ten.");
    // Later than a user who had not finished would go on.
    world.until_heard("One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen");
    world.user_says("Thank you, that is enough for me.");
    let events = world.until_quiet();
    assert_eq!(ended(&events), [&SpokenEnd::Interrupted, &SpokenEnd::Complete]);
    assert_eq!(said(&events), ["Thank you, that is enough for me."]);
    let asked = world.asked();
    let [first, answer, second] = &asked[asked.len() - 1][..] else { panic!("{asked:?}") };
    assert_eq!((first.as_str(), second.as_str()), ("Count to ten.", "Thank you, that is enough for me."));
    assert!(answer.starts_with("One two three") && answer.len() < count.len(), "{answer}");
    assert_eq!(*answer, world.first_reply_heard());
}

#[test]
fn a_backchannel_does_not_end_a_reply() {
    let text = "One two three four five six seven eight nine ten eleven twelve.";
    let mut world = World::new([say(text)]);
    world.user_says("Count to twelve.");
    world.until_heard("One two");
    world.user_says("Uh-huh.");
    let events = world.until_quiet();
    assert_eq!(ended(&events), [&SpokenEnd::Complete]);
    assert_eq!(world.first_reply_heard(), text);
}

#[test]
fn stop_stops() {
    let mut world = World::new([say("One two three four five six seven eight nine ten.")]);
    world.user_says("Count to ten.");
    world.until_heard("One");
    world.command(VoiceCommand::StopSpeaking);
    let events = world.until_quiet();
    assert_eq!(ended(&events), [&SpokenEnd::Stopped]);
}

#[test]
fn what_is_typed_is_answered_aloud() {
    let mut world = World::new([say("Hello.")]);
    world.command(VoiceCommand::Typed(TypedMessage { text: "Hi there".into(), shown: Shown::default() }));
    let events = world.until_quiet();
    assert_eq!(said(&events), ["Hi there"]);
    assert_eq!(heard(&events), "Hello.");
}

#[test]
fn nothing_is_heard_through_a_muted_microphone() {
    let mut world = World::new([say("Hello.")]);
    world.command(VoiceCommand::Mute(Muted::Yes));
    world.user_says("Is anybody there?");
    let events = world.until_quiet();
    assert!(said(&events).is_empty());
    assert!(events.contains(&VoiceEvent::Phase(Phase::Muted)));
    assert!(world.asked().is_empty());
}

#[test]
fn push_to_talk_hears_what_is_said_while_the_key_is_down() {
    let mut world = World::new([say("Hello.")]);
    world.command(VoiceCommand::Mode(Mode::PushToTalk));
    world.user_says("Not meant for you.");
    assert!(said(&world.until_quiet()).is_empty());
    world.command(VoiceCommand::TalkDown);
    world.user_says("Hello Hark.");
    world.command(VoiceCommand::TalkUp);
    assert_eq!(said(&world.until_quiet()), ["Hello Hark."]);
}

#[test]
fn a_model_that_fails_says_so_and_the_next_question_is_answered() {
    let failure = engine::EngineError::Gone { reason: "signal 9".into() };
    let mut world = World::new([vec![Line::Fail(failure.clone())], say("Here I am.")]);
    world.user_says("Are you there?");
    assert_eq!(ended(&world.until_quiet()), [&SpokenEnd::Failed(failure)]);
    world.user_says("And now?");
    let events = world.until_quiet();
    assert_eq!(heard(&events), "Here I am.");
}

#[test]
fn a_recogniser_that_dies_in_mid_utterance_costs_no_words() {
    let mut world = World::new([say("Yes.")]);
    world.recogniser_dies_once();
    world.user_says("Can you hear me?");
    assert_eq!(said(&world.until_quiet()), ["Can you hear me?"]);
}

#[test]
fn a_voice_that_fails_leaves_the_reply_to_be_read() {
    let mut world = World::new([say("You can read this.")]);
    world.voice_fails();
    world.user_says("What is up?");
    let events = world.until_quiet();
    assert_eq!(heard(&events), "You can read this.");
    assert_eq!(ended(&events), [&SpokenEnd::Complete]);
    assert!(events.iter().any(|event| matches!(event, VoiceEvent::Problem(Some(_)))));
}

#[test]
fn an_end_in_mid_reply_keeps_what_was_heard() {
    let mut world = World::new([say("One two three four five six seven eight nine ten.")]);
    world.user_says("Count to ten.");
    world.until_heard("One two");
    let events = world.end();
    assert_eq!(ended(&events), [&SpokenEnd::Stopped]);
}

#[test]
fn a_word_that_came_to_nothing_is_heard_again_with_what_follows() {
    let mut world = World::new([]);
    world.user_says("");
    world.pass(Ms(200));
    assert!(world.begins_before_its_onset() > Ms(200));
}

#[test]
fn words_that_were_used_are_not_heard_again() {
    let mut world = World::new([say("It is sunny today. Take a hat.")]);
    world.user_says("How is the weather?");
    world.pass(Ms(400));
    assert_eq!(world.begins_before_its_onset(), Ms(0));
}

#[test]
fn after_an_hour_of_sleep_the_conversation_goes_on() {
    let hour = std::time::Duration::from_hours(1);
    for asleep_in_mid_reply in [false, true] {
        let mut world = World::new([say("It is sunny today. Take a hat."), say("At noon.")]);
        world.user_says("How is the weather?");
        if asleep_in_mid_reply {
            world.until_heard("It is");
            world.sleep(hour);
        }
        world.until_quiet();
        world.sleep(hour);
        world.user_says("And when does it rain?");
        let events = world.until_quiet();
        assert_eq!(said(&events), ["And when does it rain?"]);
        assert_eq!(ended(&events), [&SpokenEnd::Complete]);
    }
}

/// A screen in one shade; what was there before it changed was there at every moment before.
#[derive(Default)]
struct Screen {
    before: AtomicU8,
    now: AtomicU8,
}

fn shade(shade: &AtomicU8) -> Option<Image> {
    Image::new(1, 1, vec![shade.load(Ordering::Relaxed); 3]).ok()
}

impl Eyes for Screen {
    fn at(&self, _: Instant) -> Option<Image> {
        shade(&self.before)
    }
    fn newest(&self) -> Option<Image> {
        shade(&self.now)
    }
}

#[test]
fn what_was_there_when_the_user_began_to_speak_and_what_is_there_now_go_with_the_question() {
    let screen = Arc::new(Screen { before: 1.into(), now: 2.into() });
    let mut world = World::seeing([say("A plot."), say("The same.")], Some(screen.clone()));
    world.user_says("What is this?");
    let events = world.until_quiet();
    assert_eq!(world.shades_shown(), [1, 2]);
    let seen = events.iter().find_map(|event| match event {
        VoiceEvent::Released { seen, .. } => Some(seen.len()),
        _ => None,
    });
    assert_eq!(seen, Some(2));
    screen.before.store(2, Ordering::Relaxed);
    world.user_says("And is it still the same?");
    world.until_quiet();
    assert_eq!(world.shades_shown(), [1, 2], "nothing has changed");
}
