//! Bad input, bad places and bad luck, through the built `hark`: each costs itself, is said in a sentence, and leaves the
//! rest working. What a crate's own tests show (text that is no UTF-8 on standard input, mistakes in the settings,
//! downloads onto a full disk, models that are no models) is not repeated.

#![cfg(target_os = "linux")]

use std::path::Path;

use anyhow::{Context, ensure};
use privacy_tests::home::{Home, SCRIPTED_REPLY};
use privacy_tests::sealed::{Display, Network, make_read_only, mount_small, sealed};
use privacy_tests::served::{Served, until};
use privacy_tests::skipped;
use serde_json::{Value, json};

/// Runs `body` where small file systems can be mounted.
fn with_mounts(test: &str, body: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    sealed(test, Network::LoopbackOnly, Display::None, body)
}

/// A home on a small disk of its own, with a scripted model taken in.
fn on_a_small_disk(mode: &str, size: &str) -> anyhow::Result<Home> {
    let home = Home::scripted(mode)?;
    mount_small(&home.path(), size)?;
    home.import()?;
    Ok(home)
}

fn chat_works(home: &Home) -> anyhow::Result<String> {
    let done = home.hark(&["chat", "-p", "Hello"])?;
    ensure!(done.code == Some(0) && done.out.trim() == SCRIPTED_REPLY, "{done:?}");
    Ok(done.err)
}

fn is_complete(message: &Value) -> bool {
    message["state"]["kind"] == "complete" && message["text"] != ""
}

#[test]
fn a_message_of_five_megabytes_has_a_sentence_and_the_next_is_answered() -> anyhow::Result<()> {
    let Some(home) = Home::with_model()? else { return skipped("HARK_TEST_MODEL names no model") };
    let served = Served::start(&home, None)?;
    let long = served.send(None, &"a ".repeat(2_500_000))?;
    let reply = served.reply(&long)?;
    let error = &reply["state"]["error"];
    ensure!(error["code"] == "prompt_too_long", "{}", reply["state"]);
    ensure!(error["message"].as_str().is_some_and(|words| words.contains("Shorten it")), "{error}");
    let next = served.send(None, "Say hello.")?;
    ensure!(is_complete(&served.reply(&next)?));
    served.end()
}

#[test]
fn a_call_that_is_no_text_has_a_sentence() -> anyhow::Result<()> {
    let home = Home::scripted("normal")?;
    home.import()?;
    let served = Served::start(&home, None)?;
    let (status, error) = served.post("send", b"{\"conversation\": null, \"text\": \"\xff\xfe\"}")?;
    ensure!(status == 400 && error["code"] == "bad_request", "{status} {error}");
    ensure!(error["message"].as_str().is_some_and(|words| words.contains("cannot be read")), "{error}");
    let next = served.send(None, "Hello")?;
    ensure!(is_complete(&served.reply(&next)?));
    served.end()
}

#[test]
fn a_model_deleted_while_it_is_loaded_works_on_or_says_so() -> anyhow::Result<()> {
    let Some(home) = Home::with_model()? else { return skipped("HARK_TEST_MODEL names no model") };
    let served = Served::start(&home, None)?;
    let conversation = served.send(None, "Say hello.")?;
    ensure!(is_complete(&served.reply(&conversation)?));
    std::fs::remove_file(home.model_file())?;
    served.send(Some(&conversation), "And again.")?;
    let reply = served.reply(&conversation)?;
    let code = reply["state"]["error"]["code"].as_str().unwrap_or_default();
    println!("after the file was deleted: {}", reply["state"]);
    ensure!(is_complete(&reply) || ["no_model", "bad_model"].contains(&code), "{reply}");
    ensure!(served.found("hello")?.len() == 1, "the history works on");
    served.end()
}

