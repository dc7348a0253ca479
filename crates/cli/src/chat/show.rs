//! What is done with a reply as it comes.

use std::io::{self, Write};

use api::{MessageState, MessageView};
use serde_json::json;

use super::follow::Ended;
use crate::terminal::{DIM, harmless};
use crate::wrap::{Wrap, columns};

/// Where a reply goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// To a terminal: thoughts too, but dim.
    People,
    /// To a file or a program: the answer, byte for byte.
    Plain,
    /// Nowhere until it is whole.
    Collected,
}

/// What was last shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Thought,
    Answer { newline: bool },
}

/// Shows one reply. Remembers how much, so that lost events can be made up for.
pub(super) struct Show {
    form: Form,
    last: Last,
    answer_bytes: usize,
    thinking_bytes: usize,
    wrap: Wrap,
}

impl Show {
    fn new(form: Form) -> Self {
        Self { form, last: Last::Nothing, answer_bytes: 0, thinking_bytes: 0, wrap: Wrap::new(columns()) }
    }

    pub(super) fn for_people() -> Self {
        Self::new(Form::People)
    }

    pub(super) fn plain() -> Self {
        Self::new(Form::Plain)
    }

    pub(super) fn collecting() -> Self {
        Self::new(Form::Collected)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.answer_bytes + self.thinking_bytes > 0
    }

    pub(super) fn thinking(&mut self, text: &str) -> io::Result<()> {
        self.thinking_bytes += text.len();
        if text.is_empty() || self.form != Form::People {
            return Ok(());
        }
        self.last = Last::Thought;
        let text = self.wrap.push(&harmless(text));
        let mut out = anstream::stdout();
        write!(out, "{DIM}{text}{DIM:#}")?;
        out.flush()
    }

    pub(super) fn answer(&mut self, text: &str) -> io::Result<()> {
        self.answer_bytes += text.len();
        if text.is_empty() || self.form == Form::Collected {
            return Ok(());
        }
        if self.last == Last::Thought {
            self.end_thoughts()?;
        }
        self.last = Last::Answer { newline: text.ends_with('\n') };
        let mut out = io::stdout().lock();
        match self.form {
            Form::People => write!(out, "{}", self.wrap.push(&harmless(text)))?,
            _ => out.write_all(text.as_bytes())?,
        }
        out.flush()
    }

    /// Shows what of the message was not shown yet.
    pub(super) fn rest(&mut self, message: &MessageView) -> io::Result<()> {
        let rest = |text: &str, shown: usize| text.get(shown..).unwrap_or_default().to_owned();
        self.thinking(&rest(&message.thinking, self.thinking_bytes))?;
        self.answer(&rest(&message.text, self.answer_bytes))
    }

    /// Ends the reply's last line.
    pub(super) fn end(&mut self, message: &MessageView) -> io::Result<()> {
        self.rest(message)?;
        match self.last {
            Last::Nothing => Ok(()),
            Last::Thought => self.end_thoughts(),
            Last::Answer { newline } => {
                let end = if newline { "" } else { "\n" };
                write!(io::stdout(), "{}{end}", self.wrap.end())?;
                io::stdout().flush()
            }
        }
    }

    /// Thoughts and answer are paragraphs of their own.
    fn end_thoughts(&mut self) -> io::Result<()> {
        let rest = self.wrap.end();
        self.wrap = Wrap::new(columns());
        writeln!(anstream::stdout(), "{DIM}{rest}{DIM:#}\n")
    }

    /// Prints the whole reply as one line of JSON.
    pub(super) fn json(ended: &Ended, conversation: Option<&str>) -> io::Result<()> {
        let message = &ended.message;
        let (state, error) = match &message.state {
            MessageState::Complete => ("complete", None),
            MessageState::Stopped => ("stopped", None),
            MessageState::Interrupted | MessageState::Streaming => ("interrupted", None),
            MessageState::Failed { error } => ("failed", Some(error)),
        };
        let told = json!({
            "text": message.text, "thinking": message.thinking, "state": state, "error": error,
            "conversation": conversation, "message": message.id, "model": message.model,
            "details": message.details,
        });
        writeln!(io::stdout(), "{told}")
    }
}
