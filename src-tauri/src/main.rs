//! The window host: puts the application behind a window. Everything it knows about conversations, models and
//! settings it asks `api` for.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod asked;
mod bar;
mod calls;
mod closing;
mod focus;
mod furnish;
#[cfg(target_os = "linux")]
mod graphics;
mod keys;
mod look;
mod notice;
mod shell;
mod summon;
mod tray;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use api::{App, HostOrder, WindowPlace};
use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::closing::Closing;
use crate::shell::Shell;
use crate::summon::Deed;

/// The large window.
pub(crate) const MAIN: &str = "main";

/// Where it is kept where the user has put the bar.
pub(crate) struct BarFile(pub(crate) PathBuf);

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    graphics::prepare();
    assembly::log_to_stderr();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hark: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    check_display()?;
    let runtime = tokio::runtime::Runtime::new().context("The program could not start its threads")?;
    tauri::async_runtime::set(runtime.handle().clone());
    // Before anything is opened: a second instance hands over to the first and ends inside `build`.
    let host = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|host, arguments, _| handed_over(host, &arguments)))
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_autostart::init(
            tauri_plugin_autostart::MacosLauncher::LaunchAgent,
            Some(vec![summon::BACKGROUND]),
        ))
        .plugin(remembered())
        .invoke_handler(tauri::generate_handler![
            calls::call,
            calls::subscribe,
            calls::open_external,
            calls::host,
            calls::orders,
            calls::look,
            calls::still
        ])
        .on_window_event(on_window)
        .setup({
            let runtime = runtime.handle().clone();
            move |host| {
                let paths = settings::Paths::from_env()?;
                host.manage(assembly::open(&runtime)?);
                host.manage(BarFile(paths.data.join("bar.json")));
                host.manage(Shell::new());
                let arguments: Vec<String> = std::env::args().skip(1).collect();
                open_window(host, summon::read(arguments.iter().map(String::as_str)).window)?;
                Ok(())
            }
        })
        .build(tauri::generate_context!())
        .context("The window could not be opened")?;
    host.run(|host, event| match event {
        RunEvent::Exit => {
            let app = host.state::<App>().inner().clone();
            tauri::async_runtime::block_on(app.close());
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => summon::perform(host, Deed::Open(WindowPlace::AsItIs)),
        _ => {}
    });
    Ok(())
}

fn open_window(host: &tauri::App, shown: bool) -> tauri::Result<()> {
    WebviewWindowBuilder::new(host, MAIN, WebviewUrl::default())
        .title("Hark")
        .inner_size(1080.0, 760.0)
        .min_inner_size(360.0, 400.0)
        .visible(shown)
        // Files that are dropped belong to the page.
        .disable_drag_drop_handler()
        .on_navigation(is_allowed)
        .build()?;
    Ok(())
}

/// Pages of other origins have no business here: links go to the system's browser.
pub(crate) fn is_allowed(url: &tauri::Url) -> bool {
    matches!(url.scheme(), "tauri" | "asset") || is_own(url)
}

fn is_own(url: &tauri::Url) -> bool {
    let development = cfg!(debug_assertions) && url.port() == Some(5173);
    matches!(url.host_str(), Some("tauri.localhost")) || (development && url.host_str() == Some("localhost"))
}

/// The large window is where it was. The bar has a place of its own on every screen.
fn remembered() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    use tauri_plugin_window_state::{Builder, StateFlags};
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    Builder::default().with_state_flags(flags).with_denylist(&[bar::LABEL, look::LABEL]).build()
}

/// Whether windows cannot know where they are.
pub(crate) fn keeps_no_place() -> bool {
    #[cfg(target_os = "linux")]
    return keys::is_wayland();
    #[cfg(not(target_os = "linux"))]
    false
}

/// The program was started again: with something to do, or to be seen.
fn handed_over(host: &AppHandle, arguments: &[String]) {
    let start = summon::read(arguments.iter().skip(1).map(String::as_str));
    if let Some(deed) = start.deed {
        summon::perform(host, deed);
    } else if start.window {
        summon::perform(host, Deed::Open(WindowPlace::AsItIs));
    }
}

fn on_window(window: &tauri::Window, event: &WindowEvent) {
    let host = window.app_handle();
    match (window.label(), event) {
        (MAIN, WindowEvent::CloseRequested { api, .. }) => {
            api.prevent_close();
            close(host, window);
        }
        (MAIN, WindowEvent::Destroyed) => host.exit(0),
        (bar::LABEL, WindowEvent::CloseRequested { api, .. }) => {
            api.prevent_close();
            bar::happened(host, bar::Input::PageDone, 0);
        }
        (look::LABEL, WindowEvent::Destroyed) => look::chosen(host, None),
        (bar::LABEL, WindowEvent::Focused(true)) => bar::happened(host, bar::Input::Focused, 0),
        (bar::LABEL, WindowEvent::Focused(false)) => bar::happened(host, bar::Input::Blurred, 0),
        _ => {}
    }
}

fn close(host: &AppHandle, window: &tauri::Window) {
    let shell = host.state::<Shell>();
    let closing = {
        let mut known = shell.known();
        let ways_in = closing::ways_in(known.tray, &known.keys);
        let closing = closing::decide(known.settings.general.on_close, ways_in, known.asked);
        known.asked = closing == Closing::Ask;
        closing
    };
    match closing {
        Closing::Ask => shell.order(MAIN, &HostOrder::AskAboutClosing),
        // One that stays can be closed again.
        Closing::Hide => drop(window.hide()),
        Closing::Quit => host.exit(0),
    }
}

#[cfg(target_os = "linux")]
fn check_display() -> anyhow::Result<()> {
    gtk::init().map_err(|_| {
        anyhow::anyhow!(
            "There is no display to open a window on. In a terminal, `hark chat` holds the same conversation."
        )
    })
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps)] // the same signature on every system
fn check_display() -> anyhow::Result<()> {
    Ok(())
}
