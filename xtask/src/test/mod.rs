//! `cargo xtask test`: all set-up, then every check and test, then one table.
//!
//! A step that fails does not stop the others. A step whose part is not here is left out and said so, never counted.

mod prepare;
mod report;
mod steps;

use crate::{shell::human, workspace::Workspace};
use anyhow::{Result, bail};
use prepare::Preparations;
use report::Report;
use std::{process::ExitCode, time::Instant};
use steps::{Presence, STEPS, Step};

/// `cargo xtask test`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these steps
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<String>,
    /// All but these steps
    #[arg(long, value_name = "STEP", value_delimiter = ',', conflicts_with = "only")]
    skip: Vec<String>,
    /// Name the steps and run none
    #[arg(long)]
    list: bool,
}

/// Ends with failure if any step failed; an error is only for a run that could not be made at all.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let chosen = choose(STEPS, &options.only, &options.skip)?;
    if options.list {
        for step in chosen {
            println!("{:10} {}{}", step.name, step.what, left_out(step, workspace));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    let mut preparations = Preparations::new(workspace);
    for step in chosen {
        match (step.presence)(workspace) {
            Presence::Here => run_step(step, &mut preparations, &mut report),
            Presence::LeftOut(why) if !options.only.is_empty() => bail!("{} cannot run: {why}", step.name),
            Presence::LeftOut(why) => report.left_out(step.name, why),
        }
    }
    print!("{report}");
    Ok(if report.failed() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_step(step: &Step, preparations: &mut Preparations, report: &mut Report) {
    let ready = step.needs.iter().try_for_each(|need| preparations.ensure(*need, report));
    eprintln!("\n==> {}: {}", step.name, step.what);
    let started = Instant::now();
    let outcome = ready.and_then(|()| (step.run)(preparations));
    if let Err(error) = &outcome {
        eprintln!("error: {error:#}");
    }
    eprintln!("<== {} {} after {}", step.name, report::word(&outcome), human(started.elapsed()));
    report.step(step.name, started.elapsed(), &outcome);
}

fn left_out(step: &Step, workspace: &Workspace) -> String {
    match (step.presence)(workspace) {
        Presence::Here => String::new(),
        Presence::LeftOut(why) => format!(" (left out: {why})"),
    }
}

/// The steps asked for, in the table's order. A name that is no step's is an error, not an empty run.
fn choose<'a>(steps: &'a [Step], only: &[String], skip: &[String]) -> Result<Vec<&'a Step>> {
    let known = |name: &String| steps.iter().any(|step| step.name == name);
    if let Some(unknown) = only.iter().chain(skip).find(|name| !known(name)) {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        bail!("there is no step \"{unknown}\"; the steps are {}", names.join(", "));
    }
    let is_in = |list: &[String], step: &Step| list.iter().any(|name| name == step.name);
    Ok(steps.iter().filter(|step| (only.is_empty() || is_in(only, step)) && !is_in(skip, step)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>> {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        Ok(choose(STEPS, &owned(only), &owned(skip))?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn only_and_skip_choose_in_the_tables_order() {
        assert_eq!(names(&["tidy", "fmt"], &[]).unwrap(), ["fmt", "tidy"]);
        assert!(!names(&[], &["fmt"]).unwrap().contains(&"fmt"));
        assert_eq!(names(&[], &[]).unwrap().len(), STEPS.len());
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_names_there_are() {
        let error = names(&["formatt"], &[]).unwrap_err().to_string();
        assert!(error.contains("formatt") && error.contains("clippy"), "{error}");
    }
}
