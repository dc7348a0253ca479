//! Following the spoken conversation through the event stream: what was said, by whom, and how it stands.
//!
//! Always holds: everything that was said is told once, in order, when it is over; after lost events the history is
//! asked.

use std::collections::HashSet;

use api::{
    ApiError, App, Commands, EngineView, MessageState, MessageView, Nothing, OneConversation, Speaker,
    UiEvent, UiEventBody, VoiceLevels, VoicePhase, VoiceView,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Something that is over and can be written down.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// The user said this.
    User(String),
    /// This was heard of a reply, which ended so.
    Assistant { text: String, state: MessageState },
    /// Something to know.
    Note(String),
    /// The conversation is over; why, if it was not wished.
    Over(Option<ApiError>),
}

/// The conversation as it stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Standing {
    pub(super) voice: VoiceView,
    pub(super) levels: VoiceLevels,
    /// What was heard so far of the reply that is being spoken.
    pub(super) reply: Option<String>,
    /// What the engine is doing, while it is made ready.
    pub(super) engine: Option<String>,
}

/// Follows one conversation.
pub(super) struct Follow {
    app: App,
    events: Receiver<UiEvent>,
    script: Script,
    /// Events up to this number are known.
    seen: u64,
}

impl Follow {
    /// Listens from now on.
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), events: app.events(), script: Script::default(), seen: 0 }
    }

    pub(super) fn standing(&self) -> &Standing {
        &self.script.standing
    }

    /// Waits for the next event; what it tells.
    pub(super) async fn next(&mut self) -> anyhow::Result<Vec<Told>> {
        match self.events.recv().await {
            Ok(event) if event.seq <= self.seen => Ok(Vec::new()),
            Ok(event) => Ok(self.script.take(event.body)),
            Err(RecvError::Lagged(_)) => self.catch_up().await,
            Err(RecvError::Closed) => anyhow::bail!("The program is closing."),
        }
    }

    async fn catch_up(&mut self) -> anyhow::Result<Vec<Told>> {
        // Listening comes before reading, so that nothing falls between; what is in both is skipped by its number.
        self.events = self.events.resubscribe();
        let snapshot = self.app.snapshot(Nothing {}).await?;
        self.seen = snapshot.seq;
        let mut told = Vec::new();
        if let Some(conversation) = snapshot.voice.conversation.clone() {
            let view = self.app.open_conversation(OneConversation { conversation }).await?;
            self.seen = view.seq;
            told = self.script.messages(view.messages);
        }
        told.extend(self.script.take(UiEventBody::Voice { voice: snapshot.voice }));
        Ok(told)
    }
}

/// What is made of events, without the stream they come from.
#[derive(Default)]
struct Script {
    standing: Standing,
    /// The message that is being spoken.
    reply: Option<String>,
    /// Messages that are told.
    told: HashSet<String>,
}

impl Script {
    fn take(&mut self, event: UiEventBody) -> Vec<Told> {
        match event {
            UiEventBody::Voice { voice } => return self.voice(voice),
            UiEventBody::VoiceLevels { levels } => self.standing.levels = levels,
            UiEventBody::Path { messages, .. } => return self.messages(messages),
            UiEventBody::Delta { message, text, .. } if self.reply.as_ref() == Some(&message) => {
                self.standing.reply.get_or_insert_default().push_str(&text);
            }
            UiEventBody::Message { message, .. } => return self.messages(vec![message]),
            UiEventBody::Engine { engine: EngineView::Loading { model, progress } } => {
                self.standing.engine = Some(format!("Loading {model} {:.0} %", progress * 100.0));
            }
            UiEventBody::Engine { .. } => self.standing.engine = None,
            UiEventBody::Notice { notice } => return vec![Told::Note(notice.error.message)],
            _ => {}
        }
        Vec::new()
    }

