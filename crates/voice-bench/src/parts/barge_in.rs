//! Real voices over a reply: how soon it is quieter, how soon it is silent, and whether the turn is the user's.
//!
//! The reply is always the same text from a scripted server, so that the recording of one that nobody disturbed tells how
//! loud it would have been. How a reply is interrupted does not depend on who wrote it.

use std::time::Duration;

use serde_json::json;

use super::{Measured, Scenes, quantile, rate, room, rounded, with_echo};
use crate::align::{place, quieter};
use crate::script::{LONG_REPLY, Script};
use crate::sound::{Audible, frames, ms};
use crate::stage::{ANSWERS, Message, Reply, Stage};
use crate::voices::Utterance;
use crate::{Line, pass};

/// A silence of the loudspeaker that is longer than those between the reply's sentences.
pub(super) const GONE: usize = 250;
/// A pause of the reply's own from this length on hides when it got quiet.
const REST: usize = 60;
/// How long a reply is left alone before something happens: the canceller has learnt the room.
pub(super) const ALONE: Duration = Duration::from_millis(4_500);
/// Of the reply before the interruption, what is looked for in the undisturbed one.
const PIECE: usize = 600;

/// The stage with its scripted server, and what an undisturbed reply sounds like.
pub(super) struct Scripted {
    pub(super) stage: Stage,
    /// From the first audible frame of the reply.
    pub(super) reference: Vec<f32>,
    _script: Script,
}

/// Opens it and listens to one reply to its end.
pub(super) fn scripted(scenes: &Scenes) -> anyhow::Result<Scripted> {
    let script = Script::start(LONG_REPLY)?;
    let mut stage = Stage::open(&scenes.cast, Some(&script))?;
    with_echo(&stage.card);
    let first = scenes.utterances.first().ok_or_else(|| anyhow::anyhow!("there are no recordings"))?;
    scenes.say("  one reply that nobody disturbs");
    let reply = stage.ask(first, Duration::from_mins(3))?;
    let played = &reply.recording.speaker;
    let begin = Audible::played(played).onset(reply.spoken);
    let begin = begin
        .ok_or_else(|| anyhow::anyhow!("the scripted reply was not heard: {}", stage.program.complaint()))?;
    let reference = played[begin..].to_vec();
    Ok(Scripted { stage, reference, _script: script })
}

impl Scripted {
    /// Makes sure that a reply is heard and was for a while.
    pub(super) fn speaking(&mut self) -> anyhow::Result<bool> {
        let mark = self.stage.program.mark();
        if self.stage.phase() != "speaking" {
            let soon = self.stage.phase_from(mark, &["speaking"], Duration::from_secs(4))?;
            if soon.is_none() {
                self.stage.rest(Duration::from_secs(5))?;
                let mark = self.stage.program.mark();
                self.stage.type_in("Tell me more.")?;
                if self.stage.phase_from(mark, &["speaking"], ANSWERS)?.is_none() {
                    return Ok(false);
                }
            }
        }
        pass(ALONE)?;
        Ok(self.stage.phase() == "speaking")
    }
}

/// Whether a reply ended before its end in what was told.
pub(super) fn ended_early(lines: &[Line]) -> bool {
    let ended =
        lines.iter().filter(|line| line.is("message")).map(|line| Message::of(&line.value["message"]));
    ended
        .into_iter()
        .any(|message| message.is_reply() && !matches!(message.state.as_str(), "complete" | "streaming"))
}

/// What one interruption did, in milliseconds after the user's first voiced sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interruption {
    duck: Option<f64>,
    pub(super) stop: Option<f64>,
}

