//! Random sequences of what can happen to a conversation.

use media::Probability;
use proptest::prelude::*;
use turn::{Input, Mode, Muted, Reply};

/// Something that happens next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    Onset,
    Speech(i8),
    Vanished,
    Pause,
    Resumed,
    Guess(usize),
    Settled(usize),
    TextFailed,
    Judged(Probability),
    Weighed(Probability),
    Reply(Reply),
    Control(usize),
    Typed,
    /// Something about an utterance and a reply that may be gone or never were.
    Foreign(u8, usize),
    Wake,
}

pub(crate) const TEXTS: &[&str] =
    &["", "uh-huh", "Stop.", "What time is it?", "I went to the", "um", "in Paris", "no", "停", "Sí, claro."];

pub(crate) const CONTROLS: &[Input] = &[
    Input::Mute(Muted::Yes),
    Input::Mute(Muted::No),
    Input::Mute(Muted::No),
    Input::Mode(Mode::PushToTalk),
    Input::Mode(Mode::HandsFree),
    Input::Mode(Mode::HandsFree),
    Input::TalkDown,
    Input::TalkUp,
    Input::StopSpeaking,
    Input::Summoned,
    Input::DeviceChanged,
    Input::MicLost,
    Input::MicBack,
    Input::MicBack,
];

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Onset),
        6 => (-60i8..-10).prop_map(Event::Speech),
        1 => Just(Event::Vanished),
        4 => Just(Event::Pause),
        2 => Just(Event::Resumed),
        3 => (0..TEXTS.len()).prop_map(Event::Guess),
        4 => (0..TEXTS.len()).prop_map(Event::Settled),
        1 => Just(Event::TextFailed),
        4 => share().prop_map(Event::Judged),
        4 => share().prop_map(Event::Weighed),
        4 => prop::sample::select(vec![Reply::Ready, Reply::Audible, Reply::Audible, Reply::Finished, Reply::Failed])
            .prop_map(Event::Reply),
        2 => (0..CONTROLS.len()).prop_map(Event::Control),
        1 => Just(Event::Typed),
        2 => (0u8..12, 0usize..10).prop_map(|(number, what)| Event::Foreign(number, what)),
        2 => Just(Event::Wake),
    ]
}

fn share() -> impl Strategy<Value = Probability> {
    (0.0f32..=1.0).prop_map(Probability::new)
}

/// Events with the milliseconds before each.
pub(crate) fn events() -> impl Strategy<Value = Vec<(u32, Event)>> {
    prop::collection::vec((prop_oneof![3 => 0u32..120, 1 => 100u32..1_500], event()), 0..80)
}
