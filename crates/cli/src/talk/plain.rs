//! The conversation as lines of text, for a file or another program: each thing that is said when it is over.

use std::io::{self, Write};

use api::{App, MessageState};

use super::begin;
use super::follow::Told;
use super::show::Beginning;
use crate::exit::Exit;
use crate::terminal::note;

/// Talks until Ctrl-C.
pub(super) async fn talk(app: &App, start: Beginning) -> anyhow::Result<Exit> {
    let mut follow = begin(app, start).await?;
    // One listener for the whole conversation: a key pressed while something is told must not be missed.
    let mut pressed = Box::pin(tokio::signal::ctrl_c());
    loop {
        let told = tokio::select! {
            told = follow.next() => told?,
            pressed = &mut pressed => {
                pressed?;
                return Ok(Exit::Interrupted);
            }
        };
        for told in told {
            let mut out = io::stdout().lock();
            match told {
                Told::User(text) => writeln!(out, "You: {}", one_line(&text))?,
                Told::Assistant { text, state } => {
                    // Of a reply that was stopped at once nothing was heard.
                    if !text.trim().is_empty() {
                        writeln!(out, "Hark: {}", one_line(&text))?;
                    }
                    if let MessageState::Failed { error } = state {
                        note(error.message);
                    }
                }
                Told::Note(sentence) => note(sentence),
                Told::Over(None) => return Ok(Exit::Done),
                Told::Over(Some(error)) => return Err(error.into()),
            }
            out.flush()?;
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