    fn voice(&mut self, voice: VoiceView) -> Vec<Told> {
        let before = std::mem::replace(&mut self.standing.voice, voice);
        let now = &self.standing.voice;
        if now.phase == VoicePhase::Off && before.phase != VoicePhase::Off {
            return vec![Told::Over(now.problem.clone())];
        }
        let new = now.problem.as_ref().filter(|problem| before.problem.as_ref() != Some(problem));
        new.map(|problem| Told::Note(problem.message.clone())).into_iter().collect()
    }

    /// Messages that are there: those that are over and not told are.
    fn messages(&mut self, messages: Vec<MessageView>) -> Vec<Told> {
        let mut told = Vec::new();
        for message in messages {
            if self.told.contains(&message.id) {
                continue;
            }
            match (message.speaker, message.state) {
                (Speaker::User, _) => told.push(Told::User(message.text)),
                (Speaker::Assistant, MessageState::Streaming) => {
                    self.reply = Some(message.id);
                    self.standing.reply = Some(message.text);
                    continue;
                }
                (Speaker::Assistant, state) => {
                    if self.reply.as_ref() == Some(&message.id) {
                        (self.reply, self.standing.reply) = (None, None);
                    }
                    told.push(Told::Assistant { text: message.text, state });
                }
            }
            self.told.insert(message.id);
        }
        told
    }

    /// What was said before this run is not told again.
    #[cfg(test)]
    fn knows(&self, id: &str) -> bool {
        self.told.contains(id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use api::{ErrorCode, VoiceMode};

    use super::*;

    fn message(id: &str, speaker: Speaker, text: &str, state: &MessageState) -> MessageView {
        let shape = serde_json::json!({
            "id": id, "speaker": speaker, "text": text, "thinking": "", "state": state, "created": 0,
            "model": null, "versions": [id], "details": null,
        });
        serde_json::from_value(shape).unwrap()
    }

    fn path(messages: Vec<MessageView>) -> UiEventBody {
        UiEventBody::Path { conversation: "c".into(), after: None, messages }
    }

    fn delta(text: &str) -> UiEventBody {
        let (conversation, message) = ("c".into(), "r".into());
        UiEventBody::Delta { conversation, message, text: text.into(), thinking: String::new() }
    }

    fn voice(phase: VoicePhase, problem: Option<ApiError>) -> UiEventBody {
        UiEventBody::Voice {
            voice: VoiceView { phase, problem, mode: VoiceMode::HandsFree, ..VoiceView::default() },
        }
    }

    #[test]
    fn what_is_said_is_told_once_and_a_reply_when_it_is_over() {
        let mut script = Script::default();
        let question = || message("u", Speaker::User, "Hello?", &MessageState::Complete);
        let reply = |text: &str, state| message("r", Speaker::Assistant, text, &state);
        let told = script.take(path(vec![question(), reply("", MessageState::Streaming)]));
        assert_eq!(told, [Told::User("Hello?".into())]);
        assert_eq!(script.take(delta("Good ")), []);
        script.take(delta("morning"));
        assert_eq!(script.standing.reply.as_deref(), Some("Good morning"));
        let over = reply("Good morning", MessageState::Stopped);
        let told = script.take(UiEventBody::Message { conversation: "c".into(), message: over.clone() });
        assert_eq!(told, [Told::Assistant { text: "Good morning".into(), state: MessageState::Stopped }]);
        assert_eq!(script.standing.reply, None);
        assert_eq!(script.take(path(vec![question(), over])), [], "nothing twice");
        assert!(script.knows("u"));
    }

    #[test]
    fn a_problem_is_told_once_and_the_end_with_its_reason() {
        let mut script = Script::default();
        let problem = || Some(ApiError::new(ErrorCode::Sound, "No microphone."));
        assert_eq!(script.take(voice(VoicePhase::Starting, None)), []);
        assert_eq!(
            script.take(voice(VoicePhase::NoMicrophone, problem())),
            [Told::Note("No microphone.".into())]
        );
        assert_eq!(script.take(voice(VoicePhase::NoMicrophone, problem())), []);
        assert_eq!(script.take(voice(VoicePhase::Off, problem())), [Told::Over(problem())]);
    }
}
