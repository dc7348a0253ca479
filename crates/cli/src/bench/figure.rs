//! A figure with its conditions, the list of them, and how both are shown.

use std::io::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::setup;
use crate::terminal::{BOLD, Cell, DIM, styled, table};

/// What is known of the circumstances of a figure.
pub(super) type Conditions = Map<String, Value>;

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Figure {
    pub(super) name: String,
    /// `None`: it could not be measured; the conditions say why under [`SKIPPED`].
    pub(super) value: Option<f64>,
    pub(super) unit: String,
    /// How many measurements the value is the middle of.
    pub(super) samples: usize,
    pub(super) conditions: Conditions,
}

/// The condition that holds the reason why there is no value.
const SKIPPED: &str = "skipped";

impl Figure {
    /// `conditions` is a JSON object; what is null in it is not known and left out.
    pub(super) fn new(name: &str, value: f64, unit: &str, samples: usize, conditions: Value) -> Self {
        let mut conditions = if let Value::Object(map) = conditions { map } else { Map::new() };
        conditions.retain(|_, value| !value.is_null());
        Self {
            name: name.to_owned(),
            value: Some(rounded(value)),
            unit: unit.to_owned(),
            samples,
            conditions,
        }
    }

    /// The middle one of `samples`.
    pub(super) fn median(name: &str, samples: &[f64], unit: &str, conditions: Value) -> Self {
        let mut figure = Self::new(name, median(samples), unit, samples.len(), conditions);
        figure
            .conditions
            .insert("each".into(), json!(samples.iter().copied().map(rounded).collect::<Vec<_>>()));
        figure
    }

    fn skipped(name: &str, reason: &anyhow::Error) -> Self {
        let conditions = Map::from_iter([(SKIPPED.to_owned(), json!(format!("{reason:#}")))]);
        Self { name: name.to_owned(), value: None, unit: String::new(), samples: 0, conditions }
    }
}

/// The middle one; NaN of none.
pub(super) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// To three digits behind the point: more is noise.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// All figures of a run.
pub(super) struct Report {
    /// Conditions that every figure shares.
    shared: Conditions,
    figures: Vec<Figure>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { shared: setup::machine(), figures: Vec::new() }
    }

    /// Adds what was measured between two looks at the machine's load average.
    pub(super) fn add(&mut self, figures: Vec<Figure>, load: [Option<f64>; 2]) {
        self.figures.extend(figures.into_iter().map(|mut figure| {
            figure.conditions.insert("load_average".into(), json!(load));
            figure
        }));
    }

    /// Lists what could not be measured.
    pub(super) fn skip(&mut self, names: &[&str], reason: &anyhow::Error) {
        self.figures.extend(names.iter().map(|name| Figure::skipped(name, reason)));
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&self.whole())?)?;
        } else {
            write!(anstream::stdout(), "{}", self.text())?;
        }
        Ok(())
    }

    /// The figures, each with all of its conditions.
    fn whole(&self) -> Vec<Figure> {
        let whole = |figure: &Figure| {
            let mut conditions = self.shared.clone();
            conditions.extend(figure.conditions.clone());
            Figure { conditions, ..figure.clone() }
        };
        self.figures.iter().map(whole).collect()
    }

    /// A table of the values, and below it the conditions.
    fn text(&self) -> String {
        let rows: Vec<Vec<Cell>> = self.figures.iter().map(row).collect();
        let mut text = table(&["FIGURE", "VALUE", "UNIT", "SAMPLES"], &rows);
        let own = self.figures.iter().map(|figure| (figure.name.as_str(), &figure.conditions));
        for (name, conditions) in std::iter::once(("all", &self.shared)).chain(own) {
            text += &["\n", &styled(BOLD, name), "\n", &lines(conditions)].concat();
        }
        text
    }
}

fn row(figure: &Figure) -> Vec<Cell> {
    let value = match figure.value {
        Some(value) => Cell::right(value.to_string()),
        None => Cell::new("skipped", DIM),
    };
    vec![
        Cell::plain(&figure.name),
        value,
        Cell::plain(&figure.unit),
        Cell::right(if figure.value.is_some() { figure.samples.to_string() } else { String::new() }),
    ]
}

fn lines(conditions: &Conditions) -> String {
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("  {} {value}\n", styled(DIM, format_args!("{name}:")))
    };
    conditions.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    fn report() -> Report {
        let shared = Map::from_iter([("processor".to_owned(), json!("P"))]);
        let mut report = Report { shared, figures: Vec::new() };
        report.add(
            vec![Figure::median("a.b_ms", &[3.0, 1.0, 2.0004], "ms", json!({"threads": 2}))],
            [Some(0.5), Some(1.0)],
        );
        report.skip(&["c.d_mb"], &anyhow::anyhow!("disk full").context("no display"));
        report
    }

    #[test]
    fn as_json_every_figure_has_all_conditions_and_a_skipped_one_its_reason() {
        assert_eq!(
            serde_json::to_value(report().whole()).unwrap(),
            json!([
                {"name": "a.b_ms", "value": 2.0, "unit": "ms", "samples": 3, "conditions":
                    {"processor": "P", "threads": 2, "each": [3.0, 1.0, 2.0], "load_average": [0.5, 1.0]}},
                {"name": "c.d_mb", "value": null, "unit": "", "samples": 0, "conditions":
                    {"processor": "P", "skipped": "no display: disk full"}},
            ])
        );
    }

    #[test]
    fn people_see_a_table_and_the_conditions_below_it() {
        let text = anstream::adapter::strip_str(&report().text()).to_string();
        insta::assert_snapshot!(text, @r"
        FIGURE  VALUE    UNIT  SAMPLES
        a.b_ms        2  ms          3
        c.d_mb  skipped

        all
          processor: P

        a.b_ms
          each: [3.0,1.0,2.0]
          load_average: [0.5,1.0]
          threads: 2

        c.d_mb
          skipped: no display: disk full
        ");
    }
}
