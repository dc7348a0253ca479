//! Pure crates import no async, clock or I/O from the standard library either. (What they may depend on is in
//! `directions`.)

use super::{Complaint, lines::code_only, tree::Tree};

const PURE_SOURCES: &[&str] = &["crates/dialogue/src/"];

/// What would make a pure crate depend on when and where it runs.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::sync",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
    "async fn",
    ".await",
    "println!",
];

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let sources =
        PURE_SOURCES.iter().flat_map(|folder| tree.below(folder)).filter(|file| file.has_ending(&["rs"]));
    let mut complaints = Vec::new();
    for file in sources {
        for (index, line) in code_only(&file.text).lines().enumerate() {
            for impure in IMPURE.iter().filter(|impure| line.contains(**impure)) {
                complaints.push(Complaint::at(
                    &file.path,
                    index + 1,
                    format!("a pure crate may not use `{impure}`"),
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        find(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn pure_crates_are_kept_pure() {
        assert_eq!(check("crates/dialogue/src/lib.rs", "use std::fs;\nfn a() { x().await; }"), 2);
        assert_eq!(check("crates/dialogue/src/lib.rs", "use std::time::Duration; // no std::fs here"), 0);
        assert_eq!(check("crates/history/src/lib.rs", "use std::fs;"), 0);
    }
}
