//! Pictures of a screen and of a window, without windows of ours in them; and keeping a picture as a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::{ApiError, App, Attach, Commands, MOST_ATTACHED_BYTES, PictureOf, Seen};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sight::{Curtain, Desktop, Encoding, Monitor, Own, Picture, Point, SightError, Target, Window};
use tauri::{AppHandle, Manager, WebviewWindow};

use super::{apart, other, seen_error, tell_bar};
use crate::MAIN;
use crate::bar::{self, Area, Input};

/// For a picture that would be too large a file without loss.
const WITH_LOSS: Encoding = Encoding::Jpeg(92);

/// The screen that the bar is on.
pub(super) fn screen(host: &AppHandle) -> Result<Picture, ApiError> {
    let curtain = Ours::new(host, BarAfterwards::Back);
    of_screen(&curtain, bar::on(host)).map_err(|error| seen_error(&error))
}

/// The same, and the bar stays away.
pub(super) fn still(host: &AppHandle, on: Option<Area>) -> Result<Picture, ApiError> {
    of_screen(&Ours::new(host, BarAfterwards::Away), on).map_err(|error| seen_error(&error))
}

fn of_screen(curtain: &Ours<'_>, on: Option<Area>) -> Result<Picture, SightError> {
    let mut desktop = sight::open()?;
    let target = match desktop.monitors() {
        Ok(monitors) => {
            Target::Monitor(monitor(&monitors, on.and_then(middle)).ok_or(SightError::MonitorGone)?.id)
        }
        // Where monitors are not told apart, a picture of all there is.
        Err(SightError::NotHere(_)) => Target::Everything,
        Err(error) => return Err(error),
    };
    sight::look(desktop.as_mut(), target, curtain)
}

/// The window that had the focus before the bar, and its title.
pub(super) fn window(host: &AppHandle) -> Result<(Picture, String), ApiError> {
    let curtain = Ours::new(host, BarAfterwards::Back);
    of_window(&curtain, bar::before(host)).map_err(|error| seen_error(&error))
}

fn of_window(curtain: &Ours<'_>, before: Option<u32>) -> Result<(Picture, String), SightError> {
    let mut desktop = sight::open()?;
    let windows = desktop.windows()?;
    let found = below(&windows, before, &curtain.own()).ok_or(SightError::WindowGone)?;
    let picture = sight::look(desktop.as_mut() as &mut dyn Desktop, Target::Window(found.id), curtain)?;
    Ok((picture, found.title.trim().to_owned()))
}

/// The monitor with this point; or the one with the pointer; or the main one.
fn monitor(monitors: &[Monitor], at: Option<Point>) -> Option<&Monitor> {
    let with_point = monitors.iter().find(|monitor| at.is_some_and(|at| monitor.rect.contains(at)));
    let with_pointer = || monitors.iter().find(|monitor| monitor.pointer);
    with_point.or_else(with_pointer).or(monitors.first())
}

/// The middle of a part of the desktop, where our windows and what is seen are measured alike. On macOS they are not: the
/// pointer, which brought the bar there, says where it is.
fn middle(area: Area) -> Option<Point> {
    let half = |length: u32| i32::try_from(length / 2).unwrap_or_default();
    let point = Point { x: area.x + half(area.width), y: area.y + half(area.height) };
    (!cfg!(target_os = "macos")).then_some(point)
}

/// The window of another program that is meant: the one that had the focus, or else the topmost.
fn below<'a>(windows: &'a [Window], before: Option<u32>, own: &Own) -> Option<&'a Window> {
    let meant = |window: &&Window| !window.minimised && !own.has(window.id, window.pid);
    let had_focus = windows.iter().filter(meant).find(|window| Some(window.id.0) == before);
    had_focus.or_else(|| windows.iter().find(meant))
}

/// Keeps a picture as a file that can be attached.
pub(super) async fn keep(
    host: &AppHandle,
    picture: Picture,
    of: PictureOf,
    conversation: Option<String>,
) -> Result<Seen, ApiError> {
    let data = apart(host, move |_| file(&picture).map_err(|error| seen_error(&error))).await?;
    let app = host.state::<App>().inner().clone();
    let attached = app.attach(Attach { conversation, name: String::new(), data }).await?;
    Ok(Seen::Picture { of, attached: Box::new(attached) })
}

fn file(picture: &Picture) -> Result<String, SightError> {
    let mut bytes = picture.encode(Encoding::Png)?;
    if bytes.len() > MOST_ATTACHED_BYTES {
        bytes = picture.encode(WITH_LOSS)?;
    }
    Ok(STANDARD.encode(bytes))
}

/// What becomes of the bar once the picture is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BarAfterwards {
    Back,
    /// Until it is told.
    Away,
}

/// Our windows, out of the picture.
struct Ours<'a> {
    host: &'a AppHandle,
    bar: BarAfterwards,
    /// The large window was seen, and is to be seen again.
    window: Arc<AtomicBool>,
}

impl<'a> Ours<'a> {
    fn new(host: &'a AppHandle, bar: BarAfterwards) -> Self {
        Self { host, bar, window: Arc::default() }
    }
}

