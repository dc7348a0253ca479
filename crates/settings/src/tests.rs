//! The settings, from text and on real files.

#![expect(clippy::float_cmp, reason = "the values were written down, not computed")]
#![expect(clippy::needless_pass_by_value, reason = "`json!(1)` reads better than `&json!(1)`")]

mod file;
mod patch;
mod text;

use crate::{Loaded, Settings};

/// What a text gives, with its problems as "path line:column sentence".
fn read(text: &str) -> (Settings, Vec<String>) {
    let Loaded { settings, problems } = Settings::parse(text);
    let told = problems.iter().map(|problem| {
        let place = problem.place.map_or("-".to_owned(), |it| format!("{}:{}", it.line, it.column));
        format!("{} {place} {}", problem.path, problem.sentence)
    });
    (settings, told.collect())
}
