//! Reading a file with mistakes in its syntax: the lines around each mistake are left out, all others count.

use toml_edit::Document;

use crate::catalog::SETTINGS;
use crate::{Place, SettingsProblem};

/// Mistakes after which the rest of a file is given up.
const MAX_MISTAKES: usize = 64;

/// The document that remains of `text`, with the places of `text`, and what was left out.
pub(crate) fn parse(text: &str) -> (Document<String>, Vec<SettingsProblem>) {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut problems = Vec::new();
    loop {
        let rest = lines.join("\n");
        let error = match Document::parse(rest.clone()) {
            Ok(document) => return (document, problems),
            Err(error) => error,
        };
        let at = error.span().map_or(0, |span| span.start);
        let place = Place::of(&rest, at);
        let given_up = problems.len() >= MAX_MISTAKES;
        let culprit = culprit(&lines, place.line - 1);
        let sentence = if given_up {
            lines.iter_mut().for_each(String::clear);
            "The settings file has too many mistakes to be read; the defaults are used.".to_owned()
        } else {
            let what = leave_out(&mut lines, culprit);
            format!("Line {} of the settings file cannot be read ({}); {what}.", culprit + 1, error.message())
        };
        let column = if culprit + 1 == place.line { place.column } else { 1 };
        let place = Some(Place { line: culprit + 1, column });
        problems.push(SettingsProblem { path: String::new(), place, sentence });
    }
}

/// The line to blame for a mistake found in line `found`: the one that begins a text or list over several lines that
/// is still open there, if there is one, for the parser only notices later.
fn culprit(lines: &[String], found: usize) -> usize {
    let found = found.min(lines.len().saturating_sub(1));
    let odd = |line: &String, quotes: &str| line.matches(quotes).count() % 2 == 1;
    for quotes in ["\"\"\"", "'''"] {
        let turns = || (0..=found).filter(|at| odd(&lines[*at], quotes));
        if turns().count() % 2 == 1 {
            return turns().next_back().unwrap_or(found);
        }
    }
    // How many more brackets a value, or a line within one, opens than it closes. A heading closes its own.
    let balance = |text: &str| {
        let count = |brackets: [char; 2]| i64::try_from(text.matches(brackets).count()).unwrap_or(0);
        count(['[', '{']) - count([']', '}'])
    };
    let opens = |line: &String| line.split_once('=').is_some_and(|(_, value)| balance(value) > 0);
    let opener = (0..=found).rfind(|at| opens(&lines[*at]));
    if let Some(opener) = opener
        && lines[opener + 1..=found].iter().all(|line| balance(line) >= 0)
    {
        return opener;
    }
    // What is missing at the end of a line is noticed on the next one.
    (0..=found).rfind(|at| !lines[*at].trim().is_empty()).unwrap_or(found)
}

/// Empties the line, or mends it when it is a heading that is known, or else empties all that is under the heading.
/// Says what was done.
fn leave_out(lines: &mut [String], at: usize) -> &'static str {
    let line = lines[at].trim();
    if !line.starts_with('[') {
        lines[at].clear();
        return "it was left out";
    }
    let name = line.trim_matches(|c: char| c.is_whitespace() || "[]".contains(c)).to_owned();
    let known = SETTINGS.iter().any(|info| info.path.split('.').next() == Some(name.as_str()));
    let heading = format!("[{name}]");
    let elsewhere = lines.iter().any(|it| it.trim() == heading);
    if known && !elsewhere {
        lines[at] = heading;
        return "it was read as the heading it seems to be";
    }
    lines[at].clear();
    for line in lines[at + 1..].iter_mut().take_while(|line| !line.trim_start().starts_with('[')) {
        line.clear();
    }
    "it and what is under it were left out"
}
