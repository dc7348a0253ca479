//! `hark doctor`: what works on this machine, and one thing to do about each that does not.
//!
//! Looks and changes nothing but the folders that Hark needs anyway. Asks nobody over the network unless told to.

mod engine;
mod files;
mod machine;
mod sound;

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::models::Opened;
use crate::terminal::{BAD, BOLD, CAUTION, DIM, GOOD, styled};
use crate::wrap::{columns, wrapped};

/// Columns before what a check says.
const INDENT: usize = 21;

/// The arguments of `hark doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out what takes time: loading models
    #[arg(long)]
    quick: bool,
    /// Ask the model hub too; nothing else here uses the network
    #[arg(long)]
    online: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Skipped,
    Warning,
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    id: &'static str,
    name: &'static str,
    state: State,
    says: String,
    /// What to do about it.
    todo: Option<String>,
}

impl Check {
    fn new(id: &'static str, name: &'static str, state: State, says: impl Into<String>) -> Self {
        Self { id, name, state, says: says.into(), todo: None }
    }

    fn ok(id: &'static str, name: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, name, State::Ok, says)
    }

    fn skipped(id: &'static str, name: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, name, State::Skipped, says)
    }

    fn warning(
        id: &'static str,
        name: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { todo: Some(todo.into()), ..Self::new(id, name, State::Warning, says) }
    }

    fn problem(
        id: &'static str,
        name: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { todo: Some(todo.into()), ..Self::new(id, name, State::Problem, says) }
    }

    /// A failure whose sentence says what to do already.
    fn failed(id: &'static str, name: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(id, name, State::Problem, sentence)
    }
}

/// Looks at everything and says how it is.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let opened = Opened::here()?;
    let mut report = Report { json: args.json, checks: Vec::new() };
    for check in files::checks(&opened) {
        report.add(check)?;
    }
    for check in machine::checks() {
        report.add(check)?;
    }
    report.add(machine::keyring(&opened).await)?;
    for check in engine::program().await {
        report.add(check)?;
    }
    report.add(engine::model(&opened, args.quick).await)?;
    for check in sound::checks(&opened, args.quick).await {
        report.add(check)?;
    }
    report.add(engine::hub(&opened, args.online).await)?;
    report.end()
}

/// Tells each check as it is made: some take seconds.
struct Report {
    json: bool,
    checks: Vec<Check>,
}

impl Report {
    fn add(&mut self, check: Check) -> anyhow::Result<()> {
        if !self.json {
            write!(anstream::stdout(), "{}", lines(&check))?;
        }
        self.checks.push(check);
        Ok(())
    }

    fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    fn end(self) -> anyhow::Result<Exit> {
        let (problems, warnings) = (self.count(State::Problem), self.count(State::Warning));
        let mut out = anstream::stdout();
        if self.json {
            let told = json!({
                "version": env!("CARGO_PKG_VERSION"), "platform": std::env::consts::OS,
                "architecture": std::env::consts::ARCH, "problems": problems, "warnings": warnings,
                "checks": self.checks,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        } else {
            writeln!(out, "\n{}", summary(problems, warnings))?;
        }
        Ok(if problems == 0 { Exit::Done } else { Exit::Failed })
    }
}

fn summary(problems: usize, warnings: usize) -> String {
    let count = |n: usize, one: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    };
    match (problems, warnings) {
        (0, 0) => styled(GOOD, "All is well."),
        (0, warnings) => format!("It works, with {}.", styled(CAUTION, count(warnings, "warning"))),
        (problems, 0) => format!("{} to be solved.", styled(BAD, count(problems, "problem"))),
        (problems, warnings) => {
            format!(
                "{} to be solved, and {}.",
                styled(BAD, count(problems, "problem")),
                count(warnings, "warning")
            )
        }
    }
}

fn lines(check: &Check) -> String {
    let (style, mark) = match check.state {
        State::Ok => (GOOD, "ok"),
        State::Skipped => (DIM, "–"),
        State::Warning => (CAUTION, "warning"),
        State::Problem => (BAD, "problem"),
    };
    let mark = styled(style, format!("{mark:>7}"));
    let name = styled(BOLD, format!("{:<10}", check.name));
    let says = format!("{mark}  {name}  {}\n", wrapped(&check.says, columns(), INDENT));
    let todo = check.todo.as_ref().map(|todo| wrapped(&format!("→ {todo}"), columns(), INDENT + 2));
    let todo = todo.map(|todo| format!("{:INDENT$}{}\n", "", styled(style, todo)));
    says + &todo.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_line_and_what_to_do_is_another() {
        let check = Check::warning("x", "Display", "There is none.", "Use `hark chat`.");
        let text = anstream::adapter::strip_str(&lines(&check)).to_string();
        assert_eq!(text, "warning  Display     There is none.\n                     → Use `hark chat`.\n");
    }

    #[test]
    fn the_last_line_counts() {
        let said =
            |problems, warnings| anstream::adapter::strip_str(&summary(problems, warnings)).to_string();
        assert_eq!(said(0, 0), "All is well.");
        assert_eq!(said(0, 1), "It works, with 1 warning.");
        assert_eq!(said(1, 2), "1 problem to be solved, and 2 warnings.");
    }
}