#[test]
fn a_read_only_folder_is_said_and_conversations_go_on_in_memory() -> anyhow::Result<()> {
    with_mounts("a_read_only_folder_is_said_and_conversations_go_on_in_memory", || {
        let home = on_a_small_disk("normal", "8m")?;
        chat_works(&home)?;
        make_read_only(&home.path())?;
        let said = chat_works(&home)?;
        ensure!(said.contains("read-only") && said.contains("only while Hark is open"), "{said}");

        let served = Served::start(&home, None)?;
        let notice = served.notice("history")?.context("no notice")?;
        ensure!(notice["error"]["code"] == "read_only", "{notice}");
        let conversation = served.send(None, "Hello")?;
        ensure!(is_complete(&served.reply(&conversation)?));
        let theme = json!({ "path": "general.theme", "value": "dark" });
        let (status, error) = served.call("change_setting", &theme)?;
        println!("changing a setting: {status} {error}");
        ensure!(
            status != 200 && error["message"].as_str().is_some_and(|words| words.ends_with('.')),
            "{error}"
        );
        served.end()
    })
}

#[test]
fn a_read_only_folder_that_never_held_anything_is_said_too() -> anyhow::Result<()> {
    with_mounts("a_read_only_folder_that_never_held_anything_is_said_too", || {
        let home = Home::scripted("normal")?;
        mount_small(&home.path(), "8m")?;
        make_read_only(&home.path())?;
        let done = home.hark(&["chat", "-p", "Hello"])?;
        println!("{done:?}");
        ensure!(done.code == Some(3) && done.err.contains("models pull starter"), "{done:?}");
        let served = Served::start(&home, None)?;
        ensure!(served.notice("history")?.is_some_and(|it| it["error"]["code"] == "read_only"));
        served.end()
    })
}

#[test]
fn a_disk_that_fills_up_in_mid_reply_is_said_and_once_there_is_room_all_is_saved() -> anyhow::Result<()> {
    with_mounts("a_disk_that_fills_up_in_mid_reply_is_said_and_once_there_is_room_all_is_saved", || {
        let home = on_a_small_disk("endless", "16m")?;
        let served = Served::start(&home, None)?;
        let conversation = served.send(None, "Hello")?;
        let length = |message: &Value| message["text"].as_str().map_or(0, str::len);
        served.last_message(&conversation, |message| length(message) > 100)?;

        let filler = home.fill()?;
        until(|| Ok(served.notice("save")?.is_some()))?;
        let notice = served.notice("save")?.context("it was there")?;
        ensure!(notice["error"]["code"] == "disk_full", "{notice}");
        let shown = length(&served.last_message(&conversation, |_| true)?);
        served.last_message(&conversation, |message| length(message) > shown + 100)?;

        std::fs::remove_file(filler)?;
        until(|| Ok(served.notice("save")?.is_none()))?;
        served.ask("stop", &json!({ "conversation": conversation }))?;
        let stopped = served.reply(&conversation)?;
        ensure!(stopped["state"]["kind"] == "stopped", "{}", stopped["state"]);
        served.end()?;
        let again = Served::start(&home, None)?;
        ensure!(again.reply(&conversation)?["text"] == stopped["text"], "what was shown is what was saved");
        again.end()
    })
}

#[test]
fn a_reply_that_ends_on_a_full_disk_stays_on_the_screen() -> anyhow::Result<()> {
    with_mounts("a_reply_that_ends_on_a_full_disk_stays_on_the_screen", || {
        let home = on_a_small_disk("endless", "16m")?;
        let served = Served::start(&home, None)?;
        let conversation = served.send(None, "Hello")?;
        let length = |message: &Value| message["text"].as_str().map_or(0, str::len);
        served.last_message(&conversation, |message| length(message) > 100)?;
        let filler = home.fill()?;
        until(|| Ok(served.notice("save")?.is_some()))?;
        let shown = length(&served.last_message(&conversation, |_| true)?);
        served.ask("stop", &json!({ "conversation": conversation }))?;
        let stopped = served.last_message(&conversation, |message| message["state"]["kind"] != "streaming");
        std::fs::remove_file(filler)?;
        let after = served.last_message(&conversation, |_| true)?;
        println!(
            "shown {shown}; stopped: {:?}; after: {} {}",
            stopped.is_ok(),
            length(&after),
            after["state"]
        );
        ensure!(stopped.is_ok() && length(&after) >= shown, "what was read has vanished");
        let next = served.send(None, "Hello")?;
        served.last_message(&next, |message| length(message) > 10)?;
        served.end()
    })
}

