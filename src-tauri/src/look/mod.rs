//! What the user has before them, where a page asks for it. Nothing is looked at that was not asked for, and what was seen
//! goes to the page that asked and nowhere else.

mod chooser;
mod picture;

use std::time::Duration;

use api::{ApiError, ErrorCode, HostOrder, LookAt, PictureOf, Seen};
use assembly::seen_error;
use sight::{Clipping, Picture, SightError};
use tauri::{AppHandle, Manager};

use crate::bar::{self, Input};
use crate::shell::Shell;

pub(crate) use chooser::{Chooser, LABEL, chosen, show as show_chooser, still};

/// The most text that goes into a question at once, characters: some fifty pages.
const MOST_TEXT: usize = 200_000;

/// The focus is where it was before the bar after so long.
const FOCUS_RETURNS: Duration = Duration::from_millis(200);

/// Looks. A picture is kept as a file for this conversation.
pub(crate) async fn look(
    host: &AppHandle,
    at: LookAt,
    conversation: Option<String>,
) -> Result<Seen, ApiError> {
    let (picture, of) = match at {
        LookAt::Selection => return apart(host, selection).await,
        LookAt::Clipboard => match apart(host, clipboard).await? {
            Clipped::Text(seen) => return Ok(seen),
            Clipped::Picture(picture) => (picture, PictureOf::Clipboard),
        },
        LookAt::Screen => (apart(host, picture::screen).await?, PictureOf::Screen),
        LookAt::Window => {
            let (picture, title) = apart(host, picture::window).await?;
            (picture, PictureOf::Window { title })
        }
        LookAt::Region => {
            let picture = chooser::choose(host).await?;
            let of = PictureOf::Region { width: picture.width(), height: picture.height() };
            (picture, of)
        }
    };
    picture::keep(host, picture, of, conversation).await
}

/// Has a part of the screen chosen, and brings the bar with it.
pub(crate) fn for_the_bar(host: &AppHandle) {
    bar::comes_after(host);
    let host = host.clone();
    tauri::async_runtime::spawn(async move {
        let seen = look(&host, LookAt::Region, None).await;
        let inside = host.clone();
        // Fails when the program ends.
        let _ = host.run_on_main_thread(move || match seen {
            Ok(seen) => bring(&inside, &HostOrder::Saw { seen }),
            Err(error) if error.code == ErrorCode::Cancelled => bar::does_not_come(&inside),
            Err(error) => bring(&inside, &HostOrder::Unseen { error }),
        });
    });
}

fn bring(host: &AppHandle, order: &HostOrder) {
    bar::happened(host, Input::Wanted, 0);
    host.state::<Shell>().order(bar::LABEL, order);
}

/// On a thread that may wait: the program that has a text may take its time to give it.
async fn apart<T: Send + 'static>(
    host: &AppHandle,
    work: impl FnOnce(&AppHandle) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let host = host.clone();
    let looked = tauri::async_runtime::spawn_blocking(move || work(&host)).await;
    looked.map_err(|_| other("What is on the screen cannot be read. Try again."))?
}

fn selection(host: &AppHandle) -> Result<Seen, ApiError> {
    let mut desktop = sight::open().map_err(|error| seen_error(&error))?;
    // Where a program is told to copy what is selected in it, it has to be the one with the keyboard.
    let _aside = cfg!(not(target_os = "linux")).then(|| Aside::stepped(host));
    let selected = desktop.selection().map_err(|error| seen_error(&error))?;
    seen(&selected.text, selected.from.map(|window| window.title))
}

enum Clipped {
    Text(Seen),
    Picture(Picture),
}

fn clipboard(_: &AppHandle) -> Result<Clipped, ApiError> {
    let mut desktop = sight::open().map_err(|error| seen_error(&error))?;
    Ok(match desktop.clipboard().map_err(|error| seen_error(&error))? {
        Clipping::Text(text) => Clipped::Text(seen(&text, None)?),
        Clipping::Picture(picture) => Clipped::Picture(picture),
    })
}

/// The bar is out of the way until this is dropped.
struct Aside<'a>(&'a AppHandle);

impl<'a> Aside<'a> {
    fn stepped(host: &'a AppHandle) -> Self {
        tell_bar(host, Input::LookBegins);
        std::thread::sleep(FOCUS_RETURNS);
        Self(host)
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        tell_bar(self.0, Input::LookEnds);
    }
}

fn tell_bar(host: &AppHandle, input: Input) {
    let inside = host.clone();
    // Fails when the program ends.
    let _ = host.run_on_main_thread(move || bar::happened(&inside, input, 0));
}

fn seen(text: &str, from: Option<String>) -> Result<Seen, ApiError> {
    if text.chars().nth(MOST_TEXT).is_some() {
        return Err(other("This is more text than a model reads at once. Select less of it."));
    }
    let text = text.trim_matches(|c| c == '\n' || c == '\r').to_owned();
    if text.trim().is_empty() {
        return Err(seen_error(&SightError::NothingSelected));
    }
    Ok(Seen::Text { text, from: from.filter(|title| !title.trim().is_empty()) })
}

fn other(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Other, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_as_it_is_less_the_lines_around_it() {
        let taken = seen("\n  let x = 1;\n\n", Some("main.rs".into())).unwrap();
        assert_eq!(taken, Seen::Text { text: "  let x = 1;".into(), from: Some("main.rs".into()) });
        assert_eq!(seen("a", Some(" ".into())).unwrap(), Seen::Text { text: "a".into(), from: None });
    }

    #[test]
    fn nothing_and_too_much_are_refused_with_a_sentence() {
        assert!(seen(" \n ", None).unwrap_err().message.starts_with("Nothing is selected"));
        assert!(seen(&"é".repeat(MOST_TEXT), None).is_ok());
        assert!(seen(&"é".repeat(MOST_TEXT + 1), None).unwrap_err().message.contains("Select less"));
    }
}
