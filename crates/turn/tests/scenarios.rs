//! Conversations as timelines: every file in `scenarios/` holds some, each under a `#` line that says what it shows.
//!
//! `UPDATE_TIMELINES=1 cargo test -p turn` writes what comes of them now; read the difference before keeping it.

#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod timeline;

use std::fmt::Write as _;

fn check(file: &str) {
    let path = format!("{}/tests/scenarios/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(&path).unwrap();
    let mut came = String::new();
    for scenario in written.split("\n# ") {
        let (title, lines) = scenario.split_once('\n').unwrap();
        if !came.is_empty() {
            came.push('\n');
        }
        write!(came, "# {}\n{}", title.trim_start_matches("# "), timeline::run(lines)).unwrap();
    }
    if std::env::var_os("UPDATE_TIMELINES").is_some() {
        std::fs::write(&path, came).unwrap();
        return;
    }
    if let Some(line) =
        (0..).zip(came.lines()).find_map(|(n, line)| (written.lines().nth(n) != Some(line)).then_some(n))
    {
        panic!("{file}.txt:{}: something else came of it:\n{came}", line + 1);
    }
    assert_eq!(came.trim_end(), written.trim_end(), "{file}.txt");
}

#[test]
fn a_turn_ends_by_silence_melody_and_words() {
    check("endings");
}

#[test]
fn a_reply_that_came_too_early_gives_way_and_both_halves_become_one_message() {
    check("went_on");
}

#[test]
fn interruptions_are_taken_and_coughs_are_not() {
    check("barge_in");
}

#[test]
fn keys_buttons_and_typed_text() {
    check("controls");
}

#[test]
fn faults_cost_little() {
    check("faults");
}