#[test]
fn a_full_disk_refuses_a_message_with_a_sentence_and_takes_it_when_there_is_room() -> anyhow::Result<()> {
    with_mounts("a_full_disk_refuses_a_message_with_a_sentence_and_takes_it_when_there_is_room", || {
        let home = on_a_small_disk("normal", "8m")?;
        let served = Served::start(&home, None)?;
        let conversation = served.send(None, "Hello")?;
        ensure!(is_complete(&served.reply(&conversation)?));
        let filler = home.fill()?;
        let args = json!({ "conversation": conversation, "text": "more ".repeat(20_000) });
        let (status, error) = served.call("send", &args)?;
        ensure!(status == 507 && error["code"] == "disk_full", "{status} {error}");
        ensure!(error["message"].as_str().is_some_and(|words| words.contains("free some space")), "{error}");
        ensure!(served.found("hello")?.len() == 1, "reading works on");

        std::fs::remove_file(filler)?;
        served.send(Some(&conversation), "Once more")?;
        ensure!(is_complete(&served.reply(&conversation)?));
        served.end()
    })
}

#[test]
fn on_a_full_disk_one_question_is_answered_all_the_same() -> anyhow::Result<()> {
    with_mounts("on_a_full_disk_one_question_is_answered_all_the_same", || {
        let home = on_a_small_disk("normal", "8m")?;
        let filler = home.fill()?;
        let said = chat_works(&home)?;
        println!("{said}");
        ensure!(said.contains("full"), "{said}");
        std::fs::remove_file(filler)?;
        ensure!(chat_works(&home)?.is_empty());
        Ok(())
    })
}

/// Writes a format number where SQLite keeps it (<https://sqlite.org/fileformat.html>, offset 60, big-endian).
fn make_newer(history: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = std::fs::read(history)?;
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(history, &bytes)?;
    Ok(bytes)
}

#[test]
fn a_history_of_a_newer_version_is_left_alone_and_conversations_go_on_in_memory() -> anyhow::Result<()> {
    let home = Home::scripted("normal")?;
    home.import()?;
    ensure!(chat_works(&home)?.is_empty());
    let history = home.path().join("history.db");
    let before = make_newer(&history)?;
    let said = chat_works(&home)?;
    ensure!(said.contains("newer version of Hark") && said.contains("only while Hark is open"), "{said}");

    let served = Served::start(&home, None)?;
    let notice = served.notice("history")?.context("no notice")?;
    ensure!(notice["error"]["code"] == "newer_version", "{notice}");
    let conversation = served.send(None, "Hello")?;
    ensure!(is_complete(&served.reply(&conversation)?));
    served.end()?;
    ensure!(std::fs::read(&history)? == before, "the file was touched");
    Ok(())
}

#[test]
fn two_instances_at_once_both_answer_and_both_are_kept() -> anyhow::Result<()> {
    let home = Home::scripted("normal")?;
    home.import()?;
    let asked: Vec<_> = (0..4)
        .map(|n| home.command("hark").args(["chat", "-p", &format!("Question {n}")]).spawn())
        .collect::<Result<_, _>>()?;
    for child in asked {
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success() && said.is_empty(), "{said}");
        ensure!(String::from_utf8_lossy(&output.stdout).trim() == SCRIPTED_REPLY);
    }
    let served = Served::start(&home, None)?;
    ensure!(served.found("Question")?.len() == 4, "{:?}", served.found("")?);
    served.end()
}

#[test]
fn without_a_network_a_download_has_a_sentence_and_chatting_goes_on() -> anyhow::Result<()> {
    let name = "without_a_network_a_download_has_a_sentence_and_chatting_goes_on";
    sealed(name, Network::LoopbackOnly, Display::None, || {
        let home = Home::scripted("normal")?;
        home.import()?;
        let done = home.hark(&["models", "pull", "org/repo:Q4_0"])?;
        println!("{done:?}");
        ensure!(done.code == Some(4) && done.err.starts_with("hark: "), "{done:?}");
        ensure!(chat_works(&home)?.is_empty());
        Ok(())
    })
}
