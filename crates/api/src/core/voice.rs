//! The spoken conversation: begins and ends it, puts what is said and heard into the history, tells how it stands.
//!
//! Always holds: at most one is open; its words go into one conversation; what the history has of a reply is what was
//! heard of it.

use std::collections::HashMap;

use dialogue::prompt::{Speaker, Turn};
use engine::{EngineError, Language};
use history::{ConversationId, MessageId, NewMessage, Role};
use media::{DeviceName, Direction, Side, SoundRequest};
use session::voice::{
    SpokenEnd, VoiceCommand, VoiceEngines, VoiceEvent, VoiceHandle, VoiceProblem, VoiceSettings, VoiceStart,
};
use settings::{SpokenLanguage, TurnMode};
use tokio_util::sync::CancellationToken;
use turn::{Gen, Mode, Muted, Phase};

use super::choice::{Chosen, Source};
use super::convert::{conversation_id, kept_usage_of, message_id};
use super::replies::Running;
use super::reply_task::make_ready;
use super::{Core, Op};
use crate::contract::{
    ApiError, ErrorCode, ReadAloud, SoundSide, StartVoice, TurnTimingsView, UiEventBody, VoiceCaption,
    VoiceLevels, VoiceMode, VoicePhase, VoiceView,
};
use crate::parts::SpokenParts;

/// What is told about the spoken conversation, and the way to it.
#[derive(Default)]
pub(crate) struct Voice {
    view: VoiceView,
    /// None when it is off or only being made ready.
    handle: Option<VoiceHandle>,
    /// Which opening it is: what an earlier one still tells is no longer of interest.
    opening: u64,
    /// Where the words of replies go.
    replies: HashMap<Gen, MessageId>,
    /// The question of each reply.
    questions: HashMap<Gen, MessageId>,
}

impl Voice {
    pub(crate) fn view(&self) -> &VoiceView {
        &self.view
    }

    fn send(&self, command: VoiceCommand) {
        if let Some(handle) = &self.handle {
            handle.send(command);
        }
    }
}

/// What a spoken conversation needs besides its model.
struct Opening {
    number: u64,
    parts: SpokenParts,
    start: VoiceStart,
}

impl Core {
    pub(crate) fn start_voice(&mut self, args: &StartVoice) -> Result<(), ApiError> {
        let conversation = args.conversation.as_deref().map(conversation_id).transpose()?;
        let chosen = match conversation {
            Some(id) => self.chosen(id)?,
            None => self.chosen_by_default()?,
        };
        let parts = self.speech.parts(&self.models.store, &self.config.settings().voice)?;
        self.end_voice();
        let turns = conversation.map(|id| self.turns(id)).transpose()?.unwrap_or_default();
        let mut request = self.config.generate_request(Vec::new());
        // A spoken answer that is not cut off goes on for minutes; a person says a few sentences.
        request.max_tokens = request.max_tokens.or(Some(SPOKEN_TOKENS));
        let start = VoiceStart {
            system: self.config.spoken_prompt(),
            turns,
            request,
            settings: self.voice_settings(),
        };
        let voice = &mut self.voice;
        voice.opening += 1;
        voice.view = VoiceView {
            phase: VoicePhase::Starting,
            conversation: args.conversation.clone(),
            mode: shown_mode(start.settings.mode),
            ..VoiceView::default()
        };
        let opening = Opening { number: voice.opening, parts, start };
        self.tell_voice();
        self.open_voice(opening, chosen);
        Ok(())
    }

    /// Makes the model ready, then begins.
    fn open_voice(&mut self, opening: Opening, chosen: Chosen) {
        let (ops, servers) = (self.ops.clone(), self.servers.clone());
        let ready = async move {
            match chosen.model {
                Source::Local(model) => {
                    make_ready(&ops, &chosen.name, model.as_ref()).await?;
                    Ok(model)
                }
                Source::Server(address) => servers
                    .language_model(&address)
                    .await
                    .map_err(|error| EngineError::Unreachable { reason: error.message }),
            }
        };
        self.elsewhere(ready, move |core, model| {
            if core.voice.opening != opening.number {
                return;
            }
            match model {
                Ok(model) => {
                    let SpokenParts { card, recogniser, voice, detectors } = opening.parts;
                    let engines = VoiceEngines { card, recogniser, model, voice, detectors };
                    core.begin_voice(opening.number, engines, opening.start);
                }
                Err(error) => core.voice_failed(error.into()),
            }
        });
    }

