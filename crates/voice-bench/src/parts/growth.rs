//! A long talk: memory must not grow with it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Measured, Scenes, room, with_echo};
use crate::stage::Stage;
use crate::tree;

/// Memory by process, and so many minutes after the beginning.
type Seen = (f64, BTreeMap<String, f64>);

/// What is said is answered; the answer to every third is cut short by the next. Memory is looked at between turns, when
/// nothing is under way.
pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let minutes = scenes.few(3, 30);
    let cast = crate::Cast { reply_tokens: Some(60), ..scenes.cast.clone() };
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    let root = stage.program.id();
    let begun = Instant::now();
    let mut seen: Vec<Seen> = Vec::new();
    let mut said = 0;
    for (n, utterance) in scenes.utterances.iter().cycle().enumerate() {
        said = n;
        let gone = begun.elapsed().as_secs_f64() / 60.0;
        if gone > minutes as f64 {
            break;
        }
        let at_most = if n % 3 == 2 { Duration::from_secs(2) } else { Duration::from_secs(20) };
        stage.ask(utterance, at_most)?;
        let memory = tree::memory_mb(root)?;
        scenes.say(format!("  {gone:.1} min: {:.0} MB", total(&memory)));
        seen.push((gone, memory));
    }
    let messages = stage.history()?.len();
    // The first fifth warms up: buffers are filled, the model's window too.
    let fifth = seen.len() / 5;
    anyhow::ensure!(fifth > 0, "too few turns");
    let before = mean(&seen[fifth..2 * fifth]);
    let after = mean(&seen[seen.len() - fifth..]);
    let growth: BTreeMap<&String, f64> =
        after.iter().map(|(name, now)| (name, now - before.get(name).copied().unwrap_or(0.0))).collect();
    let value = growth.values().sum();
    let conditions = json!({
        "what": "memory of all processes (PSS) between turns: mean of the last fifth of the talk, less that of its second fifth",
        "minutes": minutes, "said": said, "messages_in_history": messages, "room": room(true, None),
        "by_process": growth.iter().map(|(name, value)| (name, (value * 10.0).round() / 10.0)).collect::<BTreeMap<_, _>>(),
        "each_minute_and_mb": seen.iter().map(|(at, memory)| [(at * 10.0).round() / 10.0, total(memory).round()]).collect::<Vec<_>>(),
    });
    Ok(vec![Measured { name: "voice.growth_mb", value, unit: "MB", samples: seen.len(), conditions }])
}

fn total(memory: &BTreeMap<String, f64>) -> f64 {
    memory.values().sum()
}

fn mean(seen: &[Seen]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for (name, value) in seen.iter().flat_map(|(_, memory)| memory) {
        *sums.entry(name.clone()).or_default() += value / seen.len() as f64;
    }
    sums
}
