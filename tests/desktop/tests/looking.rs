//! Pictures of what is on the screen, taken from the bar, with a real mouse, real keys and a real window manager. Needs
//! what `bar.rs` needs. One at a time: a display has one focus.

use anyhow::Context;
use desktop_tests::desk::{self, BAR, Other, REGION};
use desktop_tests::grab::paint;
use desktop_tests::{Home, Window};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

const SETTINGS: &str =
    "[shortcuts]\nsummon = \"Ctrl+Shift+F9\"\nlook = \"Ctrl+Shift+F7\"\n[model]\nmax_tokens = 20\n";
const KEY: &str = "ctrl+shift+F9";
const LOOK: &str = "ctrl+shift+F7";

/// What the model answers to a picture, which it sees in its own way: that it was asked is in the history.
const QUESTION: &str = "What is this a picture of?";

macro_rules! home_that_sees {
    () => {
        match Home::that_sees()? {
            Some(home) => home,
            None => {
                eprintln!("skipped: HARK_TEST_MODEL names no model");
                return Ok(());
            }
        }
    };
}

async fn opened(home: &Home) -> anyhow::Result<Window> {
    home.settings(SETTINGS)?;
    let window = Window::open_seeing(home).await?;
    window.key_works().await?;
    Ok(window)
}

/// The names and sizes of the pictures with the first message of the conversation that was begun last.
async fn kept(window: &Window) -> anyhow::Result<Vec<(String, u64, u64)>> {
    let row = format!("document.querySelector('nav [role=listitem]')?.innerText.includes('{QUESTION}')");
    window.until(&row).await?;
    let args = serde_json::json!({ "query": "", "cursor": null, "limit": 1 });
    let listed = window.called("list_conversations", args).await?;
    let id = listed["items"][0]["id"].as_str().context("no conversation")?.to_owned();
    let open = window.called("open_conversation", serde_json::json!({ "conversation": id })).await?;
    let messages = open["messages"].as_array().context("no messages")?;
    let asked = messages.iter().find(|message| message["speaker"] == "user").context("nothing was asked")?;
    let attachments = asked["attachments"].as_array().context("nothing is attached")?;
    Ok(attachments
        .iter()
        .map(|one| {
            let side = |side: &str| one["kind"][side].as_u64().unwrap_or_default();
            (one["name"].as_str().unwrap_or_default().to_owned(), side("width"), side("height"))
        })
        .collect())
}

/// Asks about what waits in the bar.
async fn ask(window: &Window, bar: &str) -> anyhow::Result<()> {
    desk::grown(bar, 100).await?;
    desk::write(QUESTION)?;
    desk::press("Return")?;
    window.until(&format!("document.querySelector('nav')?.innerText.includes('{QUESTION}')")).await
}

#[tokio::test]
async fn a_region_drawn_with_the_mouse_goes_with_the_question_and_is_kept() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_that_sees!();
    let window = opened(&home).await?;
    let other = Other::showing("The tide rises twice a day.").await?;
    desk::summoned(KEY, BAR).await?;
    desk::press("ctrl+5")?;
    desk::focused(REGION).await?;
    desk::drag((60, 80), (380, 320), || desk::picture("region"))?;
    desk::gone(REGION).await?;
    let bar = desk::focused(BAR).await?;
    desk::picture("bar-region")?;
    ask(&window, &bar).await?;
    desk::picture("bar-region-answer")?;
    assert_eq!(kept(&window).await?, [("Region 320 × 240".to_owned(), 320, 240)]);
    desk::press("Escape")?;
    other.has_focus().await?;
    window.find("nav [role=listitem] button").await?.click().await?;
    assert!(!window.reply(1).await?.trim().is_empty());
    window.until("document.querySelector('article img')?.naturalWidth > 0").await?;
    window.picture("region-kept").await?;
    window.close().await
}

#[tokio::test]
async fn a_region_is_chosen_with_keys_after_the_key_for_it_and_comes_with_the_bar() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_that_sees!();
    let window = opened(&home).await?;
    let other = Other::open().await?;
    // Given up, all is as it was.
    desk::press(LOOK)?;
    desk::focused(REGION).await?;
    desk::press("Escape")?;
    desk::gone(REGION).await?;
    other.has_focus().await?;

    desk::press(LOOK)?;
    desk::focused(REGION).await?;
    desk::press("Left")?;
    desk::press("shift+Up")?;
    desk::picture("region-keys")?;
    desk::press("Return")?;
    let bar = desk::focused(BAR).await?;
    ask(&window, &bar).await?;
    let (width, height) = desk::screen()?;
    // Two presses: the first one shows the rectangle, half as wide and as high as the screen; the second resizes it.
    let (width, height) = (width / 2, height / 2 - 16);
    assert_eq!(kept(&window).await?, [(format!("Region {width} × {height}"), width, height)]);
    desk::press("Escape")?;
    other.has_focus().await?;
    window.close().await
}

#[tokio::test]
async fn no_window_of_ours_is_in_a_picture_of_the_screen() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_that_sees!();
    let window = opened(&home).await?;
    // All of the screen in one colour, but for our own windows.
    paint(0x12_34_56)?;
    let bar = desk::summoned(KEY, BAR).await?;
    desk::press("ctrl+3")?;
    desk::focused(BAR).await?;
    ask(&window, &bar).await?;
    let (width, height) = desk::screen()?;
    assert_eq!(kept(&window).await?, [("Screen".to_owned(), width, height)]);
    window.find("nav [role=listitem] button").await?.click().await?;
    window.until("document.querySelector('article img')?.naturalWidth > 0").await?;
    // The colour of each of a few hundred places of its small picture.
    let colours = "((image) => { const canvas = document.createElement('canvas'); \
        [canvas.width, canvas.height] = [32, 20]; const context = canvas.getContext('2d'); \
        context.drawImage(image, 0, 0, 32, 20); \
        const { data } = context.getImageData(0, 0, 32, 20); \
        return [...new Set(Array.from({ length: 640 }, (_, n) => \
            [data[n * 4] >> 4, data[n * 4 + 1] >> 4, data[n * 4 + 2] >> 4].join()))]; \
        })(document.querySelector('article img'))";
    let colours = window.value(colours).await?;
    assert_eq!(colours, serde_json::json!(["1,3,5"]), "something else is in the picture");
    window.close().await
}

#[tokio::test]
async fn the_window_below_is_taken_by_its_title_and_another_program_asks_for_a_region() -> anyhow::Result<()>
{
    let _one = ONE_AT_A_TIME.lock().await;
    let home = home_that_sees!();
    let window = opened(&home).await?;
    let other = Other::showing("The tide rises twice a day.").await?;
    let size = other.size()?;
    let bar = desk::summoned(KEY, BAR).await?;
    desk::press("ctrl+4")?;
    ask(&window, &bar).await?;
    assert_eq!(kept(&window).await?, [("Window: elsewhere".to_owned(), size.0, size.1)]);
    desk::press("Escape")?;
    desk::gone(BAR).await?;
    window.again("--look")?;
    desk::focused(REGION).await?;
    desk::press("Escape")?;
    desk::gone(REGION).await?;
    window.close().await
}
