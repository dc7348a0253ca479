//! What holds whatever happens: random sequences of inputs, among them ones for utterances and replies that are gone,
//! in a world that keeps a book on every effect.

mod happenings;

use std::collections::BTreeMap;

use media::{Level, Ms, Probability, SamplePos};
use proptest::prelude::*;
use turn::{Effect, Gen, Input, Phase, Reply, StopReason, Text, TurnConfig, Turns, Utt, Voice};

use happenings::{CONTROLS, Event, TEXTS, events};

/// How a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Drafted,
    Discarded,
    Released,
    Ended(Option<StopReason>),
}

/// How the writing down of an utterance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Going,
    Closed,
}

/// The world: what happens in it, and the book it keeps.
struct World {
    turns: Turns,
    now: SamplePos,
    replies: BTreeMap<Gen, Stands>,
    written: BTreeMap<Utt, Written>,
    lowered: bool,
    shown: Phase,
    wish: Option<SamplePos>,
    utt: Utt,
    voiced: Ms,
    settle: Option<(Utt, SamplePos)>,
    judge: Option<(Utt, SamplePos)>,
}

impl World {
    fn new() -> Self {
        Self {
            turns: Turns::new(TurnConfig::default()),
            now: SamplePos::START,
            replies: BTreeMap::new(),
            written: BTreeMap::new(),
            lowered: false,
            shown: Phase::Listening,
            wish: None,
            utt: Utt(0),
            voiced: Ms(0),
            settle: None,
            judge: None,
        }
    }

    fn happen(&mut self, after: u32, event: Event) {
        let at = self.now + Ms(after);
        // Most wakes come in time; now and then one comes late, together with what happens next.
        while let Some(wish) = self.wish.filter(|wish| *wish < at && wish.0 % 5 != 0) {
            self.step(wish, Input::Wake);
        }
        let at = at.max(self.now);
        if let Some(input) = self.input(at, event) {
            self.step(at, input);
        }
    }

