//! The table of models.

use std::io::Write;

use model_store::{
    Ability, CatalogueEntry, FileRole, Fit, InstalledModel, Machine, ModelId, Origin, Starter, Task, Verdict,
};
use serde::Serialize;

use super::Opened;
use crate::exit::Exit;
use crate::terminal::{BAD, BOLD, CAUTION, Cell, DIM, GOOD, bytes, styled, table};

/// How the list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Sentences,
    Json,
}

impl Form {
    pub(super) fn of(json: bool, long: bool) -> Self {
        match (json, long) {
            (true, _) => Self::Json,
            (false, true) => Self::Sentences,
            (false, false) => Self::Table,
        }
    }
}

/// Where a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Available,
    Installed,
    /// The user's own file, used where it lies.
    Imported,
    Broken,
}

/// One line of the list, as JSON tells it.
#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    task: Task,
    abilities: Vec<Ability>,
    bytes: Option<u64>,
    licence: Option<String>,
    fit: Option<Fit>,
    fit_sentence: Option<String>,
    state: State,
    path: Option<String>,
    problem: Option<String>,
    note: Option<String>,
    starter: bool,
    /// Used where nothing else is said.
    chosen: bool,
}

pub(super) fn run(opened: &Opened, all: bool, form: Form) -> anyhow::Result<Exit> {
    let machine = Machine::probe();
    let lines = lines(opened, &machine, all);
    let mut out = anstream::stdout();
    if form == Form::Json {
        writeln!(out, "{}", serde_json::to_string_pretty(&lines)?)?;
        return Ok(Exit::Done);
    }
    if form == Form::Sentences {
        for line in &lines {
            write!(out, "{}", paragraph(line))?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<Cell>> = lines.iter().map(row).collect();
    write!(out, "{}", table(&["", "ID", "SIZE", "THIS MACHINE", "STATE", "NAME"], &rows))?;
    writeln!(out, "\n{}", styled(DIM, hint(&lines, all)))?;
    Ok(Exit::Done)
}

fn hint(lines: &[Line], all: bool) -> String {
    let here = lines.iter().any(|line| line.state != State::Available);
    let next =
        if here { "hark models pull ID fetches one" } else { "hark models pull starter fetches the first" };
    let more = if all { "" } else { "; --all lists every kind" };
    format!("{next}; --long says more{more}.")
}

fn lines(opened: &Opened, machine: &Machine, all: bool) -> Vec<Line> {
    let store = &opened.store;
    let mut installed = store.installed();
    installed.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
    let shown = |task: Task| all || task == Task::Chat;
    let active = opened.settings.model.active.clone();
    let best = || store.default_chat_model(machine).map(|id| id.as_str().to_owned());
    let chosen = active.or_else(best);
    let told = |id: &ModelId, entry: Option<&CatalogueEntry>, here: Option<&InstalledModel>| {
        let fit = store.fit(id, opened.settings.model.context_tokens, machine);
        Line {
            chosen: here.is_some() && chosen.as_deref() == Some(id.as_str()),
            ..line(id, entry, here, fit)
        }
    };
    let catalogue = store.catalogue();
    let listed = catalogue
        .iter()
        .filter(|entry| shown(entry.task))
        .map(|entry| told(&entry.id, Some(entry), installed.iter().find(|model| model.id == entry.id)));
    let own = installed.iter().filter(|model| shown(model.task));
    let own = own.filter(|model| catalogue.iter().all(|entry| entry.id != model.id));
    let own = own.map(|model| told(&model.id, store.entry(&model.id).as_ref(), Some(model)));
    let mut lines: Vec<Line> = listed.chain(own).collect();
    // What is here first; otherwise the catalogue's order, which is one of thought.
    lines.sort_by_key(|line| line.state == State::Available);
    lines
}

fn line(
    id: &ModelId,
    entry: Option<&CatalogueEntry>,
    here: Option<&InstalledModel>,
    fit: Option<Fit>,
) -> Line {
    let name = entry.map(|entry| entry.name.clone()).or_else(|| here.map(|model| model.name.clone()));
    let path = here.and_then(|model| model.path(FileRole::Weights)).map(|path| path.display().to_string());
    Line {
        id: id.as_str().to_owned(),
        name: name.unwrap_or_default(),
        task: entry.map(|entry| entry.task).or(here.map(|model| model.task)).unwrap_or(Task::Chat),
        abilities: here
            .map(|model| model.abilities.clone())
            .or_else(|| entry.map(|entry| entry.abilities.clone()))
            .unwrap_or_default(),
        bytes: here.map(InstalledModel::bytes).or_else(|| entry.and_then(CatalogueEntry::download_bytes)),
        licence: entry.map(|entry| entry.licence.spdx.clone()),
        fit,
        fit_sentence: fit.map(|fit| fit.to_string()),
        state: here.map_or(State::Available, state),
        path,
        problem: here.and_then(|model| model.problem.clone()),
        note: entry.and_then(|entry| entry.note.clone()),
        starter: entry.is_some_and(|entry| entry.starter == Some(Starter::Chat)),
        chosen: false,
    }
}

fn state(model: &InstalledModel) -> State {
    match (&model.problem, model.origin) {
        (Some(_), _) => State::Broken,
        (None, Origin::Imported | Origin::HubCache) => State::Imported,
        (None, Origin::Downloaded | Origin::Package) => State::Installed,
    }
}

fn row(line: &Line) -> Vec<Cell> {
    let size = line.bytes.map_or_else(|| "?".to_owned(), bytes);
    vec![
        Cell::new(if line.chosen { "*" } else { "" }, GOOD),
        Cell::new(&line.id, if line.state == State::Available { anstyle::Style::new() } else { BOLD }),
        Cell::right(size),
        fit_cell(line.fit.as_ref()),
        state_cell(line),
        Cell::new(&line.name, DIM),
    ]
}

fn fit_cell(fit: Option<&Fit>) -> Cell {
    match fit.map(|fit| (fit.verdict, fit.tokens_per_s)) {
        Some((Verdict::Fits, speed)) => Cell::new(format!("fits, ~{speed:.0} tokens/s"), GOOD),
        Some((Verdict::Slow, speed)) => Cell::new(format!("slow, ~{speed:.0} tokens/s"), CAUTION),
        Some((Verdict::WillNotFit, _)) => Cell::new("too large", BAD),
        None => Cell::new("not known", DIM),
    }
}

fn state_cell(line: &Line) -> Cell {
    match line.state {
        State::Installed => Cell::new("here", GOOD),
        State::Imported => Cell::new("here, yours", GOOD),
        State::Broken => Cell::new("broken", BAD),
        State::Available if line.starter => Cell::new("starter", DIM),
        State::Available => Cell::plain(""),
    }
}

fn paragraph(line: &Line) -> String {
    let size = line.bytes.map_or_else(|| "size not known".to_owned(), bytes);
    let licence = line.licence.as_deref().unwrap_or("licence not known");
    let state = match line.state {
        State::Available => "can be fetched",
        State::Installed | State::Imported => "here",
        State::Broken => "broken",
    };
    let mark = if line.chosen { ", chosen" } else { "" };
    let head = format!("{}  {}", styled(BOLD, &line.id), line.name);
    let facts = format!("{state}{mark} · {size} · {licence}");
    let sentences = [&line.fit_sentence, &line.note, &line.problem, &line.path].into_iter().flatten();
    let below = std::iter::once(&facts).chain(sentences).map(|sentence| format!("  {sentence}\n"));
    format!("{head}\n{}\n", below.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_says_so_and_nothing_about_speed() {
        let fit = Fit {
            verdict: Verdict::WillNotFit,
            weights: 1,
            kv_cache: 1,
            overhead: 1,
            available: 1,
            tokens_per_s: 3.0,
        };
        let text = anstream::adapter::strip_str(&table(&["F"], &[vec![fit_cell(Some(&fit))]])).to_string();
        assert_eq!(text, "F\ntoo large\n");
    }
}