    fn begin_voice(&mut self, number: u64, engines: VoiceEngines, start: VoiceStart) {
        let (handle, mut events) = match session::voice::start(engines, start, self.runtime.clone()) {
            Ok(started) => started,
            Err(error) => return self.voice_failed(ApiError::new(ErrorCode::Other, error.to_string())),
        };
        self.voice.handle = Some(handle);
        let ops = self.ops.clone();
        self.runtime.spawn(async move {
            while let Some(event) = events.recv().await {
                let Some(ops) = ops.upgrade() else { return };
                let op: Op = Box::new(move |core: &mut Core| {
                    if core.voice.opening == number {
                        core.on_voice(event);
                    }
                });
                if ops.send(op).await.is_err() {
                    return;
                }
            }
        });
    }

    fn voice_failed(&mut self, error: ApiError) {
        let conversation = self.voice.view.conversation.take();
        self.voice.view = VoiceView { conversation, problem: Some(error), ..VoiceView::default() };
        self.tell_voice();
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn stop_voice(&mut self) -> Result<(), ApiError> {
        if self.voice.view.phase != VoicePhase::Off {
            self.end_voice();
            self.tell_voice();
        }
        Ok(())
    }

    /// Closes it; what was heard of a reply stays, and it ends as stopped.
    pub(crate) fn end_voice(&mut self) {
        let conversation = self.voice.view.conversation.take();
        let open: Vec<MessageId> = self.voice.replies.drain().map(|(_, message)| message).collect();
        self.voice.questions.clear();
        self.voice.opening += 1;
        self.voice.handle = None;
        self.voice.view = VoiceView { conversation: conversation.clone(), ..VoiceView::default() };
        let Some(id) = conversation.and_then(|id| conversation_id(&id).ok()) else { return };
        for message in open {
            if self.running.get(&id).is_some_and(|running| running.message == message) {
                self.finish(id, message, history::ReplyEnd::Stopped, None);
            }
        }
    }

    pub(crate) fn mute_voice(&mut self, muted: bool) -> Result<(), ApiError> {
        self.voice_is_on()?;
        self.voice.view.muted = muted;
        self.voice.send(VoiceCommand::Mute(if muted { Muted::Yes } else { Muted::No }));
        self.tell_voice();
        Ok(())
    }

    pub(crate) fn choose_voice_mode(&mut self, mode: VoiceMode) -> Result<(), ApiError> {
        self.voice_is_on()?;
        self.voice.view.mode = mode;
        self.voice.send(VoiceCommand::Mode(match mode {
            VoiceMode::HandsFree => Mode::HandsFree,
            VoiceMode::PushToTalk => Mode::PushToTalk,
        }));
        self.tell_voice();
        Ok(())
    }

    pub(crate) fn talk_key(&mut self, down: bool) -> Result<(), ApiError> {
        self.voice_is_on()?;
        self.voice.send(if down { VoiceCommand::TalkDown } else { VoiceCommand::TalkUp });
        Ok(())
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn stop_speaking(&mut self) -> Result<(), ApiError> {
        self.hush();
        Ok(())
    }

    /// Makes the reply that is heard stop.
    pub(crate) fn hush(&mut self) {
        self.voice.send(VoiceCommand::StopSpeaking);
    }

    /// Whether a message typed to this conversation is to be answered aloud.
    pub(crate) fn is_spoken(&self, id: ConversationId) -> bool {
        self.voice.handle.is_some() && self.voice.view.conversation == Some(id.to_string())
    }

    /// Answers a typed message aloud.
    pub(crate) fn say_typed(&mut self, text: String) {
        self.voice.send(VoiceCommand::Typed(text));
    }

    /// The conversation was changed from outside.
    pub(crate) fn spoken_turns_changed(&mut self, id: ConversationId) {
        if self.is_spoken(id)
            && let Ok(turns) = self.turns(id)
        {
            self.voice.send(VoiceCommand::Turns(turns));
        }
    }

    /// Settings changed: those of the voice hold at once.
    pub(crate) fn voice_settings_changed(&mut self) {
        if self.voice.handle.is_some() {
            let settings = self.voice_settings();
            self.voice.send(VoiceCommand::Settings(settings));
        }
    }

    pub(crate) fn play_test_tone(&mut self) -> Result<(), ApiError> {
        self.checking()?;
        self.voice.send(VoiceCommand::TestTone);
        Ok(())
    }

    pub(crate) fn check_microphone(&mut self) -> Result<(), ApiError> {
        self.checking()
    }

    pub(crate) fn read_aloud(&mut self, args: &ReadAloud) -> Result<(), ApiError> {
        let message = self.history.message(message_id(&args.message)?)?;
        self.checking()?;
        self.voice.send(VoiceCommand::Read(message.text));
        Ok(())
    }

    /// Opens the sound link without listening for words, unless a conversation is open.
    fn checking(&mut self) -> Result<(), ApiError> {
        if self.voice.handle.is_some() {
            return Ok(());
        }
        let parts = self.speech.parts(&self.models.store, &self.config.settings().voice)?;
        self.voice.opening += 1;
        let SpokenParts { card, recogniser, voice, detectors } = parts;
        let model = session::voice::silent_model();
        let engines = VoiceEngines { card, recogniser, model, voice, detectors };
        let mut settings = self.voice_settings();
        // Nothing that is said during a check is meant for anyone.
        settings.mode = Mode::PushToTalk;
        let start = VoiceStart {
            system: String::new(),
            turns: Vec::new(),
            request: self.config.generate_request(Vec::new()),
            settings,
        };
        self.begin_voice(self.voice.opening, engines, start);
        Ok(())
    }

    fn voice_is_on(&self) -> Result<(), ApiError> {
        if self.voice.view.phase == VoicePhase::Off {
            return Err(ApiError::new(ErrorCode::BadRequest, "There is no spoken conversation."));
        }
        Ok(())
    }

    fn voice_settings(&self) -> VoiceSettings {
        let voice = &self.config.settings().voice;
        let device = |name: &Option<String>| name.clone().map(DeviceName);
        // The file holds decimal numbers in double precision.
        #[allow(clippy::cast_possible_truncation)]
        VoiceSettings {
            devices: SoundRequest { input: device(&voice.microphone), output: device(&voice.speaker) },
            mode: match voice.mode {
                TurnMode::HandsFree => Mode::HandsFree,
                TurnMode::PushToTalk => Mode::PushToTalk,
            },
            language: match voice.language {
                SpokenLanguage::Auto => None,
                SpokenLanguage::En => Some("en"),
                SpokenLanguage::Es => Some("es"),
                SpokenLanguage::Zh => Some("zh"),
            }
            .map(|code| Language(code.to_owned())),
            voice: voice.voice.clone(),
            rate: voice.rate as f32,
            volume: voice.volume as f32,
        }
    }

    /// The branch that is shown, as a model is told it.
    fn turns(&self, id: ConversationId) -> Result<Vec<Turn>, ApiError> {
        self.turns_without(id, None)
    }

    /// The branch that is shown without one of its messages, as a model is told it.
    pub(crate) fn turns_without(
        &self,
        id: ConversationId,
        left_out: Option<MessageId>,
    ) -> Result<Vec<Turn>, ApiError> {
        let path = self.history.path(id)?;
        let messages = path.into_iter().map(|entry| entry.message);
        Ok(messages
            .filter(|message| Some(message.id) != left_out && message.role != Role::Notice)
            .map(|message| {
                let speaker = if message.role == Role::User { Speaker::User } else { Speaker::Assistant };
                Turn { speaker, text: message.text }
            })
            .collect())
    }

    pub(crate) fn tell_voice(&mut self) {
        let voice = self.voice.view.clone();
        self.tell(UiEventBody::Voice { voice });
    }

    fn on_voice(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::Levels { user, assistant } => {
                let levels = VoiceLevels { user: meter(user), assistant: meter(assistant) };
                return self.tell(UiEventBody::VoiceLevels { levels });
            }
            VoiceEvent::Heard { r#gen, text } => return self.on_heard(r#gen, &text),
            VoiceEvent::Released { r#gen, said, replaces } => self.on_released(r#gen, &said, replaces),
            VoiceEvent::ReplyEnded { r#gen, end, usage } => {
                self.on_spoken_end(r#gen, &end, usage.as_ref().map(kept_usage_of));
            }
            // What is seen of a check without a conversation is its devices and levels.
            VoiceEvent::Ready => {}
            VoiceEvent::Phase(phase) => {
                if self.voice.view.phase != VoicePhase::Off {
                    self.voice.view.phase = shown_phase(phase);
                }
            }
            VoiceEvent::Side(direction, side) => {
                let shown = shown_side(side);
                match direction {
                    Direction::Input => self.voice.view.microphone = shown,
                    Direction::Output => self.voice.view.speaker = shown,
                }
            }
            VoiceEvent::Problem(problem) => self.voice.view.problem = problem.map(shown_problem),
            VoiceEvent::Caption { committed, tentative } => {
                self.voice.view.caption = VoiceCaption { committed, tentative };
            }
            VoiceEvent::Timings(timings) => self.voice.view.timings = Some(shown_timings(timings)),
        }
        self.tell_voice();
    }

    fn on_released(&mut self, reply: Gen, said: &str, replaces: Option<Gen>) {
        if let Err(error) = self.release(reply, said, replaces) {
            self.notice("save", error);
        }
    }

    /// Puts what was said into the history and begins the reply there.
    fn release(&mut self, reply: Gen, said: &str, replaces: Option<Gen>) -> Result<(), ApiError> {
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
        let first_half = replaces.and_then(|replaced| self.voice.questions.get(&replaced).copied());
        let (question, shown) = if let Some(first_half) = first_half {
            let edited = self.history.edit(first_half, said, now)?;
            (edited.id, edited.parent)
        } else {
            let conversation = self.history.conversation(id)?;
            let message = self.history.append_message(id, conversation.head, &NewMessage::user(said), now)?;
            self.give_title(id, conversation.title.as_deref(), said)?;
            (message.id, conversation.head)
        };
        let name = self.chosen(id).ok().map(|chosen| chosen.name);
        let message = self.history.begin_reply(question, name.as_deref(), now)?.id;
        self.running.insert(id, Running::spoken(message));
        self.voice.questions.insert(reply, question);
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

    fn on_heard(&mut self, reply: Gen, text: &str) {
        if let Some((id, message)) = self.spoken(reply) {
            self.on_said(id, message, text, "");
            self.save(id, message);
        }
    }

    fn on_spoken_end(&mut self, reply: Gen, end: &SpokenEnd, usage: Option<history::Usage>) {
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

/// A spoken reply of this length lasts about a minute.
const SPOKEN_TOKENS: u32 = 240;

/// Decibels below full scale that a meter shows as nothing: a quiet room.
const METER_FLOOR_DB: f32 = -60.0;

fn meter(level: media::Level) -> f32 {
    (1.0 - level.db() / METER_FLOOR_DB).clamp(0.0, 1.0)
}

fn shown_mode(mode: Mode) -> VoiceMode {
    match mode {
        Mode::HandsFree => VoiceMode::HandsFree,
        Mode::PushToTalk => VoiceMode::PushToTalk,
    }
}

fn shown_phase(phase: Phase) -> VoicePhase {
    match phase {
        Phase::Listening => VoicePhase::Listening,
        Phase::Hearing => VoicePhase::Hearing,
        Phase::Thinking => VoicePhase::Thinking,
        Phase::Speaking => VoicePhase::Speaking,
        Phase::Contested => VoicePhase::Contested,
        Phase::Muted => VoicePhase::Muted,
        Phase::NoMicrophone => VoicePhase::NoMicrophone,
        Phase::WaitingForKey => VoicePhase::WaitingForKey,
    }
}

fn shown_side(side: Side) -> SoundSide {
    match side {
        Side::Open { device, .. } => SoundSide::Open { device },
        Side::Lost { why } => SoundSide::Lost { error: ApiError::new(ErrorCode::Sound, why.to_string()) },
    }
}

fn shown_problem(problem: VoiceProblem) -> ApiError {
    match problem {
        VoiceProblem::Model(error) => error.into(),
        other => ApiError::new(ErrorCode::Sound, other.to_string()),
    }
}

fn shown_timings(timings: session::voice::TurnTimings) -> TurnTimingsView {
    let session::voice::TurnTimings {
        silence_seen,
        transcript_final,
        end_believed,
        first_token,
        first_audio,
        first_sound,
    } = timings;
    TurnTimingsView { silence_seen, transcript_final, end_believed, first_token, first_audio, first_sound }
}

fn kept_end(end: &SpokenEnd) -> history::ReplyEnd {
    match end {
        SpokenEnd::Complete => history::ReplyEnd::Complete,
        SpokenEnd::Interrupted => history::ReplyEnd::Interrupted,
        SpokenEnd::Stopped => history::ReplyEnd::Stopped,
        SpokenEnd::Failed(error) => {
            history::ReplyEnd::Failed { reason: super::convert::kept_reason(&error.clone().into()) }
        }
    }
}
