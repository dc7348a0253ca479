//! Choosing a part of the screen: a still of it is taken first, then a window over all of the screen shows it, and what is
//! chosen is cut from the still. So nothing of ours can be in it, and what moves stands still meanwhile.
//!
//! Always holds: one choice at a time; the still is forgotten when it ends; the bar, if it was there, comes back however it
//! ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::{ApiError, ErrorCode, StillPart};
use sight::{Picture, Rect};
use tauri::{
    AppHandle, Manager, PhysicalPosition, PhysicalSize, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
};
use tokio::sync::oneshot;

use super::picture::unmade;
use super::{apart, picture, seen_error, tell_bar};
use crate::bar::{self, Area, Input};
use crate::shell::Shell;

/// Its window.
pub(crate) const LABEL: &str = "region";

/// A page that has drawn nothing after so long will not do so any more.
const DRAWN_WITHIN: Duration = Duration::from_secs(20);

/// The choice that is under way. Its lock is held for moments only.
#[derive(Default)]
pub(crate) struct Chooser(Mutex<At>);

#[derive(Default)]
enum At {
    #[default]
    Nothing,
    /// The still is being taken.
    Begun,
    /// Its page draws the still, or shows it.
    Open { still: Arc<Picture>, shown: bool, answer: oneshot::Sender<Option<Rect>> },
}

impl Chooser {
    fn at(&self) -> MutexGuard<'_, At> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False where one is under way.
    fn begin(&self) -> bool {
        let mut at = self.at();
        let free = matches!(*at, At::Nothing);
        if free {
            *at = At::Begun;
        }
        free
    }

    fn open(&self, still: Arc<Picture>) -> oneshot::Receiver<Option<Rect>> {
        let (answer, chosen) = oneshot::channel();
        *self.at() = At::Open { still, shown: false, answer };
        chosen
    }

    /// The page has drawn it: whether it is to be shown.
    fn drawn(&self) -> bool {
        match &mut *self.at() {
            At::Open { shown, .. } => !std::mem::replace(shown, true),
            At::Nothing | At::Begun => false,
        }
    }

    /// Nothing was drawn in time: whoever waits for an answer gets none.
    fn late(&self) {
        let mut at = self.at();
        if matches!(*at, At::Open { shown: false, .. }) {
            *at = At::Nothing;
        }
    }

    fn answer(&self, part: Option<Rect>) {
        let mut at = self.at();
        if let At::Open { .. } = *at
            && let At::Open { answer, .. } = std::mem::take(&mut *at)
        {
            // Nobody waits any more where the program ends.
            let _ = answer.send(part);
        }
    }

    fn still(&self) -> Option<Arc<Picture>> {
        match &*self.at() {
            At::Open { still, .. } => Some(still.clone()),
            At::Nothing | At::Begun => None,
        }
    }

    fn end(&self) {
        *self.at() = At::Nothing;
    }
}

/// Has the user choose a part of the screen that the bar is on; [`ErrorCode::Cancelled`] where they give it up.
pub(super) async fn choose(host: &AppHandle) -> Result<Picture, ApiError> {
    let shell = host.state::<Shell>();
    if !shell.chooser.begin() {
        return Err(given_up());
    }
    let _ended = Ended(host);
    let on = bar::on(host);
    let still = Arc::new(apart(host, move |host| picture::still(host, on)).await?);
    // Where it was not in the picture it is still there, and would be in the way now.
    tell_bar(host, Input::LookBegins);
    let answer = shell.chooser.open(still.clone());
    let inside = host.clone();
    // Fails when the program ends.
    let _ = host.run_on_main_thread(move || {
        if let Err(error) = open(&inside, on) {
            tracing::warn!(%error, "there is no window to choose a part of the screen in");
            inside.state::<Shell>().chooser.late();
        }
    });
    let late = host.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(DRAWN_WITHIN).await;
        late.state::<Shell>().chooser.late();
    });
    match answer.await {
        Ok(Some(part)) => still.part(part).map_err(|error| seen_error(&error)),
        Ok(None) => Err(given_up()),
        Err(_) => Err(unmade()),
    }
}

fn given_up() -> ApiError {
    ApiError::new(ErrorCode::Cancelled, "No part of the screen was chosen.")
}

