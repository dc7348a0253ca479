//! The event stream over a WebSocket: the token comes in, `{"ready":true}` and then one event a frame go out.

use std::time::Duration;

use api::UiEvent;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::Shared;

/// Clients send nothing but a token.
const LARGEST: usize = 4096;

/// How long a client may take to say the token.
const PATIENCE: Duration = Duration::from_secs(10);

/// The stream cannot go on: the token is wrong.
const WRONG_TOKEN: u16 = 4401;
/// The client fell behind and events are lost: connect again and take a new snapshot.
const BEHIND: u16 = 4409;
/// The program ends (RFC 6455, 7.4.1).
const GOING_AWAY: u16 = 1001;

pub(super) async fn stream(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(LARGEST).max_frame_size(LARGEST).on_upgrade(|socket| attend(socket, shared))
}

async fn attend(mut socket: WebSocket, shared: Shared) {
    let said = tokio::select! {
        said = timeout(PATIENCE, socket.recv()) => said,
        () = shared.ending.cancelled() => return end(socket, GOING_AWAY, "The program ends.").await,
    };
    match said {
        Ok(Some(Ok(Message::Text(said)))) if shared.token.is(said.as_str()) => {}
        _ => return end(socket, WRONG_TOKEN, "The token is missing or wrong.").await,
    }
    let mut events = shared.app.events();
    if socket.send(Message::text(r#"{"ready":true}"#)).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            event = events.recv() => match passed_on(&mut socket, event).await {
                Passed::On => {}
                Passed::Gone => return,
                Passed::Behind => return end(socket, BEHIND, "Events were lost. Take a new snapshot.").await,
                Passed::Over => return end(socket, GOING_AWAY, "The program ends.").await,
            },
            said = socket.recv() => match said {
                // Pings are answered inside; anything else a client says is of no interest.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = shared.ending.cancelled() => return end(socket, GOING_AWAY, "The program ends.").await,
        }
    }
}

/// What became of an event.
enum Passed {
    On,
    Gone,
    Behind,
    Over,
}

async fn passed_on(socket: &mut WebSocket, event: Result<UiEvent, RecvError>) -> Passed {
    let event = match event {
        Ok(event) => event,
        Err(RecvError::Lagged(_)) => return Passed::Behind,
        Err(RecvError::Closed) => return Passed::Over,
    };
    match serde_json::to_string(&event) {
        Ok(text) => match socket.send(Message::text(text)).await {
            Ok(()) => Passed::On,
            Err(_) => Passed::Gone,
        },
        // An event that cannot be told is a gap.
        Err(_) => Passed::Behind,
    }
}

async fn end(mut socket: WebSocket, code: u16, reason: &'static str) {
    // Whoever has hung up already does not need to be told.
    let _ = timeout(PATIENCE, socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))))
        .await;
}
