//! Ours beside another program, taking turns in one run: the same recordings, the same room, the same measuring by ear.
//!
//! The room has no echo, as with headphones: a program without an echo canceller would hear itself. Each round both hold a
//! conversation of their own, and who begins changes, so that a machine that is slower for a while is so for both.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::barge_in::{ALONE, GONE, Interruption, interruption, long_enough};
use super::pauses::{PAUSES, is_in_pause};
use super::reply::{Answered, answered};
use super::{Clause, Measured, Scenes, median, quantile, rate, room, rounded};
use crate::by_ear::{ByEar, Side};
use crate::script::{LONG_REPLY, Script};
use crate::sound::{Audible, frames};
use crate::stage::{ANSWERS, Reply};
use crate::voices::Utterance;
use crate::{pass, tree};

/// The ratio, then ours and theirs in the order of [`Heard::values`].
pub(super) const FIGURES: &[&str] = &[
    "peer.reply_median_ratio",
    "peer.ours.reply_median_ms",
    "peer.ours.reply_p95_ms",
    "peer.ours.cutoff_rate",
    "peer.ours.stop_median_ms",
    "peer.ours.stop_p95_ms",
    "peer.ours.pss_mb",
    "peer.theirs.reply_median_ms",
    "peer.theirs.reply_p95_ms",
    "peer.theirs.cutoff_rate",
    "peer.theirs.stop_median_ms",
    "peer.theirs.stop_p95_ms",
    "peer.theirs.pss_mb",
];

/// Questions of one conversation.
const ROUND: usize = 8;
/// The longest of a reply that is waited for.
const LONGEST: Duration = Duration::from_secs(20);

/// What was heard of one program.
#[derive(Default)]
struct Heard {
    /// Milliseconds, of questions that were answered after their end.
    times: Vec<f64>,
    early: usize,
    never: usize,
    late_blocks: u64,
    /// Megabytes by process, the most that was seen while a reply was spoken.
    memory: BTreeMap<String, f64>,
    /// Answers in a pause, in milliseconds before the end.
    cut: Vec<f64>,
    /// Answers in pauses of the reader's own.
    elsewhere: usize,
    paused: usize,
    /// From the first audible frame of the scripted reply that nobody disturbs.
    reference: Vec<f32>,
    stops: Vec<f64>,
    interruptions: usize,
    about: Value,
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let peer = scenes.peer.as_ref().context("no program to compare with was named (--peer)")?;
    anyhow::ensure!(!scenes.clauses.is_empty(), "no recording has a word boundary in mid-clause");
    let mut sides = [(Side::Ours, Heard::default()), (Side::Theirs(peer), Heard::default())];
    let mut turns = 0;
    let mut each = |what: &dyn Fn(Side<'_>, &mut Heard) -> anyhow::Result<()>| -> anyhow::Result<()> {
        turns += 1;
        for n in 0..2 {
            let (side, heard) = &mut sides[(n + turns) % 2];
            scenes.say(if matches!(side, Side::Ours) { "  ours" } else { "  theirs" });
            what(*side, heard)?;
        }
        Ok(())
    };
    let count = scenes.few(4, scenes.utterances.len().max(24));
    let questions: Vec<&Utterance> = scenes.cycle(count).collect();
    for round in questions.chunks(ROUND) {
        each(&|side, heard| ask(scenes, side, heard, round))?;
    }
    let count = scenes.few(5, scenes.clauses.len().max(40));
    let clauses: Vec<(&Clause, usize)> =
        scenes.clauses.iter().cycle().zip(PAUSES.into_iter().cycle()).take(count).collect();
    for round in clauses.chunks(ROUND) {
        each(&|side, heard| pause(scenes, side, heard, round))?;
    }
    let interrupting: Vec<&Utterance> =
        long_enough(scenes).into_iter().cycle().take(scenes.few(3, 16)).collect();
    for round in interrupting.chunks(ROUND) {
        each(&|side, heard| interrupt(scenes, side, heard, round))?;
    }
    let [(_, ours), (_, theirs)] = sides;
    Ok(figures(&ours, &theirs))
}