impl Curtain for Ours<'_> {
    fn own(&self) -> Own {
        Own::default()
    }

    fn hide(&self) {
        tell_bar(self.host, Input::LookBegins);
        let (inside, was_seen) = (self.host.clone(), self.window.clone());
        // Fails when the program ends.
        let _ = self.host.run_on_main_thread(move || {
            let Some(window) = inside.get_webview_window(MAIN) else { return };
            if window.is_visible().unwrap_or(false) && window.hide().is_ok() {
                was_seen.store(true, Ordering::Release);
            }
        });
    }

    fn show(&self) {
        let (inside, was_seen) = (self.host.clone(), self.window.clone());
        let _ = self.host.run_on_main_thread(move || {
            if was_seen.swap(false, Ordering::AcqRel)
                && let Some(window) = inside.get_webview_window(MAIN)
            {
                show_behind(&inside, &window);
            }
        });
        if self.bar == BarAfterwards::Back {
            tell_bar(self.host, Input::LookEnds);
        }
    }
}

/// Shows the large window where it was, and leaves the focus where it is. What it was not before it does not cover.
fn show_behind(host: &AppHandle, window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    if let Ok(inner) = window.gtk_window() {
        use gtk::prelude::*;
        let (x, y) = inner.position();
        inner.set_focus_on_map(false);
        inner.show();
        inner.move_(x, y);
        inner.set_focus_on_map(true);
        let had_focus = bar::before(host).is_some_and(|before| crate::focus::id(window) == Some(before));
        if !had_focus && let Some(shown) = inner.window() {
            shown.lower();
        }
        return;
    }
    let _ = host;
    // One that stays away can be opened again.
    let _ = window.show();
}

/// A failure of the look itself.
pub(super) fn unmade() -> ApiError {
    other("The screen could not be shown to choose from. Try again, or take all of it with Ctrl+3.")
}

#[cfg(test)]
mod tests {
    use sight::{MonitorId, Rect, WindowId};

    use super::*;

    fn screens() -> [Monitor; 2] {
        let one = |id, rect, primary, pointer| Monitor {
            id: MonitorId(id),
            name: String::new(),
            rect,
            scale: 1.0,
            primary,
            pointer,
        };
        let left = Rect::new(-2560, -100, 2560, 1600);
        [one(1, Rect::new(0, 0, 1280, 800), true, false), one(2, left, false, true)]
    }

    #[track_caller]
    fn check_monitor(at: Option<Point>, expect: u32) {
        assert_eq!(monitor(&screens(), at).map(|monitor| monitor.id), Some(MonitorId(expect)));
    }

    #[test]
    fn the_screen_is_the_bars_or_the_pointers_or_the_main_one() {
        check_monitor(Some(Point { x: 640, y: 400 }), 1);
        check_monitor(Some(Point { x: -1, y: 700 }), 2);
        check_monitor(None, 2);
        check_monitor(Some(Point { x: 9000, y: 9000 }), 2);
        let mut nowhere = screens();
        nowhere[1].pointer = false;
        assert_eq!(monitor(&nowhere, None).map(|monitor| monitor.id), Some(MonitorId(1)));
        assert!(monitor(&[], None).is_none());
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn a_screen_is_found_again_by_its_middle() {
        let area = Area { x: -2560, y: -100, width: 2560, height: 1600 };
        assert_eq!(middle(area), Some(Point { x: -1280, y: 700 }));
        assert_eq!(monitor(&screens(), middle(area)).map(|monitor| monitor.id), Some(MonitorId(2)));
    }

    fn windows() -> Vec<Window> {
        let one = |id, pid, minimised| Window {
            id: WindowId(id),
            title: String::new(),
            program: String::new(),
            pid: Some(pid),
            rect: Rect::new(0, 0, 10, 10),
            focused: false,
            minimised,
        };
        vec![one(1, 7, false), one(2, 8, false), one(3, 9, false), one(4, 9, true)]
    }

    #[track_caller]
    fn check_window(before: Option<u32>, expect: u32) {
        let own = Own { pids: vec![7], windows: Vec::new() };
        assert_eq!(below(&windows(), before, &own).map(|window| window.id.0), Some(expect));
    }

    #[test]
    fn the_window_is_the_one_before_the_bar_and_never_ours() {
        check_window(Some(3), 3);
        // Ours, one that is put away, one that is gone, none that is known: the topmost of another program.
        for before in [Some(1), Some(4), Some(99), None] {
            check_window(before, 2);
        }
        let own = Own { pids: vec![7, 8, 9], windows: Vec::new() };
        assert!(below(&windows(), Some(2), &own).is_none());
    }

    #[test]
    fn a_picture_arrives_as_it_was_taken() {
        let picture = Picture::new(2, 1, vec![1, 2, 3, 255, 4, 5, 6, 255]).unwrap();
        let bytes = STANDARD.decode(file(&picture).unwrap()).unwrap();
        assert_eq!(Picture::decode(&bytes).unwrap(), picture);
    }
}
