//! The conversation for a person at a terminal: live captions, how it stands, and keys.

use std::time::Duration;

use api::{App, Commands, MessageState, MuteVoice, Nothing, Send, TalkKey, VoiceMode};
use tokio::time::{MissedTickBehavior, interval};

use super::begin;
use super::follow::{Follow, Told};
use super::keys::{Key, Keys};
use super::screen::{Screen, live, over};
use super::show::Beginning;
use super::typed::{Typing, typing};
use crate::exit::Exit;

/// How often what is live is drawn: often enough for a meter, seldom enough for a slow terminal.
const DRAW: Duration = Duration::from_millis(66);

/// Talks until the user ends it.
pub(super) async fn talk(app: &App, start: Beginning) -> anyhow::Result<Exit> {
    let mut keys = Keys::open()?;
    let mut screen = Screen::new();
    let done =
        Talk { app, screen: &mut screen, typed: None, talking: Talking::No }.run(&mut keys, start).await;
    screen.clear()?;
    done
}

/// Whether the talk key counts as down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talking {
    Yes,
    No,
}

struct Talk<'a> {
    app: &'a App,
    screen: &'a mut Screen,
    /// A message that is being typed.
    typed: Option<String>,
    talking: Talking,
}

impl Talk<'_> {
    async fn run(mut self, keys: &mut Keys, start: Beginning) -> anyhow::Result<Exit> {
        let mut follow = begin(self.app, start).await?;
        self.screen
            .print("Keys: m mute, Esc stop the reply, t type, q end. `hark talk --help` tells more.")?;
        let mut draw = interval(DRAW);
        draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                told = follow.next() => {
                    for told in told? {
                        if let Some(exit) = self.tell(told)? {
                            return Ok(exit);
                        }
                    }
                }
                key = keys.next() => {
                    if let Some(exit) = self.press(key.unwrap_or(Key::Interrupt), &follow).await? {
                        return Ok(exit);
                    }
                }
                _ = draw.tick() => {
                    self.screen.live(&live(follow.standing(), self.typed.as_deref()))?;
                }
            }
        }
    }

    fn tell(&mut self, told: Told) -> anyhow::Result<Option<Exit>> {
        match told {
            Told::User(text) => self.screen.print(&over("You", &text, None))?,
            Told::Assistant { text, state } => {
                let how = match &state {
                    MessageState::Complete | MessageState::Streaming => None,
                    MessageState::Stopped | MessageState::Interrupted => Some("(interrupted)".to_owned()),
                    MessageState::Failed { error } => Some(error.message.clone()),
                };
                self.screen.print(&over("Hark", &text, how.as_deref()))?;
            }
            Told::Note(sentence) => self.screen.note(&sentence)?,
            Told::Over(None) => return Ok(Some(Exit::Done)),
            Told::Over(Some(error)) => return Err(error.into()),
        }
        Ok(None)
    }

    async fn press(&mut self, key: Key, follow: &Follow) -> anyhow::Result<Option<Exit>> {
        if let Some(text) = self.typed.take() {
            match typing(text, key) {
                Typing::Goes(text) => self.typed = Some(text),
                Typing::Sent(text) => self.send(text, follow).await?,
                Typing::GivenUp => {}
            }
            return Ok(None);
        }
        let voice = &follow.standing().voice;
        let done = match key {
            Key::Interrupt | Key::End => return Ok(Some(Exit::Interrupted)),
            Key::Char('q') => return Ok(Some(Exit::Done)),
            Key::Char('m') => self.app.mute_voice(MuteVoice { muted: !voice.muted }).await,
            Key::Char('t') => {
                self.typed = Some(String::new());
                Ok(Nothing {})
            }
            Key::Char(' ') if voice.mode == VoiceMode::PushToTalk => {
                let down = self.talking == Talking::No;
                self.talking = if down { Talking::Yes } else { Talking::No };
                self.app.talk_key(TalkKey { down }).await
            }
            Key::Escape => self.app.stop_speaking(Nothing {}).await,
            _ => Ok(Nothing {}),
        };
        // What cannot be done now is said, and the conversation goes on.
        if let Err(error) = done {
            self.screen.note(&error.message)?;
        }
        Ok(None)
    }

    async fn send(&mut self, text: String, follow: &Follow) -> anyhow::Result<()> {
        let Some(conversation) = follow.standing().voice.conversation.clone() else {
            return Ok(self.screen.note(
                "Say something first: what is typed is answered in the conversation that begins with it.",
            )?);
        };
        if let Err(error) = self.app.send(Send::words(Some(conversation), text)).await {
            self.screen.note(&error.message)?;
        }
        Ok(())
    }
}
