//! Following one reply through the event stream to its end.

use std::time::Duration;

use api::{
    App, Commands, EngineView, MessageState, MessageView, OneConversation, Speaker, UiEvent, UiEventBody,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::show::Show;

/// How a reply ended.
pub(super) struct Ended {
    /// As it is in the history now.
    pub(super) message: MessageView,
    /// The user pressed Ctrl-C.
    pub(super) interrupted: bool,
}

/// Listens from before a message is sent, so that nothing of its reply is missed.
pub(super) struct Follow {
    app: App,
    events: Receiver<UiEvent>,
    waiting: Waiting,
    /// Events up to this number are known.
    seen: u64,
}

impl Follow {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), events: app.events(), waiting: Waiting::default(), seen: 0 }
    }

    /// Shows the reply that is being made in `conversation`, to its end. Ctrl-C stops it.
    pub(super) async fn reply(&mut self, conversation: &str, show: &mut Show) -> anyhow::Result<Ended> {
        let mut reply: Option<String> = None;
        let mut interrupted = false;
        // One listener for the whole reply: a key pressed while an event is shown must not be missed.
        let mut pressed = Box::pin(tokio::signal::ctrl_c());
        loop {
            let event = tokio::select! {
                event = self.events.recv() => event,
                heard = &mut pressed => {
                    heard?;
                    pressed = Box::pin(tokio::signal::ctrl_c());
                    interrupted = true;
                    self.app.stop(OneConversation { conversation: conversation.to_owned() }).await?;
                    continue;
                }
            };
            let ended = match event {
                Ok(event) if event.seq <= self.seen => None,
                Ok(event) => self.take(event.body, conversation, &mut reply, show)?,
                Err(RecvError::Lagged(_)) => self.catch_up(conversation, &mut reply, show).await?,
                Err(RecvError::Closed) => anyhow::bail!("The program is closing."),
            };
            if let Some(message) = ended {
                self.waiting.end();
                show.end(&message)?;
                return Ok(Ended { message, interrupted });
            }
        }
    }

    /// Takes one event; the message when it has ended.
    fn take(
        &mut self,
        event: UiEventBody,
        conversation: &str,
        reply: &mut Option<String>,
        show: &mut Show,
    ) -> anyhow::Result<Option<MessageView>> {
        match event {
            UiEventBody::Engine { engine: EngineView::Loading { model, progress } } if !show.has_begun() => {
                self.waiting.say(format!("Loading {model} {:.0} %", progress * 100.0));
            }
            UiEventBody::Engine { engine: EngineView::Restarting { .. } } => {
                self.waiting.say("The engine is starting again".to_owned());
            }
            UiEventBody::Reading { conversation: of, done, total, .. } if of == conversation => {
                self.waiting.say(format!("Reading {done} of {total} tokens"));
            }
            UiEventBody::Path { conversation: of, messages, .. } if of == conversation => {
                return Ok(take_path(messages, reply));
            }
            UiEventBody::Delta { message, text, thinking, .. } if reply.as_ref() == Some(&message) => {
                self.waiting.end();
                show.thinking(&thinking)?;
                show.answer(&text)?;
            }
            UiEventBody::Message { message, .. } if reply.as_ref() == Some(&message.id) => {
                return Ok(Some(message).filter(|message| message.state != MessageState::Streaming));
            }
            _ => {}
        }
        Ok(None)
    }

    /// After events were lost: what the history has is the truth.
    async fn catch_up(
        &mut self,
        conversation: &str,
        reply: &mut Option<String>,
        show: &mut Show,
    ) -> anyhow::Result<Option<MessageView>> {
        // Listening comes before reading, so that nothing falls between; what is in both is skipped by its number.
        self.events = self.events.resubscribe();
        let one = OneConversation { conversation: conversation.to_owned() };
        let view = self.app.open_conversation(one).await?;
        self.seen = view.seq;
        let last = view.messages.last().cloned();
        let ended = take_path(view.messages, reply);
        if let Some(message) = last.filter(|message| reply.as_ref() == Some(&message.id)) {
            self.waiting.end();
            show.rest(&message)?;
        }
        Ok(ended)
    }
}

/// Finds the reply among messages; returned when it has ended already.
fn take_path(messages: Vec<MessageView>, reply: &mut Option<String>) -> Option<MessageView> {
    let last = messages.into_iter().rev().find(|message| message.speaker == Speaker::Assistant)?;
    *reply = Some(last.id.clone());
    (last.state != MessageState::Streaming).then_some(last)
}

/// A quiet line on standard error while nothing of a reply is there; in a terminal only.
#[derive(Default)]
struct Waiting {
    line: Option<ProgressBar>,
}

impl Waiting {
    fn say(&mut self, words: String) {
        let line = self.line.get_or_insert_with(|| {
            let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is fixed; were it wrong, the default one would do.
            if let Ok(style) = ProgressStyle::with_template("{spinner:.dim} {msg:.dim}") {
                line.set_style(style);
            }
            line.enable_steady_tick(Duration::from_millis(120));
            line
        });
        line.set_message(words);
    }

    fn end(&mut self) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
    }
}
