//! Coughs, "uh-huh" and other people over a reply: whether it goes on, and where.

use std::time::Duration;

use serde_json::json;

use super::barge_in::{GONE, Scripted, ended_early, scripted};
use super::{Measured, Scenes, rate, room};
use crate::align::place;
use crate::pass;
use crate::sound::{Audible, frames, ms};
use crate::stage::{ANSWERS, Reply};
use crate::voices::{Utterance, cough, spoken};

/// How long after a distraction the reply must be heard again.
const AFTER: Duration = Duration::from_secs(3);
const PIECE: usize = 500;

/// Something that is no turn.
struct Distraction {
    kind: &'static str,
    utterance: Utterance,
}

fn distractions(scenes: &Scenes) -> anyhow::Result<Vec<Distraction>> {
    let mut all = Vec::new();
    let coughs = (0..scenes.few(3, 8)).filter_map(|which| cough(u32::try_from(which).ok()?));
    all.extend(coughs.map(|utterance| Distraction { kind: "cough", utterance }));
    // It would spell "mhm": this is the sound, as its phonemes.
    let words = ["uh-huh", "[[m:h'm:]]", "yeah", "okay", "right"];
    let voices: &[&str] = if scenes.quick { &["en-us"] } else { &["en-us", "en-us+f3", "en-gb+m3"] };
    for voice in voices {
        for word in words.iter().take(scenes.few(4, 5)) {
            let utterance = spoken(word, voice)?;
            let sound = utterance.at(utterance.as_one_person());
            all.extend(
                Utterance::new(utterance.name, None, sound)
                    .map(|utterance| Distraction { kind: "backchannel", utterance }),
            );
        }
    }
    for (n, utterance) in scenes.cycle(scenes.few(3, 8)).enumerate() {
        let below = if n % 2 == 0 { 0.178 } else { 0.1 };
        let quiet = utterance.at(utterance.as_one_person() * below);
        let name = format!("{} at {} dB", utterance.name, if n % 2 == 0 { -15 } else { -20 });
        all.extend(
            Utterance::new(name, None, quiet).map(|utterance| Distraction { kind: "background", utterance }),
        );
    }
    Ok(all)
}

/// What a distraction did to a reply.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    /// The reply ended, or was not heard again in time.
    stopped: bool,
    /// Where it went on, in milliseconds after where it was; none if it never fell silent, or the place is not found.
    jump: Option<f64>,
}

fn outcome(reply: &Reply, utterance: &Utterance, reference: &[f32]) -> Outcome {
    let played = &reply.recording.speaker;
    let audible = Audible::played(played);
    let (begin, end) = (reply.spoken + utterance.voiced.start, reply.spoken + utterance.voiced.end);
    let back = audible.share(end + frames(1_000)..played.len()) > 0.2;
    let before = begin.saturating_sub(frames(PIECE));
    let jump = || {
        let gone = audible.silence(begin, frames(GONE))?;
        let again = audible.onset(gone + frames(GONE) / 2)?;
        let piece = played.get(again..again + frames(PIECE))?;
        let was = place(&played[before..before + frames(PIECE)], reference, 0..reference.len())?;
        let left = was + gone.saturating_sub(before);
        let around = left.saturating_sub(frames(4_000))..(left + frames(4_000)).min(reference.len());
        let now = place(piece, reference, around)?;
        Some(ms(now) - ms(left))
    };
    Outcome { stopped: ended_early(&reply.lines) || !back, jump: jump() }
}

fn disturb(scripted: &mut Scripted, utterance: &Utterance) -> anyhow::Result<Reply> {
    let mark = scripted.stage.program.mark();
    let tape = scripted.stage.card.record();
    pass(Duration::from_millis(800))?;
    let speech = scripted.stage.card.speak(&utterance.sound, 1.0);
    scripted.stage.heard(&speech)?;
    pass(AFTER)?;
    let lines = scripted.stage.program.since(mark);
    scripted.stage.scene(tape, &speech, lines)
}

/// Lets the program hear a turn of the user's, from which it knows how loud they are: others are told by that.
fn know_the_user(scenes: &Scenes, scripted: &mut Scripted) -> anyhow::Result<()> {
    for utterance in scenes.cycle(1) {
        let mark = scripted.stage.program.mark();
        scripted.stage.card.speak(&utterance.sound, utterance.as_one_person()).wait();
        scripted.stage.phase_from(mark, &["speaking"], ANSWERS)?;
    }
    Ok(())
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let mut scripted = scripted(scenes)?;
    know_the_user(scenes, &mut scripted)?;
    let (mut each, mut stops, mut tries, mut far) = (Vec::new(), 0, 0, 0);
    for Distraction { kind, utterance } in distractions(scenes)? {
        if !scripted.speaking()? {
            continue;
        }
        let complete = |lines: &[crate::Line]| {
            let ends = lines.iter().filter(|line| line.is("message"));
            ends.into_iter().any(|line| line.value["message"]["state"]["kind"] == "complete")
        };
        let reply = disturb(&mut scripted, &utterance)?;
        if complete(&reply.lines) {
            // It came to its own end meanwhile: this says nothing.
            continue;
        }
        let outcome = outcome(&reply, &utterance, &scripted.reference);
        scenes.say(format!("  {kind}, {}: {outcome:?}", utterance.name));
        tries += 1;
        stops += usize::from(outcome.stopped);
        far += usize::from(!outcome.stopped && outcome.jump.is_some_and(|jump| jump.abs() > 1_000.0));
        each.push(json!({
            "kind": kind, "what": utterance.name, "stopped": outcome.stopped, "jump_ms": outcome.jump.map(f64::round),
        }));
    }
    let of_kind = |kind: &str| {
        let these = each.iter().filter(|one| one["kind"] == kind);
        let stopped = these.clone().filter(|one| one["stopped"] == true).count();
        format!("{stopped} of {}", these.count())
    };
    let conditions = json!({
        "what": "share of distractions after which the reply had ended or was not heard for a second",
        "coughs": format!("{} (synthesised bursts of noise)", of_kind("cough")),
        "backchannels": format!("{} (espeak-ng voices, as loud as the user)", of_kind("backchannel")),
        "background_talk": format!("{} (recordings 15 and 20 dB below the user)", of_kind("background")),
        "resumed_farther_than_1_s_from_where_it_was": far,
        "room": room(true, None),
        "reply": "a fixed text from a scripted server, spoken by the program's voice",
        "each": each,
    });
    let value = rate(stops, tries);
    Ok(vec![Measured { name: "voice.false_stop_rate", value, unit: "", samples: tries, conditions }])
}
