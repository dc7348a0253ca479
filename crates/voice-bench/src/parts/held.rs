//! Whether replies stay as quick when the machine is busy, and when much was said before.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::reply::{Replies, replies};
use super::{Measured, Scenes, quantile, room, rounded, with_echo};
use crate::stage::{ANSWERS, Stage};

/// Words that come to about 4,000 tokens.
const MUCH: usize = 3_000;
/// How long a small model may take to read them.
const READING: Duration = Duration::from_mins(2);

/// A process that does nothing but keep one core busy; ended when it is dropped.
struct Busy(Child);

impl Busy {
    fn start() -> anyhow::Result<Self> {
        let shell = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn()?;
        Ok(Self(shell))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let count = scenes.few(4, 12);
    let cast = crate::Cast { reply_tokens: Some(24), ..scenes.cast.clone() };
    scenes.say("  nothing else going on");
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    let alone = replies(scenes, &mut stage, count)?;
    scenes.say("  one core busy with another process");
    let busy = Busy::start()?;
    let loaded = replies(scenes, &mut stage, count)?;
    drop((busy, stage));
    scenes.say("  behind 4,000 tokens of history");
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    // A conversation begins with something said; how quickly that is answered says nothing.
    for utterance in scenes.cycle(1) {
        stage.ask(utterance, Duration::from_secs(20))?;
    }
    let mark = stage.program.mark();
    let story = crate::LONG_REPLY.split_whitespace().cycle().take(MUCH).collect::<Vec<_>>().join(" ");
    stage.type_in(&story)?;
    let answered = stage.phase_from(mark, &["speaking"], READING)?;
    anyhow::ensure!(answered.is_some(), "the long message was not answered");
    stage.rest(ANSWERS)?;
    let after_much = replies(scenes, &mut stage, count)?;
    Ok([("loaded", loaded), ("history", after_much)]
        .into_iter()
        .flat_map(|(what, replies)| ratios(what, &replies, &alone))
        .collect())
}

fn ratios(what: &str, replies: &Replies, alone: &Replies) -> [Measured; 2] {
    let conditions = json!({
        "what": "reply latency so, divided by that of the same utterances in the same run with nothing else going on",
        "each_ms": rounded(&replies.times), "each_alone_ms": rounded(&alone.times),
        "answered_before_the_end": replies.early, "before_the_end_alone": alone.early, "room": room(true, None),
    });
    let figure = |name, share| Measured {
        name,
        value: quantile(&replies.times, share) / quantile(&alone.times, share),
        unit: "",
        samples: replies.times.len(),
        conditions: conditions.clone(),
    };
    if what == "loaded" {
        [figure("voice.loaded_median_ratio", 0.5), figure("voice.loaded_p95_ratio", 0.95)]
    } else {
        [figure("voice.history_median_ratio", 0.5), figure("voice.history_p95_ratio", 0.95)]
    }
}
