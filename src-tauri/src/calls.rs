//! The calls a page can make.

use api::{ApiError, App, ErrorCode, HostCall, HostOrder, LookAt, Seen, UiEvent};
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::broadcast::error::RecvError;

use crate::furnish;
use crate::shell::Shell;

/// Asks the application for something; the table of commands is in `api`.
#[tauri::command]
pub(crate) async fn call(app: State<'_, App>, name: String, args: Value) -> Result<Value, ApiError> {
    api::dispatch(app.inner(), &name, args).await
}

/// Sends events through `channel` until the window goes away. A window that fell behind gets an event out of order
/// next, which tells it to take a new snapshot.
#[tauri::command]
pub(crate) async fn subscribe(app: State<'_, App>, channel: Channel<UiEvent>) -> Result<(), ApiError> {
    let mut events = app.events();
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if channel.send(event).is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "a window fell behind"),
                Err(RecvError::Closed) => return,
            }
        }
    });
    Ok(())
}

/// Opens a link in the system's browser or mail program.
#[tauri::command]
pub(crate) async fn open_external(host: tauri::AppHandle, url: String) -> Result<(), ApiError> {
    let allowed = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    if !allowed {
        return Err(ApiError::new(ErrorCode::BadRequest, "Only web and mail links can be opened."));
    }
    let opened = host.opener().open_url(url, None::<&str>);
    opened.map_err(|error| ApiError::new(ErrorCode::Other, format!("The link could not be opened: {error}.")))
}

/// Asks for what only a program with windows can do.
#[tauri::command]
pub(crate) async fn host(host: AppHandle, call: HostCall) -> Result<(), ApiError> {
    crate::asked::done(&host, call).await
}

/// Sends what a page is told through `channel` until the page goes away.
#[tauri::command]
pub(crate) async fn orders(
    host: AppHandle,
    window: WebviewWindow,
    shell: State<'_, Shell>,
    channel: Channel<HostOrder>,
) -> Result<(), ApiError> {
    shell.listens(window.label(), channel);
    furnish::once(&host);
    Ok(())
}

/// Looks at what the user has before them. A picture is for this conversation.
#[tauri::command]
pub(crate) async fn look(
    host: AppHandle,
    at: LookAt,
    conversation: Option<String>,
) -> Result<Seen, ApiError> {
    crate::look::look(&host, at, conversation).await
}

/// The still of which a part is to be chosen: its width and height (32 bits each, lowest byte first), then its pixels, four
/// bytes each: nothing is encoded on the way.
#[tauri::command]
pub(crate) async fn still(host: AppHandle) -> Result<tauri::ipc::Response, ApiError> {
    crate::look::still(&host).map(tauri::ipc::Response::new)
}