pub(super) fn interruption(reply: &Reply, utterance: &Utterance, reference: &[f32]) -> Interruption {
    let played = &reply.recording.speaker;
    let onset = reply.spoken + utterance.voiced.start;
    let audible = Audible::played(played);
    let before = onset.saturating_sub(frames(PIECE))..onset;
    let found = place(&played[before.clone()], reference, 0..reference.len());
    let duck = found.and_then(|at| {
        let (recorded, meant) = (&played[before.start..], &reference[at..]);
        quieter(recorded, meant, frames(PIECE), frames(REST)).map(|at| ms(at - frames(PIECE)))
    });
    // From this frame of the recording on, what would have been heard of the reply.
    let due = |frame: usize| {
        let at = found.map(|at| at + frame.saturating_sub(before.start));
        at.and_then(|at| reference.get(at..)).unwrap_or_default()
    };
    let (mut from, mut stop) = (onset, None);
    while let Some(begins) = audible.silence(from, frames(GONE)) {
        let due = due(begins);
        let rests = Audible::played(due).onset(0).unwrap_or(0);
        if rests < frames(REST) {
            stop = Some(ms(begins.saturating_sub(onset)));
            break;
        }
        // When a reply was stopped that rested anyway cannot be heard; it may also go on after its rest.
        let again = audible.share(begins..begins + rests + frames(REST)) > 0.0;
        if !again {
            break;
        }
        from = begins.max(from) + rests;
    }
    Interruption { duck, stop }
}

/// Who interrupts: with less than a second of voice it is another matter, a word alone may be no interruption.
pub(super) fn long_enough(scenes: &Scenes) -> Vec<&Utterance> {
    scenes.utterances.iter().filter(|one| one.voiced.len() > frames(900)).collect()
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let mut scripted = scripted(scenes)?;
    let count = scenes.few(6, 20);
    let (mut ducks, mut stops, mut taken, mut tries) = (Vec::new(), Vec::new(), 0, 0);
    for utterance in long_enough(scenes).iter().cycle().take(2 * count) {
        if ducks.len().min(stops.len()) >= count {
            break;
        }
        if !scripted.speaking()? {
            scenes.say(format!("  no reply to interrupt: {}", scripted.stage.phase()));
            continue;
        }
        let mark = scripted.stage.program.mark();
        let tape = scripted.stage.card.record();
        pass(Duration::from_millis(800))?;
        let speech = scripted.stage.card.speak(&utterance.sound, utterance.as_one_person());
        scripted.stage.heard(&speech)?;
        // Long enough for a silence to be seen, too short for the next reply.
        pass(Duration::from_millis(350))?;
        let lines = scripted.stage.program.since(mark);
        let reply = scripted.stage.scene(tape, &speech, lines)?;
        let seen = interruption(&reply, utterance, &scripted.reference);
        let is_taken = ended_early(&reply.lines);
        scenes.say(format!("  {}: {seen:?}, taken: {is_taken}", utterance.name));
        tries += 1;
        taken += usize::from(is_taken);
        ducks.extend(seen.duck);
        stops.extend(seen.stop.filter(|_| is_taken));
    }
    let conditions = json!({
        "what": "first voiced sample of the interrupting recording to the loudspeaker's track: at less than half of the \
                 undisturbed reply's amplitude in three windows of 10 ms (duck), silent for 250 ms (stop); where it rested at that moment by itself neither is known, and it is tried again; taken: the reply \
                 ended before the interrupting voice did; all voices as loud as one",
        "reply": "a fixed text from a scripted server, spoken by the program's voice",
        "room": room(true, None),
        "interruptions": tries,
        "duck_each": rounded(&ducks),
        "stop_each": rounded(&stops),
    });
    let figure =
        |name, value, unit, samples| Measured { name, value, unit, samples, conditions: conditions.clone() };
    Ok(vec![
        figure("voice.duck_p95_ms", quantile(&ducks, 0.95), "ms", ducks.len()),
        figure("voice.stop_p95_ms", quantile(&stops, 0.95), "ms", stops.len()),
        figure("voice.interrupt_taken_rate", rate(taken, tries), "", tries),
    ])
}
