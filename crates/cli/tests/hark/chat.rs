//! One question, one answer; and every way in which there is none.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use testkit::{Mode, Script};

use crate::house::{Done, House, built};

const REPLY: &str = "You asked and I answer this.";

fn normal() -> House {
    House::with(&Script::new(Mode::Normal))
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("no JSON: {done:?}"))
}

#[test]
fn piped_output_is_the_answer_and_nothing_else() {
    let done = normal().hark(&["chat", "-p", "Hello"]);
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (Some(0), format!("{REPLY}\n").as_str(), "")
    );
}

#[test]
fn a_question_can_be_piped_in() {
    let done = normal().hark_with(&["chat"], b"Hello\n");
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
}

#[test]
fn json_has_the_answer_its_figures_and_where_it_is_kept() {
    let done = normal().hark(&["chat", "-p", "Hello", "--json"]);
    let told = json(&done);
    assert_eq!(told["text"], REPLY);
    assert_eq!(told["state"], "complete");
    assert!(told["details"]["completion_tokens"].is_u64() && told["conversation"].is_string(), "{told}");
}

#[test]
fn a_conversation_is_gone_on_with() {
    let house = normal();
    let first = json(&house.hark(&["chat", "-p", "One", "--json"]));
    let other = json(&house.hark(&["chat", "-p", "Two", "--json"]));
    assert_ne!(first["conversation"], other["conversation"]);
    let last = json(&house.hark(&["chat", "-c", "-p", "Three", "--json"]));
    assert_eq!(last["conversation"], other["conversation"]);
    let id = first["conversation"].as_str().unwrap();
    let again = json(&house.hark(&["chat", "--conversation", id, "-p", "Four", "--json"]));
    assert_eq!(again["conversation"], first["conversation"]);
    let files = std::fs::read_dir(house.home()).unwrap().map(|entry| entry.unwrap().file_name());
    let history: Vec<_> = files.filter(|name| name.to_string_lossy().starts_with("history")).collect();
    assert_eq!(history, ["history.db"], "every file was closed");
}

#[test]
fn without_history_nothing_is_kept() {
    let house = normal();
    let done = house.hark(&["chat", "--no-history", "-p", "Hello", "--json"]);
    assert_eq!(json(&done)["conversation"], Value::Null);
    assert_eq!(done.err, "");
    assert!(!house.home().join("history.db").exists());
    let none = house.hark(&["chat", "-c", "-p", "Hello"]);
    assert_eq!(
        (none.code, none.err.as_str()),
        (Some(1), "hark: There is no conversation to go on with yet.\n")
    );
}

