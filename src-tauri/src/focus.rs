//! Bringing a window of ours before the user, who asked for it. On the main thread.

use tauri::WebviewWindow;

/// Shows it, with the focus. `time` is the X server's when the user asked, 0 where nobody knows.
#[cfg(target_os = "linux")]
pub(crate) fn bring(window: &WebviewWindow, time: u32) {
    use gtk::prelude::*;
    if let Ok(inner) = window.gtk_window() {
        let time = if time == 0 { server_time(&inner) } else { time };
        inner.deiconify();
        inner.show_all();
        inner.present_with_time(time);
    }
}

/// The X server's number of a window that is there; none elsewhere.
#[cfg(target_os = "linux")]
pub(crate) fn id(window: &WebviewWindow) -> Option<u32> {
    use gtk::prelude::*;
    let inner = window.gtk_window().ok()?.window()?.downcast::<gdkx11::X11Window>().ok()?;
    u32::try_from(inner.xid()).ok()
}

/// What the X server's clock says; window managers take a window that comes without a time for one that pushes itself
/// forward, and leave the focus where it is. 0 where there is no X server.
#[cfg(target_os = "linux")]
fn server_time(window: &gtk::ApplicationWindow) -> u32 {
    use gtk::prelude::*;
    let inner = window.window().and_then(|inner| inner.downcast::<gdkx11::X11Window>().ok());
    inner.map_or(0, |inner| gdkx11::functions::x11_get_server_time(&inner))
}

/// Shows it, with the focus.
#[cfg(not(target_os = "linux"))]
pub(crate) fn bring(window: &WebviewWindow, _: u32) {
    // A window manager may refuse; there is nothing else to try.
    let _ = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
}
