//! The figures of the spoken conversation.

mod barge_in;
mod cost;
mod distraction;
mod growth;
mod held;
mod history;
mod pauses;
mod peer;
mod reply;
mod self_hearing;

use std::time::Duration;

use serde_json::{Value, json};
use soundcard_sim::{Sound, VirtualCard};

use crate::by_ear::Peer;
use crate::stage::Cast;
use crate::voices::Utterance;

/// One measured value.
#[derive(Debug, Clone)]
pub struct Measured {
    /// As in `voice.reply_median_ms`.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// How many measurements it comes from.
    pub samples: usize,
    /// An object of what else is to be known.
    pub conditions: Value,
}

/// What the parts are measured with.
pub struct Scenes {
    /// The program.
    pub cast: Cast,
    /// Another program to compare it with, if one was named.
    pub peer: Option<Peer>,
    /// Who speaks.
    pub utterances: Vec<Utterance>,
    /// Where sentences can have a pause.
    pub clauses: Vec<Clause>,
    /// Sound of a room, where there is any.
    pub noise: Option<Sound>,
    /// Fewer runs.
    pub quick: bool,
    /// Told what is going on.
    pub note: fn(String),
}

/// A sentence that can have a pause inside.
pub struct Clause {
    /// The whole.
    pub utterance: Utterance,
    /// The frame at a word boundary in mid-clause.
    pub cut: usize,
}

/// Figures that are measured together.
pub struct Part {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its figures.
    pub figures: &'static [&'static str],
    /// Measures them.
    pub measure: fn(&Scenes) -> anyhow::Result<Vec<Measured>>,
}

/// All parts, in the order in which they are measured.
pub const PARTS: &[Part] = &[
    Part {
        name: "reply",
        figures: &["voice.reply_median_ms", "voice.reply_p95_ms"],
        measure: reply::measure,
    },
    Part { name: "cutoff", figures: &["voice.cutoff_rate"], measure: pauses::measure },
    Part {
        name: "barge-in",
        figures: &["voice.duck_p95_ms", "voice.stop_p95_ms", "voice.interrupt_taken_rate"],
        measure: barge_in::measure,
    },
    Part { name: "false-stops", figures: &["voice.false_stop_rate"], measure: distraction::measure },
    Part { name: "self-hearing", figures: &["voice.self_stops_10min"], measure: self_hearing::measure },
    Part { name: "cost", figures: &["voice.listen_cpu_percent", "voice.pss_mb"], measure: cost::measure },
    Part {
        name: "held",
        figures: &[
            "voice.loaded_median_ratio",
            "voice.loaded_p95_ratio",
            "voice.history_median_ratio",
            "voice.history_p95_ratio",
        ],
        measure: held::measure,
    },
    Part { name: "growth", figures: &["voice.growth_mb"], measure: growth::measure },
    Part { name: "history", figures: &["voice.history_mismatches"], measure: history::measure },
    Part { name: "peer", figures: peer::FIGURES, measure: peer::measure },
];

/// The room of most scenes: the loudspeaker is heard by the microphone.
const ECHO: (Duration, f32) = (Duration::from_millis(80), 0.3);

impl Scenes {
    fn few(&self, quick: usize, whole: usize) -> usize {
        if self.quick { quick } else { whole }
    }

    /// So many utterances, from the beginning again when there are not enough.
    fn cycle(&self, count: usize) -> impl Iterator<Item = &Utterance> {
        self.utterances.iter().cycle().take(count)
    }

    fn say(&self, what: impl Into<String>) {
        (self.note)(what.into());
    }
}

fn with_echo(card: &VirtualCard) {
    card.echo(ECHO.0, ECHO.1);
}

/// What is said of the room.
fn room(echo: bool, noise: Option<&str>) -> Value {
    let echo =
        if echo { json!({"delay_ms": ECHO.0.as_millis(), "gain": decimal(ECHO.1)}) } else { json!("none") };
    json!({"echo": echo, "noise": noise.unwrap_or("microphone hiss at -85 dB")})
}

/// As it was written, to two digits: in double precision 0.3 would be 0.30000001.
fn decimal(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}

/// The middle value; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The smallest value that so large a share of the values does not exceed (nearest rank); NaN of none.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

fn rounded(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.round()).collect()
}

fn rate(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert!((median(&values) - 10.0).abs() < 1e-9);
        assert!((quantile(&values, 0.95) - 19.0).abs() < 1e-9);
        assert!((quantile(&[3.0], 0.95) - 3.0).abs() < 1e-9);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn names_of_parts_and_figures_are_unique() {
        let mut names: Vec<&str> = PARTS.iter().flat_map(|part| part.figures).copied().collect();
        names.extend(PARTS.iter().map(|part| part.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
