//! The window host: puts the application behind a window. Everything it knows about conversations, models and
//! settings it asks `api` for.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod calls;
#[cfg(target_os = "linux")]
mod graphics;

use std::process::ExitCode;

use anyhow::Context;
use api::App;
use tauri::{Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

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
        .plugin(tauri_plugin_single_instance::init(|host, _, _| show(host)))
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_window_state::Builder::default().with_state_flags(remembered()).build())
        .invoke_handler(tauri::generate_handler![calls::call, calls::subscribe, calls::open_external])
        .setup({
            let runtime = runtime.handle().clone();
            move |host| {
                host.manage(assembly::open(&runtime)?);
                open_window(host)?;
                Ok(())
            }
        })
        .build(tauri::generate_context!())
        .context("The window could not be opened")?;
    host.run(|host, event| {
        if let RunEvent::Exit = event {
            let app = host.state::<App>().inner().clone();
            tauri::async_runtime::block_on(app.close());
        }
    });
    Ok(())
}

fn open_window(host: &tauri::App) -> tauri::Result<()> {
    WebviewWindowBuilder::new(host, "main", WebviewUrl::default())
        .title("Hark")
        .inner_size(1080.0, 760.0)
        .min_inner_size(360.0, 400.0)
        // Pages of other origins have no business here: links go to the system's browser.
        .on_navigation(|url| matches!(url.scheme(), "tauri" | "asset") || is_own(url))
        .build()?;
    Ok(())
}

fn is_own(url: &tauri::Url) -> bool {
    let development = cfg!(debug_assertions) && url.port() == Some(5173);
    matches!(url.host_str(), Some("tauri.localhost")) || (development && url.host_str() == Some("localhost"))
}

fn remembered() -> tauri_plugin_window_state::StateFlags {
    use tauri_plugin_window_state::StateFlags;
    StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED
}

fn show(host: &tauri::AppHandle) {
    if let Some(window) = host.get_webview_window("main") {
        // A window manager may refuse; there is nothing else to try.
        let _ = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
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
