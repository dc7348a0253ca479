//! The table at the end.

use crate::shell::human;
use anyhow::Result;
use std::{fmt, time::Duration};

/// One line for each piece of set-up and each step. Only steps are counted.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<Row>,
    left_out: Vec<(&'static str, &'static str)>,
}

struct Row {
    name: String,
    time: Duration,
    result: &'static str,
    counted: Counted,
}

#[derive(PartialEq, Eq)]
enum Counted {
    No,
    Passed,
    Failed,
}

/// The word for an outcome.
pub(super) fn word<T>(outcome: &Result<T>) -> &'static str {
    if outcome.is_ok() { "passed" } else { "FAILED" }
}

impl Report {
    pub(super) fn set_up<T>(&mut self, name: &str, time: Duration, outcome: &Result<T>) {
        let result = if outcome.is_ok() { "ready" } else { "FAILED" };
        self.rows.push(Row { name: format!("(set-up) {name}"), time, result, counted: Counted::No });
    }

    pub(super) fn step<T>(&mut self, name: &str, time: Duration, outcome: &Result<T>) {
        let counted = if outcome.is_ok() { Counted::Passed } else { Counted::Failed };
        self.rows.push(Row { name: name.to_owned(), time, result: word(outcome), counted });
    }

    pub(super) fn left_out(&mut self, name: &'static str, why: &'static str) {
        self.left_out.push((name, why));
    }

    pub(super) fn failed(&self) -> usize {
        self.count(&Counted::Failed)
    }

    fn count(&self, what: &Counted) -> usize {
        self.rows.iter().filter(|row| row.counted == *what).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{:26} {:>12}  result", "step", "time")?;
        for row in &self.rows {
            writeln!(out, "{:26} {:>12}  {}", row.name, human(row.time), row.result)?;
        }
        for (name, why) in &self.left_out {
            writeln!(out, "{name:26} {:>12}  left out: {why}", "-")?;
        }
        writeln!(out, "\n{} passed, {} failed", self.count(&Counted::Passed), self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn the_last_line_counts_steps_and_not_set_up() {
        let mut report = Report::default();
        report.set_up("npm ci", Duration::from_secs(4), &Ok(()));
        report.step("fmt", Duration::from_millis(900), &Ok(()));
        report.step("clippy", Duration::from_secs(75), &Err::<(), _>(anyhow!("a warning")));
        report.left_out("window", "no display");
        let text = report.to_string();
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed"));
        assert!(text.contains("1 min 15 s  FAILED"), "{text}");
        assert!(text.contains("left out: no display"), "{text}");
        assert_eq!(report.failed(), 1);
    }
}
