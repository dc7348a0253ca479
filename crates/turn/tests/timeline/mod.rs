//! Timelines in text: what happens when, and what is done about it.
//!
//! A line is `MILLISECONDS INPUT`, and `-> EFFECT, EFFECT` behind it when something is to be done. Wakes that were asked
//! for are delivered by themselves and stand in the timeline as `wake` where something came of them; `stale wake` is one
//! that nobody asked for. `end` only lets time pass. A pause began 64 ms before it is told, `judge` and `settled` answer
//! for the pause that was last asked about, and what is not settled is the text of all sound until 60 ms ago.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use media::{Level, Ms, Probability, SamplePos};
use turn::{Effect, Gen, Input, Mode, Muted, Reply, StopReason, Text, TurnConfig, Turns, Utt, Voice};

/// Runs the inputs of a timeline, and writes the timeline that came of it.
pub(crate) fn run(timeline: &str) -> String {
    let mut run = Run {
        turns: Turns::new(TurnConfig::default()),
        pauses: BTreeMap::new(),
        wish: None,
        told: String::new(),
    };
    for line in timeline.lines().filter(|line| !line.trim().is_empty()) {
        let line = line.split("->").next().unwrap().trim();
        let (at, what) = line.split_once(' ').unwrap_or_else(|| panic!("no time: {line}"));
        let at = at_ms(at.parse().unwrap_or_else(|_| panic!("no time: {line}")));
        let what = what.trim();
        if what == "wake" {
            continue;
        }
        run.wake_until(at);
        if what == "end" {
            writeln!(run.told, "{:>6} end", ms(at)).unwrap();
        } else {
            let input = run.input(at, what);
            run.step(at, input, what);
        }
    }
    run.told
}

fn at_ms(ms: u32) -> SamplePos {
    SamplePos::START + Ms(ms)
}

fn ms(at: SamplePos) -> u32 {
    at.since(SamplePos::START).0
}

struct Run {
    turns: Turns,
    pauses: BTreeMap<Utt, SamplePos>,
    wish: Option<SamplePos>,
    told: String,
}

impl Run {
    fn wake_until(&mut self, at: SamplePos) {
        while let Some(wish) = self.wish.filter(|wish| *wish <= at) {
            self.wish = None;
            self.step(wish, Input::Wake, "wake");
        }
    }

    fn step(&mut self, at: SamplePos, input: Input, name: &str) {
        let mut done = Vec::new();
        for effect in self.turns.step(at, input) {
            if let Effect::Settle { utt, pause } | Effect::Judge { utt, pause } = effect {
                self.pauses.insert(utt, pause);
            }
            match effect {
                Effect::WakeAt(at) => self.wish = Some(at),
                Effect::NoWake => self.wish = None,
                effect => done.push(tell(&effect)),
            }
        }
        if name == "wake" && done.is_empty() {
            return;
        }
        let line = format!("{:>6} {name}", ms(at));
        let arrow = if done.is_empty() { "" } else { " -> " };
        writeln!(self.told, "{line}{arrow}{}", done.join(", ")).unwrap();
    }

    fn input(&self, at: SamplePos, line: &str) -> Input {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = || words[0].parse::<u64>().unwrap_or_else(|_| panic!("no number: {line}"));
        match what {
            "onset" => Input::Voice(Voice::Onset { utt: Utt(number()) }),
            "vanished" => Input::Voice(Voice::Vanished { utt: Utt(number()) }),
            "resumed" => Input::Voice(Voice::Resumed { utt: Utt(number()) }),
            "speech" => Input::Voice(Voice::Speech {
                utt: Utt(number()),
                voiced: Ms(words[1].parse().unwrap()),
                level: Level::from_db(words.get(2).map_or(-30.0, |db| db.parse().unwrap())),
            }),
            "pause" => Input::Voice(Voice::Pause { utt: Utt(number()), since: at - Ms(64) }),
            "judge" => Input::EndOfTurn {
                utt: Utt(number()),
                pause: self.pauses[&Utt(number())],
                probability: Probability::new(words[1].parse().unwrap()),
            },
            "weigh" => Input::Weighed {
                r#gen: Gen(number()),
                probability: Probability::new(words[1].parse().unwrap()),
            },
            "text" | "settled" => Input::Text(self.text(at, Utt(number()), what == "settled", rest)),
            "textfailed" => Input::TextFailed { utt: Utt(number()) },
            "ready" => Input::Reply { r#gen: Gen(number()), what: Reply::Ready },
            "audible" => Input::Reply { r#gen: Gen(number()), what: Reply::Audible },
            "finished" => Input::Reply { r#gen: Gen(number()), what: Reply::Finished },
            "failed" => Input::Reply { r#gen: Gen(number()), what: Reply::Failed },
            "typed" => Input::Typed(quoted(rest)[0].to_owned()),
            _ => named(line),
        }
    }

    fn text(&self, at: SamplePos, utt: Utt, settled: bool, rest: &str) -> Text {
        let parts = quoted(rest);
        let through = if settled { self.pauses.get(&utt).copied().unwrap_or(at) } else { at - Ms(60) };
        Text {
            utt,
            committed: parts[0].to_owned(),
            tentative: parts.get(1).copied().unwrap_or_default().to_owned(),
            through,
            settled,
        }
    }
}

fn named(line: &str) -> Input {
    match line {
        "stale wake" => Input::Wake,
        "mute" => Input::Mute(Muted::Yes),
        "unmute" => Input::Mute(Muted::No),
        "push to talk" => Input::Mode(Mode::PushToTalk),
        "hands free" => Input::Mode(Mode::HandsFree),
        "key down" => Input::TalkDown,
        "key up" => Input::TalkUp,
        "stop speaking" => Input::StopSpeaking,
        "summoned" => Input::Summoned,
        "device changed" => Input::DeviceChanged,
        "mic lost" => Input::MicLost,
        "mic back" => Input::MicBack,
        _ => panic!("what is {line:?}?"),
    }
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

fn tell(effect: &Effect) -> String {
    match effect {
        Effect::Transcribe { utt } => format!("transcribe {}", utt.0),
        Effect::Settle { utt, .. } => format!("settle {}", utt.0),
        Effect::Judge { utt, .. } => format!("judge {}", utt.0),
        Effect::Close { utt } => format!("close {}", utt.0),
        Effect::Draft { r#gen, said, replaces: None } => format!("draft {} {said:?}", r#gen.0),
        Effect::Draft { r#gen, said, replaces: Some(old) } => {
            format!("draft {} for {} {said:?}", r#gen.0, old.0)
        }
        Effect::Discard { r#gen } => format!("discard {}", r#gen.0),
        Effect::Release { r#gen } => format!("release {}", r#gen.0),
        Effect::Duck => "duck".into(),
        Effect::Hold => "hold".into(),
        Effect::Resume => "resume".into(),
        Effect::Stop { r#gen, why } => format!(
            "stop {} {}",
            r#gen.0,
            match why {
                StopReason::BargeIn => "(barge-in)",
                StopReason::WentOn => "(went on)",
                StopReason::Typed => "(typed)",
                StopReason::Asked => "(asked)",
            }
        ),
        Effect::WakeAt(at) => format!("wake at {}", ms(*at)),
        Effect::NoWake => "no wake".into(),
        Effect::Show(phase) => format!("[{phase:?}]"),
    }
}
