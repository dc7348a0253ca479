//! A process that is killed while a reply comes in: proven with a real process and a real SIGKILL.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::Case;
use crate::{History, MessageState, NewMessage, OpenOptions, ReplyEnd, TimestampMs};

const FOLDER: &str = "HARK_HISTORY_TEST_FOLDER";

/// Not a test of its own: what the process does that is to be killed. It says each append once it is done.
#[test]
#[ignore = "run, in a process of its own, by the tests below"]
fn appends_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let path = std::path::Path::new(&folder).join("history.db");
    let mut history = History::open(OpenOptions::file(path)).unwrap();
    let it = history.create_conversation(None, TimestampMs(1)).unwrap();
    let asked = history.append_message(it.id, None, &NewMessage::user("?"), TimestampMs(2)).unwrap();
    let reply = history.begin_reply(asked.id, None, TimestampMs(3)).unwrap();
    for n in 0.. {
        history.append_reply(reply.id, &format!("word{n} "), "").unwrap();
        // The test harness prints "test name ... " without a line end first.
        println!("\nappended {n}");
    }
}

struct Victim {
    process: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Victim {
    fn start(case: &Case) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::killed::appends_until_killed", "--ignored", "--nocapture"])
            .env(FOLDER, case.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Waits for `count` appends; returns the number of the last one it was told of.
    fn appended(&mut self, count: usize) -> usize {
        let told = self
            .lines
            .by_ref()
            .map(Result::unwrap)
            .filter_map(|it| it.strip_prefix("appended ")?.parse().ok());
        told.take(count).last().expect("the process must append")
    }

    /// SIGKILL; returns the number of the last append it had told of.
    fn kill(mut self, last: usize) -> usize {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let rest =
            self.lines.map_while(Result::ok).filter_map(|it| it.strip_prefix("appended ")?.parse().ok());
        rest.last().unwrap_or(last)
    }
}

fn only_reply(case: &mut Case) -> crate::Message {
    let id = case.h().list(None, 1).unwrap().conversations[0].id;
    case.h().messages(id).unwrap().remove(1)
}

#[test]
fn a_killed_process_loses_nothing_it_had_appended() {
    let mut case = Case::new();
    case.close();
    let mut victim = Victim::start(&case);
    let told = victim.appended(50);
    let last = victim.kill(told);
    case.reopen();
    let reply = only_reply(&mut case);
    assert_eq!(reply.state, MessageState::Interrupted);
    let words: Vec<&str> = reply.text.split_whitespace().collect();
    // One more may have been saved than was told.
    assert!((last + 1..=last + 2).contains(&words.len()), "told of {last}, found {}", words.len());
    assert!(words.iter().enumerate().all(|(n, word)| *word == format!("word{n}")));
    assert_eq!(case.h().search("word17", 5).unwrap().len(), 1, "an interrupted reply is found");
}

#[test]
fn a_reply_that_another_process_is_writing_is_left_alone() {
    let mut case = Case::new();
    case.close();
    let mut victim = Victim::start(&case);
    let told = victim.appended(5);
    case.reopen();
    assert_eq!(only_reply(&mut case).state, MessageState::Streaming);
    let told = victim.appended(5).max(told);
    victim.kill(told);
    case.reopen();
    assert_eq!(only_reply(&mut case).state, MessageState::Interrupted);
}

#[test]
fn a_history_dropped_in_mid_reply_is_as_good_as_killed() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let asked = case.say(&conversation, None, "?");
    let reply = case.h().begin_reply(asked.id, None, TimestampMs(1)).unwrap();
    case.h().append_reply(reply.id, "half", "").unwrap();
    case.reopen();
    let kept = case.h().message(reply.id).unwrap();
    assert_eq!((kept.text.as_str(), kept.state), ("half", MessageState::Interrupted));
    let again = case.h().finish_reply(reply.id, ReplyEnd::Complete, None, TimestampMs(2));
    assert!(again.is_err());
}

#[test]
fn no_lease_files_stay_behind() {
    let mut case = Case::new();
    case.close();
    let mut victim = Victim::start(&case);
    let told = victim.appended(1);
    victim.kill(told);
    case.reopen();
    case.close();
    let names = std::fs::read_dir(case.folder.path()).unwrap().flatten().map(|it| it.file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["history.db"]);
}
