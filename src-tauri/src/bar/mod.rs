//! The bar: a small window over everything, made at the start and kept hidden, so that showing it is all that is left to
//! do when its key is pressed. All of this runs on the main thread.

mod place;
mod state;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::HostOrder;
use tauri::{
    AppHandle, Manager, PhysicalPosition, PhysicalSize, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
};

pub(crate) use place::Area;
use place::Kept;
use state::{Bar, Effect};
pub(crate) use state::{Holds, Input, Then};

use crate::focus;
use crate::shell::Shell;

/// Its window.
pub(crate) const LABEL: &str = "bar";

/// An empty bar, CSS pixels.
const LEAST_HEIGHT: f64 = 60.0;

/// So long after the focus seems to have gone it is looked whether it has: a key that is taken from the system, a menu of
/// the desktop and the window manager's own ways let it flicker.
const FLICKER: Duration = Duration::from_millis(120);

/// A page forgets what is on it within a frame or two; one that hangs is not waited for.
const LEAVING: Duration = Duration::from_millis(150);

/// What is known of the bar. Only the main thread takes it; it is locked because the shell it is in is shared.
#[derive(Default)]
pub(crate) struct Launcher(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    bar: Bar,
    /// How high its page wants it, CSS pixels.
    height: f64,
    kept: Kept,
    /// Where it was last put by us: a move to elsewhere was the user's.
    put: Option<(i32, i32)>,
    screen: Option<(Area, f64)>,
    /// Who had the focus before.
    #[cfg(target_os = "linux")]
    before: Option<u32>,
    /// Who had it before a part of the screen was to be chosen, which the bar comes after.
    #[cfg(target_os = "linux")]
    before_choosing: Option<u32>,
    file: Option<PathBuf>,
}

impl Launcher {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.inner().bar.is_shown()
    }
}

/// Makes the window, hidden. `file` remembers where the user has put it.
pub(crate) fn prepare(host: &AppHandle, file: PathBuf) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(host, LABEL, WebviewUrl::App("bar.html".into()))
        .title("Hark bar")
        .inner_size(680.0, LEAST_HEIGHT)
        .visible(false)
        .decorations(false)
        .resizable(false)
        .maximizable(false)
        .minimizable(false)
        .always_on_top(true)
        .visible_on_all_workspaces(true)
        .skip_taskbar(true)
        .focused(false)
        .on_navigation(crate::is_allowed);
    // One process draws both pages, which saves some forty megabytes.
    #[cfg(target_os = "linux")]
    let builder = match related_view(host) {
        Some(view) => builder.with_related_view(view),
        None => builder,
    };
    let window = builder.build()?;
    #[cfg(target_os = "linux")]
    dress(&window)?;
    let shell = host.state::<Shell>();
    let mut inner = shell.launcher.inner();
    inner.height = LEAST_HEIGHT;
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    inner.kept = serde_json::from_str(&text).unwrap_or_default();
    inner.file = Some(file);
    Ok(())
}

#[cfg(target_os = "linux")]
pub(crate) fn related_view(host: &AppHandle) -> Option<webkit2gtk::WebView> {
    use gtk::prelude::*;
    // A page that is driven by a test must not be related to another.
    if std::env::var("TAURI_WEBVIEW_AUTOMATION").is_ok_and(|set| set == "true") {
        return None;
    }
    let column = host.get_webview_window(crate::MAIN)?.default_vbox().ok()?;
    column.children().into_iter().find_map(|child| child.downcast().ok())
}

/// What a window manager is to know about it beyond what Tauri says.
#[cfg(target_os = "linux")]
fn dress(window: &WebviewWindow) -> tauri::Result<()> {
    use gtk::prelude::*;
    let inner = window.gtk_window()?;
    inner.set_type_hint(gtk::gdk::WindowTypeHint::Utility);
    inner.set_skip_pager_hint(true);
    // Its X window exists from now on, and is only mapped later.
    inner.realize();
    Ok(())
}

