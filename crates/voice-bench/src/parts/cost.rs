//! What listening in silence costs, and what a conversation takes of memory.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::{Measured, Scenes, room, with_echo};
use crate::stage::{ANSWERS, Stage};
use crate::{pass, tree};

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let seconds = scenes.few(10, 20);
    let mut stage = Stage::open(&scenes.cast, None)?;
    with_echo(&stage.card);
    // Engines that have just been made ready still tidy up.
    pass(Duration::from_secs(3))?;
    let root = stage.program.id();
    let before = tree::cpu_seconds(root);
    pass(Duration::from_secs(seconds as u64))?;
    let after = tree::cpu_seconds(root);
    let mut by_name: BTreeMap<String, f64> = BTreeMap::new();
    for (pid, spent) in &after {
        let spent = spent - before.get(pid).copied().unwrap_or(0.0);
        *by_name.entry(tree::name(*pid)).or_default() += spent / seconds as f64 * 100.0;
    }
    let cpu: f64 = by_name.values().sum();
    let rounded = |by_name: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
        by_name.iter().map(|(name, value)| (name.clone(), (value * 10.0).round() / 10.0)).collect()
    };
    let listening = json!({
        "what": "processor time of all processes while listening in silence, of one core",
        "seconds": seconds, "room": room(true, None), "by_process": rounded(&by_name),
    });
    let mut most = BTreeMap::new();
    for utterance in scenes.cycle(4) {
        let mark = stage.program.mark();
        stage.card.speak(&utterance.sound, 1.0).wait();
        stage.phase_from(mark, &["speaking"], ANSWERS)?;
        let now = tree::memory_mb(root)?;
        if now.values().sum::<f64>() > most.values().sum::<f64>() {
            most = now;
        }
        stage.rest(Duration::from_secs(10))?;
    }
    let memory = json!({
        "what": "memory of all processes (PSS), the most of four turns, each seen while its reply is spoken",
        "by_process": rounded(&most),
    });
    Ok(vec![
        Measured {
            name: "voice.listen_cpu_percent",
            value: cpu,
            unit: "%",
            samples: 1,
            conditions: listening,
        },
        Measured {
            name: "voice.pss_mb",
            value: most.values().sum(),
            unit: "MB",
            samples: 4,
            conditions: memory,
        },
    ])
}
