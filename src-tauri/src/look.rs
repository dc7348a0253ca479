//! What the user has before them, where a page asks for it. Nothing is looked at that was not asked for, and what was seen
//! goes to the page that asked and nowhere else.

use std::time::Duration;

use api::{ApiError, ErrorCode, LookAt, Seen};
use sight::{Clipping, SightError};
use tauri::AppHandle;

use crate::bar::{self, Input};

/// The most text that goes into a question at once, characters: some fifty pages.
const MOST_TEXT: usize = 200_000;

/// The focus is where it was before the bar after so long.
const FOCUS_RETURNS: Duration = Duration::from_millis(200);

/// Looks.
pub(crate) async fn look(host: &AppHandle, at: LookAt) -> Result<Seen, ApiError> {
    let host = host.clone();
    // The program that has the text may take its time to give it.
    let looked = tauri::async_runtime::spawn_blocking(move || read(&host, at)).await;
    looked.map_err(|_| other("What is on the screen cannot be read. Try again."))?
}

fn read(host: &AppHandle, at: LookAt) -> Result<Seen, ApiError> {
    let mut desktop = sight::open().map_err(|error| told(&error))?;
    match at {
        LookAt::Selection => {
            // Where a program is told to copy what is selected in it, it has to be the one with the keyboard.
            let _aside = cfg!(not(target_os = "linux")).then(|| Aside::stepped(host));
            let selected = desktop.selection().map_err(|error| told(&error))?;
            seen(&selected.text, selected.from.map(|window| window.title))
        }
        LookAt::Clipboard => match desktop.clipboard().map_err(|error| told(&error))? {
            Clipping::Text(text) => seen(&text, None),
            Clipping::Picture(_) => {
                Err(other("There is a picture on the clipboard, and no text. Copy some text."))
            }
        },
    }
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
        return Err(told(&SightError::NothingSelected));
    }
    Ok(Seen::Text { text, from: from.filter(|title| !title.trim().is_empty()) })
}

fn told(error: &SightError) -> ApiError {
    other(error.to_string())
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