/// Tells it what happened, and does what follows. `time` is the X server's at a key press, else 0.
pub(crate) fn happened(host: &AppHandle, input: Input, time: u32) {
    let shell = host.state::<Shell>();
    let effect = shell.launcher.inner().bar.step(input);
    let Some(window) = host.get_webview_window(LABEL) else { return };
    match effect {
        None => {}
        Some(Effect::Show) => {
            show(host, &window, time);
            look_soon(host);
        }
        Some(Effect::TakeFocus) => {
            take_focus(host, &window, time);
            look_soon(host);
        }
        Some(Effect::LookSoon) => look_soon(host),
        Some(Effect::AskToLeave) => {
            shell.order(LABEL, &HostOrder::BarLeaves);
            later(host, LEAVING, |host| happened(host, Input::PageLate, 0));
        }
        Some(Effect::Hide(then)) => hide(host, &window, then),
        Some(Effect::StepAside) => {
            remember(host, &window);
            let _ = window.hide();
            give_back(host, Given::Lent);
        }
        Some(Effect::ComeBack) => {
            fit(host, &window);
            take_focus(host, &window, time);
            look_soon(host);
        }
    }
}

/// Whoever has the focus now gets it after the bar that comes next.
pub(crate) fn comes_after(host: &AppHandle) {
    #[cfg(target_os = "linux")]
    {
        let shell = host.state::<Shell>();
        let mut inner = shell.launcher.inner();
        if !inner.bar.is_shown() {
            inner.before_choosing = shell.seat.as_ref().and_then(crate::keys::Seat::active);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = host;
}

/// The bar does not come after all.
pub(crate) fn does_not_come(host: &AppHandle) {
    #[cfg(target_os = "linux")]
    {
        let shell = host.state::<Shell>();
        let before = shell.launcher.inner().before_choosing.take();
        if let (Some(seat), Some(window)) = (&shell.seat, before) {
            // The window manager has most likely done so itself.
            let _ = seat.activate(window, 0);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = host;
}

/// The window that had the focus before the bar, or before what it comes after, as the display server numbers it.
pub(crate) fn before(host: &AppHandle) -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        let shell = host.state::<Shell>();
        let inner = shell.launcher.inner();
        inner.before_choosing.or(inner.before)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = host;
        None
    }
}

/// The screen that the bar is on, or where it would be.
pub(crate) fn on(host: &AppHandle) -> Option<Area> {
    let shell = host.state::<Shell>();
    let here = {
        let inner = shell.launcher.inner();
        if inner.bar.is_hidden() { None } else { inner.screen }
    };
    here.or_else(|| screen(host)).map(|(area, _)| area)
}

pub(crate) fn take_focus(host: &AppHandle, window: &WebviewWindow, time: u32) {
    focus::bring(window, time);
    // A window manager may take a window that comes forward for one that pushes itself there; what is asked for on behalf
    // of the user it gives.
    #[cfg(target_os = "linux")]
    if let (Some(seat), Some(id)) = (&host.state::<Shell>().seat, focus::id(window))
        && let Err(error) = seat.activate(id, time)
    {
        tracing::info!(%error, "the focus could not be taken");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = host;
}

fn look_soon(host: &AppHandle) {
    later(host, FLICKER, |host| {
        let window = host.get_webview_window(LABEL);
        let focused = window.is_some_and(|window| window.is_focused().unwrap_or(false));
        happened(host, Input::Looked(focused), 0);
    });
}

fn later(host: &AppHandle, wait: Duration, then: impl FnOnce(&AppHandle) + Send + 'static) {
    let host = host.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(wait).await;
        let inside = host.clone();
        // Fails when the program ends.
        let _ = host.run_on_main_thread(move || then(&inside));
    });
}

fn show(host: &AppHandle, window: &WebviewWindow, time: u32) {
    let shell = host.state::<Shell>();
    {
        let mut inner = shell.launcher.inner();
        #[cfg(target_os = "linux")]
        {
            let before = inner.before_choosing.take();
            inner.before = before.or_else(|| shell.seat.as_ref().and_then(crate::keys::Seat::active));
        }
        inner.height = LEAST_HEIGHT;
        inner.screen = screen(host);
    }
    fit(host, window);
    focus::bring(window, time);
    shell.order(LABEL, &HostOrder::BarShown);
}

/// The screen with the pointer, and how many of its pixels are one of CSS.
fn screen(host: &AppHandle) -> Option<(Area, f64)> {
    let pointer = host.cursor_position().ok();
    let under = pointer.and_then(|at| host.monitor_from_point(at.x, at.y).ok().flatten());
    let monitor = under.or_else(|| host.primary_monitor().ok().flatten())?;
    let (at, size) = (monitor.position(), monitor.size());
    Some((Area { x: at.x, y: at.y, width: size.width, height: size.height }, monitor.scale_factor()))
}

/// Gives it the size its page wants, where it belongs.
fn fit(host: &AppHandle, window: &WebviewWindow) {
    let shell = host.state::<Shell>();
    let mut inner = shell.launcher.inner();
    let Some((screen, scale)) = inner.screen else { return };
    let width = place::width(screen, scale);
    // Screens are far smaller than the range of either type.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let height = ((inner.height * scale).ceil() as u32).min(place::most_height(screen));
    let corner = place::corner(screen, width, inner.kept);
    let moved = inner.put != Some(corner);
    inner.put = Some(corner);
    drop(inner);
    resize(window, width, height, scale);
    if moved || !window.is_visible().unwrap_or(false) {
        // Where a compositor puts windows itself, this is not for us to say.
        let _ = window.set_position(PhysicalPosition::new(corner.0, corner.1));
    }
}

#[cfg(target_os = "linux")]
fn resize(window: &WebviewWindow, width: u32, height: u32, scale: f64) {
    use gtk::prelude::*;
    let logical = PhysicalSize::new(width, height).to_logical::<i32>(scale);
    if let Ok(inner) = window.gtk_window() {
        // A window that cannot be resized by hand is as large as it asks to be.
        inner.set_size_request(logical.width, logical.height);
        inner.resize(logical.width, logical.height);
    }
}

#[cfg(not(target_os = "linux"))]
fn resize(window: &WebviewWindow, width: u32, height: u32, _: f64) {
    // One that stays as it was can still be used.
    let _ = window.set_size(PhysicalSize::new(width, height));
}

fn hide(host: &AppHandle, window: &WebviewWindow, then: Then) {
    remember(host, window);
    let _ = window.hide();
    if then == Then::GiveBack {
        give_back(host, Given::Back);
    }
}

/// What becomes of the focus that is given to the window that had it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// The bar is done with.
    Back,
    /// The bar will have it again, and will then give it back.
    Lent,
}