/// The reply's length is that of the other parts: long enough for some sentences.
fn open(
    scenes: &Scenes,
    side: Side<'_>,
    heard: &mut Heard,
    script: Option<&Script>,
) -> anyhow::Result<ByEar> {
    let cast = crate::Cast { reply_tokens: Some(24), ..scenes.cast.clone() };
    let ear = ByEar::open(side, &cast, script)?;
    heard.about = ear.about.clone();
    Ok(ear)
}

fn ask(scenes: &Scenes, side: Side<'_>, heard: &mut Heard, round: &[&Utterance]) -> anyhow::Result<()> {
    let ear = open(scenes, side, heard, None)?;
    for utterance in round {
        let memory = &mut heard.memory;
        let reply = ear.ask(utterance, LONGEST, || {
            let now = tree::memory_mb(ear.id())?;
            if now.values().sum::<f64>() > memory.values().sum::<f64>() {
                *memory = now;
            }
            Ok(())
        })?;
        heard.late_blocks += reply.recording.late_blocks;
        let answered = answered(&reply, utterance);
        scenes.say(format!("    {}: {answered:?}", utterance.name));
        match answered {
            Answered::After(time) => heard.times.push(time),
            Answered::Before(_) => heard.early += 1,
            Answered::Never => heard.never += 1,
        }
    }
    Ok(())
}

fn pause(
    scenes: &Scenes,
    side: Side<'_>,
    heard: &mut Heard,
    round: &[(&Clause, usize)],
) -> anyhow::Result<()> {
    let ear = open(scenes, side, heard, None)?;
    for (clause, length) in round {
        let paused = clause.utterance.with_pause(clause.cut, *length);
        let reply = ear.ask(&paused, LONGEST, || Ok(()))?;
        let answered = answered(&reply, &paused);
        scenes.say(format!("    {}: {answered:?}", paused.name));
        heard.paused += 1;
        if let Answered::Before(early) = answered {
            if is_in_pause(early, &paused, clause.cut, *length) {
                heard.cut.push(early);
            } else {
                heard.elsewhere += 1;
            }
        }
    }
    Ok(())
}

fn interrupt(scenes: &Scenes, side: Side<'_>, heard: &mut Heard, round: &[&Utterance]) -> anyhow::Result<()> {
    let script = Script::start(LONG_REPLY)?;
    let ear = open(scenes, side, heard, Some(&script))?;
    let first = scenes.utterances.first().context("there are no recordings")?;
    if heard.reference.is_empty() {
        scenes.say("    one reply that nobody disturbs");
        let reply = ear.ask(first, Duration::from_mins(3), || Ok(()))?;
        let begin = Audible::played(&reply.recording.speaker).onset(reply.spoken);
        let begin = begin.context("the scripted reply was not heard")?;
        heard.reference = reply.recording.speaker[begin..].to_vec();
    }
    for utterance in round {
        if !is_speaking(&ear, first)? {
            scenes.say("    no reply to interrupt");
            continue;
        }
        let tape = ear.card.record();
        pass(Duration::from_millis(800))?;
        let speech = ear.card.speak(&utterance.sound, utterance.as_one_person());
        ear.heard(&speech)?;
        // Long enough for a silence to be seen.
        pass(Duration::from_millis(350))?;
        let reply = Reply::taped(tape, &speech, Vec::new())?;
        let Interruption { stop, .. } = interruption(&reply, utterance, &heard.reference);
        let stop = stop.filter(|stop| stays_silent(&reply, utterance, *stop));
        scenes.say(format!("    {}: silent after {stop:?}", utterance.name));
        heard.interruptions += 1;
        heard.stops.extend(stop);
    }
    Ok(())
}

/// Makes sure that a reply is heard and was for a while.
fn is_speaking(ear: &ByEar, question: &Utterance) -> anyhow::Result<bool> {
    // What interrupted the reply before may be answered by itself.
    for patience in [Duration::from_secs(6), ANSWERS] {
        if ear.audible_within(patience)? {
            pass(ALONE)?;
            if ear.is_audible() {
                return Ok(true);
            }
        }
        let speech = ear.card.speak(&question.sound, 1.0);
        ear.heard(&speech)?;
    }
    Ok(false)
}

