//! The conversation for a program: a snapshot, then every event, as lines; commands as lines the other way.

use std::io::{self, BufRead, Write};

use api::{ApiError, App, Commands, ErrorCode, Nothing, UiEvent, UiEventBody, VoicePhase, dispatch};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::show::Beginning;
use crate::exit::Exit;

/// Commands that may wait; a full queue makes whoever sends them wait.
const WAITING: usize = 64;

/// What a program asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    /// Comes back with the answer.
    #[serde(default)]
    id: Value,
    command: String,
    #[serde(default = "no_arguments")]
    args: Value,
}

fn no_arguments() -> Value {
    json!({})
}

/// Talks until the conversation or standard input ends.
pub(super) async fn talk(app: &App, start: Beginning) -> anyhow::Result<Exit> {
    let mut events = app.events();
    line(&json!({ "snapshot": app.snapshot(Nothing {}).await? }))?;
    start.begin(app).await?;
    let mut calls = lines();
    let mut pressed = Box::pin(tokio::signal::ctrl_c());
    let mut begun = false;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    line(&serde_json::to_value(&event)?)?;
                    if let Some(exit) = ended(&event, &mut begun)? {
                        return Ok(exit);
                    }
                }
                Err(RecvError::Lagged(lost)) => {
                    line(&json!({ "lost": lost, "snapshot": app.snapshot(Nothing {}).await? }))?;
                }
                Err(RecvError::Closed) => anyhow::bail!("The program is closing."),
            },
            call = calls.recv() => match call {
                Some(call) => line(&answer(app, &call).await)?,
                None => return Ok(Exit::Done),
            },
            pressed = &mut pressed => {
                pressed?;
                return Ok(Exit::Interrupted);
            }
        }
    }
}

/// Whether the conversation is over; an error when it was not wished.
fn ended(event: &UiEvent, begun: &mut bool) -> anyhow::Result<Option<Exit>> {
    let UiEventBody::Voice { voice } = &event.body else { return Ok(None) };
    *begun |= voice.phase != VoicePhase::Off;
    if voice.phase != VoicePhase::Off || !*begun {
        return Ok(None);
    }
    voice.problem.clone().map_or(Ok(Some(Exit::Done)), |problem| Err(problem.into()))
}

/// The lines of standard input, read on a thread that ends with the program.
fn lines() -> mpsc::Receiver<String> {
    let (told, lines) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && told.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

async fn answer(app: &App, line: &str) -> Value {
    let call: Call = match serde_json::from_str(line) {
        Ok(call) => call,
        Err(error) => {
            // serde's words name fields and places, and never what was said.
            let error = ApiError::new(ErrorCode::BadRequest, format!("This line is no command: {error}."));
            return json!({ "error": error });
        }
    };
    let Call { id, command, args } = call;
    match dispatch(app, &command, args).await {
        Ok(reply) => json!({ "id": id, "command": command, "reply": reply }),
        Err(error) => json!({ "id": id, "command": command, "error": error }),
    }
}

fn line(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