#[cfg(target_os = "linux")]
fn give_back(host: &AppHandle, given: Given) {
    let shell = host.state::<Shell>();
    let before = {
        let mut inner = shell.launcher.inner();
        if given == Given::Back { inner.before.take() } else { inner.before }
    };
    if let (Some(seat), Some(window)) = (&shell.seat, before)
        && let Err(error) = seat.activate(window, 0)
    {
        tracing::info!(%error, "the focus could not be given back");
    }
}

#[cfg(target_os = "macos")]
fn give_back(host: &AppHandle, _: Given) {
    let main = host.get_webview_window(crate::MAIN);
    if !main.is_some_and(|window| window.is_visible().unwrap_or(false)) {
        // The program before becomes the active one; with the large window open there would be two to hide.
        let _ = host.hide();
    }
}

#[cfg(target_os = "windows")]
fn give_back(_: &AppHandle, _: Given) {
    // The system gives it to the window below.
}

/// Keeps where it is, when the user has put it elsewhere.
fn remember(host: &AppHandle, window: &WebviewWindow) {
    let shell = host.state::<Shell>();
    let mut inner = shell.launcher.inner();
    let (Some((screen, scale)), Some(put), Ok(at)) = (inner.screen, inner.put, window.outer_position())
    else {
        return;
    };
    if (at.x, at.y) == put || crate::keeps_no_place() {
        return;
    }
    inner.kept = place::kept(screen, place::width(screen, scale), (at.x, at.y));
    if let (Some(file), Ok(text)) = (&inner.file, serde_json::to_string(&inner.kept))
        && let Err(error) = std::fs::write(file, text)
    {
        tracing::warn!(%error, "where the bar is could not be kept");
    }
}

/// Its page needs this much room, CSS pixels.
pub(crate) fn needs(host: &AppHandle, height: f64) {
    let shell = host.state::<Shell>();
    let before = std::mem::replace(&mut shell.launcher.inner().height, height.max(LEAST_HEIGHT));
    if (before - height).abs() < 0.5 || !shell.launcher.is_shown() {
        return;
    }
    if let Some(window) = host.get_webview_window(LABEL) {
        // Where the user has moved it to it stays.
        remember(host, &window);
        fit(host, &window);
    }
}

/// It was taken hold of with the pointer.
pub(crate) fn drag(host: &AppHandle) {
    if let Some(window) = host.get_webview_window(LABEL) {
        // It stays where it is.
        let _ = window.start_dragging();
    }
}
