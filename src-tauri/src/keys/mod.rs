//! Keys that work in every program: from a thread that waits for the X server on X11, from the desktop's portal on
//! Wayland, from the system on macOS and Windows.

#[cfg(target_os = "linux")]
mod portal;
#[cfg(not(target_os = "linux"))]
mod system;
mod wanted;
#[cfg(target_os = "linux")]
mod x11;

use api::{GlobalKey, GlobalKeyView};
use settings::KeyCombo;

pub(crate) use wanted::wanted;
#[cfg(target_os = "linux")]
pub(crate) use x11::Seat;

/// A key went down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyEvent {
    pub(crate) key: GlobalKey,
    pub(crate) press: Press,
    /// When, by the clock of the X server, milliseconds; 0 where there is no such clock.
    pub(crate) time: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    Down,
    Up,
}

/// What is called for every press, from a thread of its own: it must not wait.
pub(crate) type OnKey = Box<dyn Fn(KeyEvent) + Send + Sync>;

/// What is called when the system itself changed how the keys stand.
pub(crate) type OnChange = Box<dyn Fn(Vec<GlobalKeyView>) + Send + Sync>;

/// Where such keys come from.
pub(crate) trait GlobalKeys: Send + Sync {
    /// Takes these in place of those before, and says how each stands.
    fn hold(&self, wanted: &[(GlobalKey, Option<KeyCombo>)]) -> Vec<GlobalKeyView>;
    /// Gives all back until the next `hold`.
    fn let_go(&self);
}

/// None can be had, and why.
struct NoKeys(String);

impl GlobalKeys for NoKeys {
    fn hold(&self, wanted: &[(GlobalKey, Option<KeyCombo>)]) -> Vec<GlobalKeyView> {
        wanted::impossible(wanted, &self.0)
    }

    fn let_go(&self) {}
}

/// Opens what this system has.
#[cfg(target_os = "linux")]
pub(crate) fn open(_: &tauri::AppHandle, on_key: OnKey, on_change: OnChange) -> Box<dyn GlobalKeys> {
    if is_wayland() {
        return Box::new(portal::PortalKeys::new(on_key, on_change));
    }
    match x11::X11Keys::open(on_key) {
        Ok(keys) => Box::new(keys),
        Err(error) => Box::new(NoKeys(format!("The X server gives no keys: {error}."))),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open(host: &tauri::AppHandle, on_key: OnKey, _: OnChange) -> Box<dyn GlobalKeys> {
    match system::SystemKeys::open(host, on_key) {
        Ok(keys) => Box::new(keys),
        Err(error) => Box::new(NoKeys(format!("The system gives no keys: {error}."))),
    }
}

/// Whether windows are drawn by a Wayland compositor, which gives no program the keys of others.
#[cfg(target_os = "linux")]
pub(crate) fn is_wayland() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let asked_for_x11 = std::env::var("GDK_BACKEND").is_ok_and(|backend| backend == "x11");
    set("WAYLAND_DISPLAY") && !asked_for_x11
}
