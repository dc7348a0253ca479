//! What happens in the conversation, put into the history and into what is shown.

use engine::Image;
use history::{ConversationId, MessageId, NewMessage};
use media::Direction;
use session::voice::{SpokenEnd, VoiceEvent};
use tokio_util::sync::CancellationToken;
use turn::Gen;

use super::Purpose;
use super::shown::{kept_end, meter, shown_phase, shown_problem, shown_side, shown_timings};
use crate::contract::{
    ApiError, Sensor, SensorPurpose, SoundSide, UiEventBody, VoiceCaption, VoiceLevels, VoicePhase,
};
use crate::core::Core;
use crate::core::convert::conversation_id;
use crate::core::replies::Running;

impl Core {
    pub(super) fn on_voice(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::Levels { user, assistant } => {
                let levels = VoiceLevels { user: meter(user), assistant: meter(assistant) };
                self.write_spoken_later();
                return self.tell(UiEventBody::VoiceLevels { levels });
            }
            VoiceEvent::Heard { .. } => return self.keep_spoken(event),
            VoiceEvent::Released { .. } | VoiceEvent::ReplyEnded { .. } => self.keep_spoken(event),
            // What is seen of a check without a conversation is its devices and levels.
            VoiceEvent::Ready => self.voice.view.waits_for = None,
            VoiceEvent::AsideEnded => self.on_aside_ended(),
            VoiceEvent::Phase(phase) => {
                if self.voice.view.phase != VoicePhase::Off {
                    self.voice.view.phase = shown_phase(phase);
                }
            }
            VoiceEvent::Side(direction, side) => {
                let view = &mut self.voice.view;
                let shown = match direction {
                    Direction::Input => &mut view.microphone,
                    Direction::Output => &mut view.speaker,
                };
                *shown = shown_side(side, shown);
            }
            VoiceEvent::Problem(problem) => self.voice.view.problem = problem.map(shown_problem),
            VoiceEvent::Caption { committed, tentative } => {
                self.voice.view.caption = VoiceCaption { committed, tentative };
            }
            VoiceEvent::Timings(timings) => self.voice.view.timings = Some(shown_timings(timings)),
        }
        self.tell_voice();
    }

    /// Tells how it stands; whether the microphone is open is noted with it.
    pub(crate) fn tell_voice(&mut self) {
        let voice = self.voice.view.clone();
        let purpose = match self.voice.purpose {
            Purpose::Check => SensorPurpose::Check,
            Purpose::Talk | Purpose::Aloud => SensorPurpose::Talk,
        };
        let on = match &voice.microphone {
            SoundSide::Open { device } => Some((device.as_str(), purpose)),
            SoundSide::Closed | SoundSide::Lost { .. } => None,
        };
        let now = self.now().0;
        if self.sensors.note(Sensor::Microphone, on, now) {
            let sensors = self.sensors.view().clone();
            self.tell(UiEventBody::Sensors { sensors });
        }
        self.tell(UiEventBody::Voice { voice });
    }

    /// Puts what was said into the history and begins the reply there. May be tried again after an error.
    pub(super) fn release(
        &mut self,
        reply: Gen,
        said: &str,
        replaces: Option<Gen>,
        seen: Vec<Image>,
    ) -> Result<(), ApiError> {
        self.write_down_ended();
        let now = self.now();
        let id = if let Some(id) = self.voice.view.conversation.as_deref() {
            conversation_id(id)?
        } else {
            let id = self.history.create_conversation(None, now)?.id;
            self.voice.view.conversation = Some(id.to_string());
            id
        };
        self.make_room(id);
        if let Some(question) = self.voice.questions.get(&reply).copied() {
            // It was written; the reply's place was not.
            self.begin_spoken(id, reply, question)?;
            self.keep_seen(id, question, seen);
            return Ok(());
        }
        let first_half = replaces.and_then(|replaced| self.voice.questions.get(&replaced).copied());
        let typed = self.voice.typed.take_if(|(text, _)| said.ends_with(text.as_str()));
        let files = typed.map(|(_, files)| files).unwrap_or_default();
        let question = if let Some(first_half) = first_half {
            let question = self.history.edit(first_half, said, now)?.id;
            self.history.attach(question, &files)?;
            self.voice.questions.insert(reply, question);
            question
        } else {
            let conversation = self.history.conversation(id)?;
            let words = NewMessage::user(said).with(files);
            let question = self.history.append_message(id, conversation.head, &words, now)?.id;
            self.voice.questions.insert(reply, question);
            self.give_title(id, conversation.title.as_deref(), said)?;
            question
        };
        self.begin_spoken(id, reply, question)?;
        self.keep_seen(id, question, seen);
        Ok(())
    }

    /// Begins the reply to a question that is in the history.
    fn begin_spoken(&mut self, id: ConversationId, reply: Gen, question: MessageId) -> Result<(), ApiError> {
        let now = self.now();
        let shown = self.history.message(question)?.parent;
        let name = self.chosen(id).ok().map(|chosen| chosen.name);
        let message = self.history.begin_reply(question, name.as_deref(), now)?.id;
        self.running.insert(id, Running::spoken(message));
        self.voice.replies.insert(reply, message);
        self.voice.view.speaking = Some(message.to_string());
        self.voice.view.caption = VoiceCaption::default();
        self.tell_path(id, shown.map(|shown| shown.to_string()).as_deref())?;
        self.tell_changed(id)
    }

    fn spoken(&self, reply: Gen) -> Option<(ConversationId, MessageId)> {
        let id = conversation_id(self.voice.view.conversation.as_deref()?).ok()?;
        Some((id, *self.voice.replies.get(&reply)?))
    }

    pub(super) fn on_heard(&mut self, reply: Gen, text: &str) {
        if let Some((id, message)) = self.spoken(reply) {
            self.on_said(id, message, text, "");
            self.save(id, message);
        }
    }

    pub(super) fn on_spoken_end(&mut self, reply: Gen, end: &SpokenEnd, usage: Option<history::Usage>) {
        let Some((id, message)) = self.spoken(reply) else { return };
        self.voice.replies.remove(&reply);
        self.voice.view.speaking = None;
        if self.running.get(&id).is_some_and(|running| running.message == message) {
            self.finish(id, message, kept_end(end), usage);
        }
    }
}

impl Running {
    /// A reply that the spoken conversation makes.
    fn spoken(message: MessageId) -> Self {
        // It is stopped through the conversation, which knows what was heard.
        Self::new(message, CancellationToken::new())
    }
}