/// Whether the reply is not heard again for a second, or until the interrupting voice ends: else it was only held.
fn stays_silent(reply: &Reply, utterance: &Utterance, stop: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a frame of the recording")]
    let stop = (stop * frames(1) as f64) as usize;
    let begin = reply.spoken + utterance.voiced.start + stop;
    let end = (reply.spoken + utterance.voiced.end).min(begin + frames(1_000)).max(begin + frames(GONE));
    Audible::played(&reply.recording.speaker).share(begin..end) < 0.02
}

fn figures(ours: &Heard, theirs: &Heard) -> Vec<Measured> {
    let ratio = median(&ours.times) / median(&theirs.times);
    let conditions = json!({
        "what": "our median by theirs; both by ear, alternating in one run: last voiced sample of the recording to first \
                 audible sample of the loudspeaker, on the room's tape",
        "peer": theirs.about, "room": room(false, None), "questions_in_one_conversation": ROUND,
        "reply_tokens_at_most": 24,
    });
    let ratio = (ratio, "", ours.times.len().min(theirs.times.len()), conditions);
    let values = std::iter::once(ratio).chain(ours.values()).chain(theirs.values());
    let named = FIGURES.iter().copied().zip(values);
    named
        .map(|(name, (value, unit, samples, conditions))| Measured { name, value, unit, samples, conditions })
        .collect()
}

/// A value, its unit, how many measurements it comes from, and what else is to be known.
type Figure = (f64, &'static str, usize, Value);

impl Heard {
    /// Replies (median, 95th percentile), cut-offs, stops (median, 95th percentile), memory.
    fn values(&self) -> [Figure; 6] {
        let replies = json!({
            "each": rounded(&self.times), "answered_before_the_end": self.early, "not_answered": self.never,
            "late_blocks": self.late_blocks,
        });
        let cutoffs = json!({
            "what": "sentences with a pause at a word boundary in mid-clause, answered audibly in it or at once behind it",
            "pauses_ms": PAUSES, "cut_off_ms_before_the_end": rounded(&self.cut),
            "left_out_answered_in_a_pause_of_the_reader": self.elsewhere,
        });
        let stops = json!({
            "what": "first voiced sample of the interrupting recording to the loudspeaker's silence, of those that silenced it; \
                     the reply is a fixed text from a scripted server",
            "interruptions": self.interruptions, "each": rounded(&self.stops),
        });
        let by_process: BTreeMap<&String, f64> =
            self.memory.iter().map(|(name, value)| (name, value.round())).collect();
        let memory = json!({
            "what": "memory of all processes (PSS), the most that was seen while a reply was spoken",
            "by_process": by_process,
        });
        let counted = self.paused - self.elsewhere;
        let total = self.memory.values().sum();
        [
            (median(&self.times), "ms", self.times.len(), replies.clone()),
            (quantile(&self.times, 0.95), "ms", self.times.len(), replies),
            (rate(self.cut.len(), counted), "", counted, cutoffs),
            (median(&self.stops), "ms", self.stops.len(), stops.clone()),
            (quantile(&self.stops, 0.95), "ms", self.stops.len(), stops),
            (total, "MB", self.times.len(), memory),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_name_and_the_ratio_is_ours_by_theirs() {
        let ours = Heard { times: vec![200.0, 300.0, 400.0], stops: vec![150.0], ..Heard::default() };
        let theirs = Heard { times: vec![1_200.0], paused: 4, cut: vec![900.0], ..Heard::default() };
        let figures = figures(&ours, &theirs);
        let value = |name: &str| figures.iter().find(|figure| figure.name == name).unwrap().value;
        assert_eq!(figures.len(), FIGURES.len());
        assert!((value("peer.reply_median_ratio") - 0.25).abs() < 1e-9);
        assert!((value("peer.ours.stop_p95_ms") - 150.0).abs() < 1e-9);
        assert!((value("peer.theirs.cutoff_rate") - 0.25).abs() < 1e-9);
    }
}