/// Closes the window and lets the bar come back when it is dropped.
struct Ended<'a>(&'a AppHandle);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.state::<Shell>().chooser.end();
        let inside = self.0.clone();
        // Fails when the program ends.
        let _ = self.0.run_on_main_thread(move || {
            if let Some(window) = inside.get_webview_window(LABEL) {
                // One that does not close is hidden.
                let _ = window.hide();
                let _ = window.destroy();
            }
            bar::happened(&inside, Input::LookEnds, 0);
        });
    }
}

/// Makes the window, hidden until its page has drawn the still: it must not flash.
fn open(host: &AppHandle, on: Option<Area>) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(host, LABEL, WebviewUrl::App("region.html".into()))
        .title("Hark region")
        .visible(false)
        .decorations(false)
        .shadow(false)
        .always_on_top(true)
        .visible_on_all_workspaces(true)
        .skip_taskbar(true)
        .on_navigation(crate::is_allowed);
    #[cfg(target_os = "linux")]
    let builder = match bar::related_view(host) {
        Some(view) => builder.with_related_view(view),
        None => builder,
    };
    let window = builder.build()?;
    place(&window, on)
}

/// Over all of a screen, and over the panels on it.
fn place(window: &WebviewWindow, on: Option<Area>) -> tauri::Result<()> {
    if let Some(area) = on {
        window.set_position(PhysicalPosition::new(area.x, area.y))?;
        window.set_size(PhysicalSize::new(area.width, area.height))?;
    }
    // There it would move to a desktop of its own, with a movement.
    if !cfg!(target_os = "macos") {
        window.set_fullscreen(true)?;
    }
    Ok(())
}

/// The page has drawn the still. On the main thread.
pub(crate) fn show(host: &AppHandle) {
    if host.state::<Shell>().chooser.drawn()
        && let Some(window) = host.get_webview_window(LABEL)
    {
        bar::take_focus(host, &window, 0);
    }
}

/// A part was chosen, or none.
pub(crate) fn chosen(host: &AppHandle, part: Option<StillPart>) {
    host.state::<Shell>().chooser.answer(part.map(rect));
}

fn rect(part: StillPart) -> Rect {
    // What is further than any screen is cut off with the rest.
    let begin = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
    Rect::new(begin(part.x), begin(part.y), part.width, part.height)
}

/// The still: its width, its height, its pixels.
pub(crate) fn still(host: &AppHandle) -> Result<Vec<u8>, ApiError> {
    let still = host.state::<Shell>().chooser.still().ok_or_else(given_up)?;
    Ok(bytes(&still))
}

fn bytes(still: &Picture) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + still.pixels().len());
    bytes.extend_from_slice(&still.width().to_le_bytes());
    bytes.extend_from_slice(&still.height().to_le_bytes());
    bytes.extend_from_slice(still.pixels());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Arc<Picture> {
        Arc::new(Picture::new(2, 1, (0..8).collect()).unwrap())
    }

    #[test]
    fn one_choice_at_a_time_and_nothing_is_kept_of_it() {
        let chooser = Chooser::default();
        assert!(chooser.begin() && !chooser.begin());
        assert!(chooser.still().is_none());
        let mut answer = chooser.open(picture());
        assert!(chooser.still().is_some() && !chooser.begin());
        assert!(chooser.drawn() && !chooser.drawn());
        chooser.late();
        chooser.answer(Some(Rect::new(0, 0, 1, 1)));
        // The window that closes says so, when all is over.
        chooser.answer(None);
        assert_eq!(answer.try_recv(), Ok(Some(Rect::new(0, 0, 1, 1))));
        assert!(chooser.still().is_none() && chooser.begin());
        chooser.end();
        assert!(chooser.begin());
    }

    #[test]
    fn a_page_that_draws_nothing_is_not_waited_for() {
        let chooser = Chooser::default();
        assert!(chooser.begin());
        let mut answer = chooser.open(picture());
        chooser.late();
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert!(!chooser.drawn());
    }

    #[test]
    fn the_page_gets_the_size_and_every_pixel() {
        assert_eq!(bytes(&picture()), [2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_part_is_cut_from_the_still_as_far_as_it_is_on_it() {
        let part = |x, width| picture().part(rect(StillPart { x, y: 0, width, height: 9 }));
        assert_eq!(part(1, 9).unwrap().pixels(), [4, 5, 6, 7]);
        assert!(part(0, 0).is_err() && part(u32::MAX, 5).is_err());
    }
}
