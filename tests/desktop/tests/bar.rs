//! Being summoned over another program, with real keys and a real window manager. Needs what the crate's head says, and
//! xdotool, xterm and openbox. One at a time: a display has one focus.

use desktop_tests::desk::{self, BAR, MAIN, Other};
use desktop_tests::grab::KeyThief;
use desktop_tests::{Home, Window};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Openbox has Alt+Space for itself.
const SETTINGS: &str = "[shortcuts]\nsummon = \"Ctrl+Shift+F9\"\n[model]\nmax_tokens = 40\n";
const KEY: &str = "ctrl+shift+F9";

/// A row in the list of conversations has these words.
fn listed(words: &str) -> String {
    format!("document.querySelector('nav [role=listitem]')?.innerText.includes('{words}')")
}

async fn opened(home: &Home) -> anyhow::Result<Window> {
    home.settings(SETTINGS)?;
    let window = Window::open(home).await?;
    window.key_works().await?;
    Ok(window)
}

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

#[tokio::test]
async fn asked_over_another_program_answered_there_and_kept() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = opened(&home).await?;
    let other = Other::open().await?;

    let bar = desk::summoned(KEY, BAR).await?;
    desk::picture("bar-empty")?;
    desk::write("Name one colour of the sea.")?;
    desk::press("Return")?;
    desk::grown(&bar, 120).await?;
    window.until(&listed("colour of the sea")).await?;
    desk::picture("bar-answer")?;
    desk::press("Escape")?;
    desk::gone(BAR).await?;
    other.has_focus().await?;

    window.find("nav [role=listitem] button").await?.click().await?;
    assert!(!window.reply(1).await?.trim().is_empty());
    window.close().await
}

#[tokio::test]
async fn the_selected_text_of_another_program_is_asked_about_with_two_keys() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = opened(&home).await?;
    let other = Other::showing("The tide rises twice a day.").await?;
    other.select_first_line()?;
    let bar = desk::summoned(KEY, BAR).await?;
    desk::press("ctrl+1")?;
    desk::grown(&bar, 120).await?;
    desk::picture("bar-selection")?;
    desk::press("alt+1")?;
    window.until(&listed("Explain this")).await?;
    desk::press("Escape")?;
    other.has_focus().await?;
    window.find("nav [role=listitem] button").await?.click().await?;
    window.until("document.body.innerText.includes('The tide rises twice a day.')").await?;
    window.until("document.body.innerText.includes('From “elsewhere”')").await?;
    assert!(!window.reply(1).await?.trim().is_empty());
    window.close().await
}

#[tokio::test]
async fn the_key_hides_it_again_and_the_focus_is_where_it_was() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = Home::empty()?;
    let window = opened(&home).await?;
    let other = Other::open().await?;
    for _ in 0..3 {
        desk::summoned(KEY, BAR).await?;
        desk::press(KEY)?;
        desk::gone(BAR).await?;
        other.has_focus().await?;
    }
    window.close().await
}

#[tokio::test]
async fn without_a_model_it_says_so_and_leads_to_one() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = Home::empty()?;
    let window = opened(&home).await?;
    let _other = Other::open().await?;
    let bar = desk::summoned(KEY, BAR).await?;
    desk::write("Is anybody there?")?;
    desk::press("Return")?;
    desk::grown(&bar, 120).await?;
    desk::picture("bar-no-model")?;
    window.close().await
}

#[tokio::test]
async fn it_grows_into_the_whole_conversation() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = opened(&home).await?;
    let _other = Other::open().await?;
    let bar = desk::summoned(KEY, BAR).await?;
    desk::write("Name one fish.")?;
    desk::press("Return")?;
    desk::grown(&bar, 120).await?;
    desk::press("ctrl+o")?;
    desk::gone(BAR).await?;
    desk::focused(MAIN).await?;
    window.until("document.querySelector('article')?.innerText.includes('Name one fish')").await?;
    window.close().await
}

#[tokio::test]
async fn an_empty_one_goes_when_another_window_is_chosen() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = Home::empty()?;
    let window = opened(&home).await?;
    let other = Other::open().await?;
    desk::summoned(KEY, BAR).await?;
    other.choose()?;
    desk::gone(BAR).await?;
    other.has_focus().await?;
    window.close().await
}

#[tokio::test]
async fn another_program_summons_it_by_command() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = Home::empty()?;
    let window = opened(&home).await?;
    let other = Other::open().await?;
    window.again("--toggle")?;
    desk::focused(BAR).await?;
    window.again("--toggle")?;
    desk::gone(BAR).await?;
    other.has_focus().await?;
    window.close().await
}

#[tokio::test]
async fn a_key_that_is_taken_is_said_so_and_another_offered() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let _thief = KeyThief::take(8)?;
    home.settings("[shortcuts]\nsummon = \"Ctrl+Shift+F8\"\n")?;
    let window = Window::open(&home).await?;
    window.until("document.body.innerText.includes('Ctrl+Shift+F8 is taken')").await?;
    window.picture("key-taken").await?;
    let offer = "[...document.querySelectorAll('button')].find((one) => one.innerText.startsWith('Use '))";
    window.until(&format!("((button) => (button?.click(), !!button))({offer})")).await?;
    let other = Other::open().await?;
    window.until("!document.body.innerText.includes('is taken')").await?;
    let text = home.settings_text()?;
    let offered = text.lines().find_map(|line| line.strip_prefix("summon = ")).unwrap_or_default();
    assert!(!offered.contains("F8") && offered.contains('+'), "{text}");
    desk::press(&offered.trim_matches('"').to_lowercase())?;
    desk::focused(BAR).await?;
    drop(other);
    window.close().await
}

#[tokio::test]
async fn closing_the_window_asks_once_and_then_it_stays_to_be_summoned() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_with_model!();
    let window = opened(&home).await?;
    desk::choose(MAIN).await?;
    desk::focused(MAIN).await?;
    desk::press("alt+F4")?;
    window.until("document.body.innerText.includes('Ctrl+Shift+F9 brings up the bar')").await?;
    window.picture("closing").await?;
    desk::press("Return")?;
    desk::gone(MAIN).await?;
    desk::summoned(KEY, BAR).await?;
    assert!(home.settings_text()?.contains("on_close = \"keep\""));
    window.again("")?;
    desk::focused(MAIN).await?;
    window.close().await
}