    fn input(&mut self, at: SamplePos, event: Event) -> Option<Input> {
        let utt = self.utt;
        Some(match event {
            Event::Onset => {
                self.utt = Utt(utt.0 + 1);
                self.voiced = Ms(0);
                Input::Voice(Voice::Onset { utt: self.utt })
            }
            Event::Speech(db) => {
                self.voiced = Ms(self.voiced.0 + 100);
                Input::Voice(Voice::Speech { utt, voiced: self.voiced, level: Level::from_db(f32::from(db)) })
            }
            Event::Vanished => Input::Voice(Voice::Vanished { utt }),
            Event::Pause => Input::Voice(Voice::Pause { utt, since: at - Ms(64) }),
            Event::Resumed => Input::Voice(Voice::Resumed { utt }),
            Event::Guess(n) => Input::Text(text(utt, at - Ms(60), n, false)),
            Event::Settled(n) => {
                let (utt, pause) = self.settle?;
                Input::Text(text(utt, pause, n, true))
            }
            Event::TextFailed => Input::TextFailed { utt },
            Event::Judged(probability) => {
                let (utt, pause) = self.judge?;
                Input::EndOfTurn { utt, pause, probability }
            }
            Event::Weighed(probability) => {
                Input::Weighed { r#gen: *self.replies.last_key_value()?.0, probability }
            }
            Event::Reply(what) => Input::Reply { r#gen: *self.replies.last_key_value()?.0, what },
            Event::Control(n) => CONTROLS[n].clone(),
            Event::Typed => Input::Typed("Hello".to_owned()),
            Event::Foreign(number, what) => foreign(u64::from(number), at, what),
            Event::Wake => Input::Wake,
        })
    }

    /// One step, and the book about it.
    fn step(&mut self, at: SamplePos, input: Input) {
        self.now = at;
        if input == Input::Wake && self.wish.is_some_and(|wish| wish <= at) {
            self.wish = None;
        }
        let ended = match &input {
            Input::Reply { r#gen, what: Reply::Finished | Reply::Failed } => Some(*r#gen),
            _ => None,
        };
        let effects = self.turns.step(at, input);
        for effect in effects {
            self.book(&effect, ended);
        }
        self.end(ended);
        self.look();
    }

    /// A reply that ended by itself did so after what had come due before.
    fn end(&mut self, ended: Option<Gen>) {
        if let Some(stands) = ended.and_then(|ended| self.replies.get_mut(&ended))
            && *stands == Stands::Released
        {
            *stands = Stands::Ended(None);
        }
    }

    fn book(&mut self, effect: &Effect, ended: Option<Gen>) {
        match effect {
            Effect::Transcribe { utt } => {
                assert_eq!(self.written.insert(*utt, Written::Going), None, "written down twice: {utt:?}");
            }
            Effect::Close { utt } => {
                assert_ne!(
                    self.written.insert(*utt, Written::Closed),
                    Some(Written::Closed),
                    "closed twice: {utt:?}"
                );
            }
            Effect::Settle { utt, pause } => {
                assert_eq!(self.written.get(utt), Some(&Written::Going));
                self.settle = Some((*utt, *pause));
            }
            Effect::Judge { utt, pause } => {
                assert_eq!(self.written.get(utt), Some(&Written::Going));
                self.judge = Some((*utt, *pause));
            }
            Effect::Draft { r#gen, said, replaces } => {
                assert!(!said.trim().is_empty());
                self.end(ended);
                assert_eq!(self.live(), 0, "two replies at once");
                assert!(self.replies.keys().all(|older| older < r#gen), "not a new one: {gen:?}");
                if let Some(old) = replaces {
                    assert_eq!(self.replies[old], Stands::Ended(Some(StopReason::WentOn)));
                }
                self.replies.insert(*r#gen, Stands::Drafted);
            }
            Effect::Discard { r#gen } => self.turn_into(*r#gen, Stands::Drafted, Stands::Discarded),
            Effect::Release { r#gen } => {
                assert!(!self.lowered, "the last reply was left ducked");
                self.turn_into(*r#gen, Stands::Drafted, Stands::Released);
            }
            Effect::Stop { r#gen, why } => {
                self.turn_into(*r#gen, Stands::Released, Stands::Ended(Some(*why)));
                self.lowered = false;
            }
            Effect::Duck | Effect::Hold => {
                assert!(self.replies.values().any(|stands| *stands == Stands::Released));
                self.lowered = true;
            }
            Effect::Resume => assert!(std::mem::take(&mut self.lowered), "nothing to resume"),
            Effect::WakeAt(at) => {
                assert!(*at > self.now, "a wake in the past");
                self.wish = Some(*at);
            }
            Effect::NoWake => assert!(self.wish.take().is_some(), "no wake was wished for"),
            Effect::Show(phase) => {
                assert_ne!(*phase, self.shown);
                self.shown = *phase;
            }
        }
    }

    fn turn_into(&mut self, r#gen: Gen, from: Stands, to: Stands) {
        assert_eq!(self.replies.insert(r#gen, to), Some(from), "{gen:?} to {to:?}");
    }

    fn live(&self) -> usize {
        self.replies.values().filter(|stands| matches!(stands, Stands::Drafted | Stands::Released)).count()
    }

    fn standing(&self, wanted: Stands) -> Option<Gen> {
        self.replies.iter().find(|(_, stands)| **stands == wanted).map(|(r#gen, _)| *r#gen)
    }

    /// What holds between any two steps.
    fn look(&self) {
        assert!(self.live() <= 1, "two replies at once");
        assert_eq!(self.turns.drafting(), self.standing(Stands::Drafted));
        assert_eq!(self.turns.replying(), self.standing(Stands::Released));
        assert_eq!(self.turns.phase(), self.shown);
        assert!(self.wish.is_none_or(|wish| wish > self.now), "something due was left undone");
        assert!(!self.lowered || self.turns.replying().is_some(), "ducked, and no reply");
        let going = self.written.values().filter(|written| **written == Written::Going).count();
        assert!(going <= 1, "two utterances are written down");
    }

    /// Nobody speaks or presses a key any more; engines answer or hang.
    fn go_quiet(&mut self, engines: Engines) {
        self.happen(10, Event::Control(7));
        for number in 0..=self.utt.0.max(12) {
            let (utt, since) = (Utt(number), self.now);
            self.step(self.now + Ms(1), Input::Voice(Voice::Pause { utt, since }));
        }
        for _ in 0..60 {
            if let (Engines::Answer, Some((utt, pause))) = (engines, self.settle.take()) {
                self.step(self.now + Ms(50), Input::Text(text(utt, pause, 3, true)));
            } else if let Some(wish) = self.wish {
                self.step(wish, Input::Wake);
            } else if let Some(r#gen) = self.turns.replying() {
                self.step(self.now + Ms(500), Input::Reply { r#gen, what: Reply::Finished });
            } else {
                break;
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engines {
    Answer,
    Hang,
}

fn text(utt: Utt, through: SamplePos, n: usize, settled: bool) -> Text {
    let (committed, tentative) = if settled { (TEXTS[n], "") } else { ("", TEXTS[n]) };
    Text { utt, committed: committed.into(), tentative: tentative.into(), through, settled }
}

/// Something about the utterance and the reply of this number.
fn foreign(number: u64, at: SamplePos, what: usize) -> Input {
    let (utt, r#gen) = (Utt(number), Gen(number));
    match what {
        0 => Input::Voice(Voice::Onset { utt }),
        1 => Input::Voice(Voice::Speech { utt, voiced: Ms(900), level: Level::from_db(-20.0) }),
        2 => Input::Voice(Voice::Pause { utt, since: at }),
        3 => Input::Voice(Voice::Resumed { utt }),
        4 => Input::Text(text(utt, at, 2, true)),
        5 => Input::EndOfTurn { utt, pause: at, probability: Probability::new(1.0) },
        6 => Input::TextFailed { utt },
        7 => Input::Reply { r#gen, what: Reply::Audible },
        8 => Input::Weighed { r#gen, probability: Probability::new(1.0) },
        _ => Input::Reply { r#gen, what: Reply::Finished },
    }
}

fn lived(events: Vec<(u32, Event)>) -> World {
    let mut world = World::new();
    for (after, event) in events {
        world.happen(after, event);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The book's assertions: one live reply, drafts released or discarded once, every release ended before the next,
    /// ducks undone, utterances closed once, wakes in the future, phases shown when they change.
    #[test]
    fn one_reply_lives_and_every_released_one_ends_once(events in events()) {
        lived(events);
    }

    /// No stuck state, whatever happened, whether or not the engines still answer.
    #[test]
    fn when_it_is_quiet_it_comes_to_rest(
        events in events(),
        engines in prop::sample::select(vec![Engines::Answer, Engines::Hang]),
    ) {
        let mut world = lived(events);
        world.go_quiet(engines);
        let rest = [Phase::Listening, Phase::Muted, Phase::NoMicrophone, Phase::WaitingForKey];
        prop_assert!(rest.contains(&world.turns.phase()), "{:?}", world.turns);
        prop_assert_eq!(world.live(), 0);
        prop_assert_eq!(world.wish, None);
        prop_assert!(world.written.values().all(|written| *written == Written::Closed), "left open");
    }

    /// What is about an utterance or a reply that is gone, or a wake that nobody wished for, changes nothing at all.
    #[test]
    fn stale_events_change_nothing(events in events(), what in 0usize..10, offset in 0u64..40) {
        let mut world = lived(events);
        let utt = Utt(offset);
        let gone = if offset >= 20 {
            Utt(offset + 1_000)
        } else if world.written.get(&utt) == Some(&Written::Closed) {
            utt
        } else {
            return Ok(());
        };
        let dead = Gen(gone.0);
        let live = matches!(world.replies.get(&dead), Some(Stands::Drafted | Stands::Released));
        let mut stale = vec![Input::Wake];
        if what > 6 && !live || what <= 6 && what > 0 {
            stale.push(foreign(gone.0, world.now, what));
        }
        for input in stale {
            let before = world.turns.clone();
            prop_assert_eq!(world.turns.step(world.now, input), Vec::new());
            prop_assert_eq!(&world.turns, &before);
        }
        world.look();
    }

    /// Whether a wake comes in time or what happens next comes first makes no difference to what is said and released.
    #[test]
    fn a_late_wake_makes_no_difference(events in events()) {
        let mut world = lived(events);
        if let Some(wish) = world.wish {
            let mut late = world.turns.clone();
            let later = wish + Ms(5);
            let mut on_time = world.turns.step(wish, Input::Wake);
            on_time.extend(world.turns.step(later, Input::Summoned));
            let both = late.step(later, Input::Summoned);
            let acts = |effects: Vec<Effect>| -> Vec<Effect> {
                effects.into_iter().filter(|effect| {
                    !matches!(effect, Effect::WakeAt(_) | Effect::NoWake | Effect::Show(_))
                }).collect()
            };
            prop_assert_eq!(acts(on_time), acts(both));
        }
    }
}