#[test]
fn a_file_goes_with_the_question_and_is_kept() {
    let house = normal();
    std::fs::create_dir_all(house.home()).unwrap();
    let file = house.home().join("main.rs");
    std::fs::write(&file, "fn main() {}\n").unwrap();
    let done = house.hark(&["chat", "-p", "Explain", "-a", file.to_str().unwrap()]);
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
    let kept = std::fs::read_dir(house.home().join("attachments")).unwrap().count();
    assert_eq!(kept, 2, "the content, and what is known of it");
    let done = house.hark(&["chat", "--no-history", "-p", "Explain", "-a", file.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{}", done.err);
}

/// A PDF of one page with these words.
fn pdf(words: &str) -> Vec<u8> {
    let drawing = format!("BT /F1 12 Tf 72 770 Td ({words}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "xref\n0 6\n0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(&objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        writeln!(file, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let start = file.len();
    let end = format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    (file + &table + &end).into_bytes()
}

#[test]
fn a_pdf_goes_along_as_its_text() {
    let words = "The tide rises twice a day, and falls as often.";
    let house = normal();
    std::fs::copy(built("worker-pdf", "worker-pdf"), house.workers().join("worker-pdf")).unwrap();
    let file = house.home().join("paper.pdf");
    std::fs::write(&file, pdf(words)).unwrap();
    let done = house.hark(&["chat", "-p", "Explain", "-a", file.to_str().unwrap()]);
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
    let mut kept = std::fs::read_dir(house.home().join("attachments")).unwrap();
    let is_text = |path: std::path::PathBuf| std::fs::read_to_string(path).is_ok_and(|it| it.trim() == words);
    assert!(kept.any(|entry| is_text(entry.unwrap().path())));
    std::fs::write(&file, b"%PDF-1.7\nnothing").unwrap();
    let done = house.hark(&["chat", "-p", "Explain", "-a", file.to_str().unwrap()]);
    assert!(done.code == Some(2) && done.err.contains("The PDF is damaged"), "{done:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_wrong_call() {
    let house = normal();
    let done = house.hark(&["chat", "-p", "Explain", "-a", "/nowhere/plot.png"]);
    assert!(done.code == Some(2) && done.err.contains("/nowhere/plot.png cannot be read"), "{done:?}");
    let file = house.home().join("photo.png");
    std::fs::create_dir_all(house.home()).unwrap();
    std::fs::write(&file, b"\x7fELF\x01\0").unwrap();
    let done = house.hark(&["chat", "-p", "Explain", "-a", file.to_str().unwrap()]);
    assert!(done.code == Some(2) && done.err.contains("neither a picture nor text"), "{done:?}");
}

#[test]
fn settings_of_one_run_are_not_kept() {
    let house = normal();
    let done =
        house.hark(&["chat", "-p", "Hi", "--temperature", "1.5", "--seed", "7", "--system", "Be brief."]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let settings = std::fs::read_to_string(house.home().join("settings.toml")).unwrap();
    assert!(!settings.contains("Be brief") && !settings.contains("1.5"), "{settings}");
}

#[test]
fn a_value_out_of_range_is_said() {
    let done = normal().hark(&["chat", "-p", "Hi", "--temperature", "9"]);
    assert_eq!(done.code, Some(2));
    insta::assert_snapshot!(done.err, @"hark: `model.temperature` must be a number from 0 to 2.");
}

#[test]
fn without_a_model_it_says_where_to_get_one() {
    let done = House::new().hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""));
    insta::assert_snapshot!(done.err, @"hark: There is no model on this machine yet. Fetch it with: hark models pull starter");
}

#[test]
fn a_model_that_is_not_here_is_named() {
    let done = normal().hark(&["chat", "-p", "Hello", "-m", "smollm2-135m"]);
    assert_eq!(done.code, Some(3));
    insta::assert_snapshot!(done.err, @"hark: The model smollm2-135m is not on this machine. Fetch it with: hark models pull smollm2-135m");
    let done = normal().hark(&["chat", "-p", "Hello", "-m", "no-such-model"]);
    assert_eq!(done.code, Some(3));
    insta::assert_snapshot!(done.err, @"hark: There is no model called “no-such-model”. `hark models list --all` shows them; one on the hub is org/repo.");
}

#[test]
fn a_model_file_can_be_named() {
    let house = normal();
    let file = house.model_file();
    let done = house.hark(&["chat", "-p", "Hello", "-m", file.to_str().unwrap()]);
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
}

#[test]
fn a_model_file_that_was_deleted_has_a_sentence() {
    let house = normal();
    std::fs::remove_file(house.model_file()).unwrap();
    let done = house.hark(&["chat", "-p", "Hello", "-m", "tiny"]);
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""), "{done:?}");
    assert!(done.err.contains("no longer there"), "{done:?}");
}

#[test]
fn input_that_is_no_text_is_refused() {
    let done = normal().hark_with(&["chat", "-p", "Sum up"], b"abc\xff\xfe");
    assert_eq!(done.code, Some(2));
    insta::assert_snapshot!(done.err, @"hark: Standard input is not text in UTF-8: byte 4 is wrong. Convert it first, for example with iconv.");
}

#[test]
fn no_question_is_a_wrong_call() {
    let done = normal().hark_with(&["chat"], b"\n");
    assert_eq!(done.code, Some(2));
    insta::assert_snapshot!(done.err, @"hark: There is no question: add -p TEXT, or pipe it in.");
}

#[test]
fn a_mistake_in_the_settings_costs_nothing_else() {
    let house = normal();
    house.settings("version = 1\n[model]\ntemperatur = 0.5\n");
    let done = house.hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
    insta::assert_snapshot!(done.err, @"hark: [HOUSE]/home/settings.toml: line 3: There is no setting `model.temperatur`; did you mean `model.temperature`?");
}

#[test]
fn a_history_that_cannot_be_used_is_said_and_the_reply_is_made() {
    let house = normal();
    std::fs::create_dir(house.home().join("history.db")).unwrap();
    let done = house.hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out), (Some(0), format!("{REPLY}\n")), "{}", done.err);
    assert!(done.err.contains("only while Hark is open"), "{}", done.err);
}

#[test]
fn a_model_that_cannot_be_loaded_has_status_3() {
    let done = House::with(&Script::new(Mode::BadModel)).hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""));
    assert!(done.err.starts_with("hark: ") && done.err.contains("not a GGUF file"), "{}", done.err);
}

#[test]
fn an_engine_that_dies_leaves_what_it_said() {
    let done = House::with(&Script::new(Mode::Abort)).hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out.as_str()), (Some(1), "You asked and \n"));
    insta::assert_snapshot!(done.err, @"hark: The engine ended in the middle of the reply. What is there is kept; ask again.");
}

#[test]
fn a_missing_engine_is_said() {
    let house = normal();
    std::fs::remove_file(house.workers().join("worker-llm")).unwrap();
    let done = house.hark(&["chat", "-p", "Hello"]);
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{done:?}");
    assert!(done.err.contains("worker-llm"), "{}", done.err);
}

#[test]
fn a_server_that_does_not_answer_has_status_4() {
    let house = normal();
    house.settings(
        "version = 1\n[[servers]]\nid = \"own\"\nbase_url = \"http://127.0.0.1:1\"\nmodel = \"m\"\n",
    );
    let done = house.hark(&["chat", "-p", "Hello", "-m", "server:own"]);
    assert_eq!((done.code, done.out.as_str()), (Some(4), ""), "{done:?}");
    let done = house.hark(&["chat", "-p", "Hello", "-m", "server:other"]);
    assert_eq!(done.code, Some(3));
    insta::assert_snapshot!(done.err, @"hark: There is no server “other” in the settings.");
}

#[test]
fn ctrl_c_stops_the_reply_and_keeps_it() {
    let house = House::with(&Script::new(Mode::Endless));
    let mut child = house.command(&["chat", "-p", "Hello"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut begun = vec![0; 8];
    out.read_exact(&mut begun).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let done = house.done(&child.wait_with_output().unwrap());
    assert_eq!((begun.as_slice(), done.code), (&b"You aske"[..], Some(130)), "{done:?}");
    assert!(rest.ends_with('\n'));
}

#[test]
fn whoever_reads_no_further_ends_it_quietly() {
    let house = House::with(&Script::new(Mode::Normal));
    let mut child = house.command(&["models", "list", "--json", "--all"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let done = house.done(&child.wait_with_output().unwrap());
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
}
