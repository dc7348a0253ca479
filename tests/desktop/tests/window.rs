//! The real window with the real engine. Needs what the crate's head says; the tests with a model are skipped, and say
//! so, where `HARK_TEST_MODEL` names none. One at a time: a session bus has room for one instance.

use desktop_tests::{Home, Window, kill_program};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

macro_rules! home_with_model {
    () => {
        match Home::with_model()? {
            Some(home) => home,
            None => {
                eprintln!("skipped: HARK_TEST_MODEL names no model");
                return Ok(());
            }
        }
    };
}

const STORY: &str = "Tell me a long story about a lighthouse, with many details.";

#[tokio::test]
async fn a_newcomer_is_shown_the_way_to_a_model() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = Home::empty()?;
    let window = Window::open(&home).await?;
    window.until("document.querySelector('main h1')?.innerText.includes('Hark')").await?;
    window.picture("first-run").await?;
    window.close().await
}

#[tokio::test]
async fn a_message_gets_a_real_reply_and_both_are_there_after_a_restart() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = Window::open(&home).await?;
    window.send("What is the capital of France? Answer in one short sentence.").await?;
    let reply = window.reply(1).await?;
    assert!(reply.split_whitespace().count() >= 2, "{reply}");
    window.picture("reply").await?;
    window.close().await?;

    let window = Window::open(&home).await?;
    window
        .until("document.querySelector('nav [role=listitem]')?.innerText.includes('capital of France')")
        .await?;
    window.find("nav [role=listitem] button").await?.click().await?;
    assert_eq!(window.reply(1).await?.split_whitespace().next(), reply.split_whitespace().next());
    window.close().await
}

#[tokio::test]
async fn an_engine_killed_in_mid_reply_costs_that_reply_alone() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = Window::open(&home).await?;
    window.send(STORY).await?;
    window.reply_begins(1).await?;
    kill_program("worker-llm", &home)?;
    let partial = window.reply(1).await?;
    assert!(partial.len() > 20, "{partial}");
    window.picture("engine-killed").await?;
    window.send("Say hello.").await?;
    assert!(!window.reply(2).await?.trim().is_empty());
    window.close().await
}

/// Twice what a crash may cost.
const LONGER_THAN_MAY_BE_LOST: std::time::Duration = std::time::Duration::from_secs(1);

#[tokio::test]
async fn a_program_killed_in_mid_reply_keeps_what_was_read() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = Window::open(&home).await?;
    window.send(STORY).await?;
    window.reply_begins(1).await?;
    // Longer than the half second that may be lost: the first words must be in the file.
    window.until("document.querySelector('article[aria-busy]').innerText.length > 60").await?;
    tokio::time::sleep(LONGER_THAN_MAY_BE_LOST).await;
    window.kill().await?;

    let window = Window::open(&home).await?;
    window.find("nav [role=listitem] button").await?.click().await?;
    let kept = window.reply(1).await?;
    assert!(kept.len() > 20, "{kept}");
    window.picture("program-killed").await?;
    window.close().await
}

#[tokio::test]
async fn a_mistake_in_the_settings_file_costs_only_itself() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    home.settings("[general]\ntheme = \"dark\"\nlanguage = \"es\"\ntext_sizes = 100\n")?;
    let window = Window::open(&home).await?;
    window.find("textarea").await?;
    assert_eq!(window.value("document.documentElement.lang").await?, "es");
    window.picture("settings-mistake").await?;
    window.close().await
}
