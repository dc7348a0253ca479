//! Its own speech from the loudspeaker to the microphone, in an office: it must not interrupt itself.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Measured, Scenes};
use crate::script::{LONG_REPLY, Script};
use crate::stage::{ANSWERS, Message, Stage};

/// One after the other, there and back: a room changes by little at once.
const DELAYS: [u64; 8] = [40, 60, 80, 100, 120, 100, 80, 60];
const GAIN: f32 = 0.3;
/// Decibels of the office noise, root mean square.
const NOISE_DB: f32 = -50.0;

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let script = Script::start(LONG_REPLY)?;
    let mut stage = Stage::open(&scenes.cast, Some(&script))?;
    if let Some(noise) = &scenes.noise {
        stage.card.noise(noise, 10_f32.powf((NOISE_DB - crate::sound::level(noise.samples())) / 20.0));
    }
    let wanted = Duration::from_mins(if scenes.quick { 1 } else { 10 });
    stage.card.echo(Duration::from_millis(DELAYS[0]), GAIN);
    // A short one: it is answered as a whole.
    let first = scenes
        .utterances
        .iter()
        .min_by_key(|one| one.voiced.len())
        .ok_or_else(|| anyhow::anyhow!("there are no recordings"))?;
    stage.card.speak(&first.sound, 1.0).wait();
    anyhow::ensure!(
        stage.phase_from(0, &["speaking"], ANSWERS)?.is_some(),
        "the first question was not answered"
    );
    let asked = said(&stage.history()?);
    let (mut spoken, mut replies, mut ducks, mut stops) = (Duration::ZERO, 1_usize, 0, 0);
    while spoken < wanted {
        let begun = Instant::now();
        let mark = stage.program.mark();
        stage.phase_from(mark, &["listening", "hearing", "thinking"], Duration::from_mins(3))?;
        spoken += begun.elapsed();
        stage.rest(Duration::from_secs(30))?;
        let lines = stage.program.since(mark);
        ducks += contested(&lines);
        stops += stopped(&lines);
        scenes
            .say(format!("  {:.0} s of speech, {ducks} times quieter, {stops} stops", spoken.as_secs_f64()));
        stage.card.echo(Duration::from_millis(DELAYS[replies % DELAYS.len()]), GAIN);
        let mark = stage.program.mark();
        stage.type_in("Tell me more.")?;
        anyhow::ensure!(
            stage.phase_from(mark, &["speaking"], ANSWERS)?.is_some(),
            "a question was not answered"
        );
        replies += 1;
    }
    stage.rest(Duration::from_secs(1))?;
    // All but the first were typed; whatever else is there, it said to itself.
    let heard = said(&stage.history()?).saturating_sub(asked);
    let minutes = spoken.as_secs_f64() / 60.0;
    let conditions = json!({
        "what": "replies that ended before their end, while nobody spoke",
        "minutes_of_own_speech": (minutes * 10.0).round() / 10.0,
        "replies": replies,
        "echo": {"delays_ms": DELAYS, "gain": super::decimal(GAIN), "changes": "with every reply"},
        "noise": scenes.noise.as_ref().map_or("none".to_owned(), |_| format!("office, {NOISE_DB} dB")),
        "times_quieter": ducks,
        "messages_it_said_to_itself": heard,
    });
    let value = stops as f64 * if scenes.quick { 10.0 / minutes } else { 1.0 };
    Ok(vec![Measured { name: "voice.self_stops_10min", value, unit: "", samples: replies, conditions }])
}

fn contested(lines: &[crate::Line]) -> usize {
    let phases = lines.iter().filter_map(|line| line.voice()?["phase"].as_str());
    let mut before = "";
    let mut count = 0;
    for phase in phases {
        count += usize::from(phase == "contested" && before != "contested");
        before = phase;
    }
    count
}

/// Messages of the user that were not typed.
fn said(history: &[Message]) -> usize {
    history.iter().filter(|message| !message.is_reply() && message.text != "Tell me more.").count()
}

/// Replies that ended before their end.
fn stopped(lines: &[crate::Line]) -> usize {
    let ended =
        lines.iter().filter(|line| line.is("message")).map(|line| Message::of(&line.value["message"]));
    let early =
        |message: &Message| message.is_reply() && !matches!(message.state.as_str(), "complete" | "streaming");
    ended.filter(early).count()
}
