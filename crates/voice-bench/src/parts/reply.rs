//! From the last voiced sample of a question to the first audible sample of its reply.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Measured, Scenes, median, quantile, room, rounded, with_echo};
use crate::pass;
use crate::sound::{Audible, ms};
use crate::stage::{Reply, Stage};
use crate::voices::Utterance;

/// How one question was answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answered {
    /// So long after its end, in milliseconds.
    After(f64),
    /// So long before its end.
    Before(f64),
    /// Not at all.
    Never,
}

/// Looks at the recording.
pub(super) fn answered(reply: &Reply, utterance: &Utterance) -> Answered {
    let played = Audible::played(&reply.recording.speaker);
    let (begin, end) = (reply.spoken + utterance.voiced.start, reply.spoken + utterance.voiced.end);
    match played.onset(begin) {
        Some(onset) if onset < end => Answered::Before(ms(end - onset)),
        Some(onset) => Answered::After(ms(onset - end)),
        None => Answered::Never,
    }
}

/// The program's own times of the turn, the last it told.
fn own_times(reply: &Reply) -> Option<Value> {
    let views = reply.lines.iter().rev().filter_map(|line| line.voice());
    views.map(|view| view["timings"].clone()).find(|times| !times.is_null())
}

/// How some questions were answered.
#[derive(Default)]
pub(super) struct Replies {
    /// Milliseconds, of those answered after their end.
    pub(super) times: Vec<f64>,
    /// How many before it.
    pub(super) early: usize,
    never: usize,
    own: Vec<Value>,
    late_blocks: u64,
}

/// Asks so many questions.
pub(super) fn replies(scenes: &Scenes, stage: &mut Stage, count: usize) -> anyhow::Result<Replies> {
    let mut replies = Replies::default();
    for utterance in scenes.cycle(count) {
        let reply = stage.ask(utterance, Duration::from_secs(20))?;
        replies.late_blocks += reply.recording.late_blocks;
        let answered = answered(&reply, utterance);
        scenes.say(format!("  {}: {answered:?}; {}", utterance.name, reply.story(utterance)));
        match answered {
            Answered::After(time) => {
                replies.times.push(time);
                let own = json!({"utterance": utterance.name, "measured_ms": time.round(), "own": own_times(&reply)});
                replies.own.push(own);
            }
            Answered::Before(_) => replies.early += 1,
            Answered::Never => replies.never += 1,
        }
        pass(Duration::from_millis(600))?;
    }
    anyhow::ensure!(
        !replies.times.is_empty(),
        "no question was answered ({} before their end)",
        replies.early
    );
    Ok(replies)
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let count = scenes.few(8, 24).max(if scenes.quick { 0 } else { scenes.utterances.len() });
    let cast = crate::Cast { reply_tokens: Some(24), ..scenes.cast.clone() };
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    let Replies { times, early, never, own, late_blocks } = replies(scenes, &mut stage, count)?;
    let conditions = json!({
        "what": "last voiced sample of the recording to first audible sample of the loudspeaker, on the room's tape",
        "room": room(true, None),
        "answered_before_the_end": early,
        "not_answered": never,
        "late_blocks": late_blocks,
        "each": rounded(&times),
        "own_times_ms": own,
    });
    let figure = |name, value| Measured {
        name,
        value,
        unit: "ms",
        samples: times.len(),
        conditions: conditions.clone(),
    };
    Ok(vec![
        figure("voice.reply_median_ms", median(&times)),
        figure("voice.reply_p95_ms", quantile(&times, 0.95)),
    ])
}
