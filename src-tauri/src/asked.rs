//! What a page asks of the program around it.

use api::{ApiError, App, ChangeSetting, Commands, ErrorCode, HostCall, SystemPage};
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_opener::OpenerExt;

use crate::bar::{self, Holds, Input};
use crate::shell::Shell;
use crate::summon::{Deed, perform};
use crate::{MAIN, furnish, look, tray};

/// Does it.
pub(crate) async fn done(host: &AppHandle, call: HostCall) -> Result<(), ApiError> {
    match call {
        HostCall::HideBar => with_bar(host, |host| bar::happened(host, Input::PageDone, 0)),
        HostCall::FitBar { height } => with_bar(host, move |host| bar::needs(host, height)),
        HostCall::DragBar => with_bar(host, bar::drag),
        HostCall::BarHolds { conversation, files } => {
            let holds = if conversation.is_some() || files { Holds::Something } else { Holds::Nothing };
            with_bar(host, move |host| bar::happened(host, Input::Now(holds), 0));
        }
        HostCall::OpenWindow { at } => {
            perform(host, Deed::Open(at));
            with_bar(host, |host| bar::happened(host, Input::Grown, 0));
        }
        HostCall::PauseKeys { paused } => pause(host, paused),
        HostCall::SetAutostart { on } => set_autostart(host, on).await?,
        HostCall::Closing { keep } => closing(host, keep).await?,
        HostCall::RegionReady => with_bar(host, look::show_chooser),
        HostCall::RegionChosen { part } => look::chosen(host, part),
        HostCall::OpenSystemPage { page } => open_page(host, page)?,
        HostCall::Words { words } => {
            host.state::<Shell>().known().words = *words;
            with_bar(host, tray::refresh);
        }
    }
    Ok(())
}

fn open_page(host: &AppHandle, page: SystemPage) -> Result<(), ApiError> {
    let Some(address) = assembly::permission(page).settings_page() else { return Ok(()) };
    host.opener().open_url(address, None::<&str>).map_err(|error| {
        let words = format!("The system's settings could not be opened: {error}.");
        ApiError::new(ErrorCode::Other, words)
    })
}

/// On the main thread, which owns the windows.
fn with_bar(host: &AppHandle, what: impl FnOnce(&AppHandle) + Send + 'static) {
    let inside = host.clone();
    // Fails when the program ends.
    let _ = host.run_on_main_thread(move || what(&inside));
}

fn pause(host: &AppHandle, paused: bool) {
    if !paused {
        return furnish::hold_keys(host);
    }
    if let Some(keys) = host.state::<Shell>().keys.get() {
        keys.let_go();
    }
}

async fn set_autostart(host: &AppHandle, on: bool) -> Result<(), ApiError> {
    let auto = host.autolaunch();
    let done = if on { auto.enable() } else { auto.disable() };
    let now = auto.is_enabled();
    host.state::<Shell>().known().autostart = now.ok();
    furnish::tell(host).await;
    done.map_err(|error| {
        ApiError::new(
            ErrorCode::Other,
            format!("The system's list of programs to start could not be changed: {error}."),
        )
    })
}

async fn closing(host: &AppHandle, keep: Option<bool>) -> Result<(), ApiError> {
    host.state::<Shell>().known().asked = false;
    let Some(keep) = keep else { return Ok(()) };
    let value = if keep { "keep" } else { "quit" };
    let change = ChangeSetting { path: "general.on_close".to_owned(), value: value.into() };
    let changed = host.state::<App>().inner().clone().change_setting(change).await;
    if keep {
        if let Some(window) = host.get_webview_window(MAIN) {
            // One that stays can be closed again.
            let _ = window.hide();
        }
    } else {
        perform(host, Deed::Quit);
    }
    changed.map(drop)
}
