//! The spoken conversation: begins and ends it, puts what is said and heard into the history, tells how it stands.
//!
//! Always holds: at most one is open; its words go into one conversation; what the history has of a reply is what was
//! heard of it.

mod alone;
mod shown;
mod told;
mod unwritten;
mod wanted;

use std::collections::HashMap;
use std::sync::Arc;

use engine::{EngineError, Media};
use history::{Attachment, ConversationId, MessageId};
use media::SoundRequest;
use session::voice::{
    Shown, TypedMessage, VoiceCommand, VoiceEngines, VoiceHandle, VoiceSettings, VoiceStart,
};
use turn::{Gen, Mode, Muted};

use super::choice::{Chosen, Source};
use super::convert::conversation_id;
use super::eyes::without_pictures;
use super::reply_task::make_ready;
use super::{Core, Op};
use crate::contract::{
    ApiError, ErrorCode, ShareSight, SharingView, StartVoice, VoiceMode, VoicePhase, VoiceView, VoiceWait,
};
use crate::parts::SpokenParts;
use shown::{shown_mode, shown_start, wanted_mode};
use unwritten::Unwritten;

/// What is told about the spoken conversation, and the way to it.
#[derive(Default)]
pub(crate) struct Voice {
    view: VoiceView,
    /// None when it is off or only being made ready.
    handle: Option<VoiceHandle>,
    /// What it is open for.
    purpose: Purpose,
    /// Which devices it was opened with.
    devices: SoundRequest,
    /// How the settings wanted turns to be taken.
    mode: Mode,
    /// Which opening it is: what an earlier one still tells is no longer of interest.
    opening: u64,
    /// Where the words of replies go.
    replies: HashMap<Gen, MessageId>,
    /// The question of each reply.
    questions: HashMap<Gen, MessageId>,
    unwritten: Unwritten,
    /// A typed message that is not in the history yet, and the files that go with it.
    typed: Option<(String, Vec<Attachment>)>,
}

/// What the sound link is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Purpose {
    /// A conversation, or nothing.
    #[default]
    Talk,
    /// A look at the microphone.
    Check,
    /// Something that is played to its end; no microphone.
    Aloud,
}

impl Voice {
    pub(crate) fn view(&self) -> &VoiceView {
        &self.view
    }

    /// The conversation that it is about, once there is one.
    pub(crate) fn conversation(&self) -> Option<ConversationId> {
        conversation_id(self.view.conversation.as_deref()?).ok()
    }

    /// What is shared is this now; whether something was.
    pub(crate) fn share(&mut self, sharing: Option<SharingView>) -> bool {
        std::mem::replace(&mut self.view.sharing, sharing).is_some()
    }

    pub(crate) fn sharing(&mut self) -> Option<&mut SharingView> {
        self.view.sharing.as_mut()
    }

    pub(crate) fn has_problem(&mut self, problem: ApiError) {
        self.view.problem = Some(problem);
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
        // What waits belongs to the conversation before.
        self.written()?;
        self.voice.typed = None;
        self.end_voice();
        let turns = conversation.map(|id| self.shown_turns(id, None)).transpose()?.unwrap_or_default();
        let mut request = self.config.generate_request(Vec::new());
        // A spoken answer that is not cut off goes on for minutes; a person says a few sentences.
        request.max_tokens = request.max_tokens.or(Some(SPOKEN_TOKENS));
        let start = VoiceStart {
            system: self.config.spoken_prompt(),
            turns,
            request,
            most_pictures: self.most_pictures(),
            settings: self.voice_settings(),
        };
        let voice = &mut self.voice;
        voice.opening += 1;
        voice.mode = start.settings.mode;
        voice.view = VoiceView {
            phase: VoicePhase::Starting,
            waits_for: Some(VoiceWait::Model),
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
        let name = chosen.name.clone();
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
                    let SpokenParts { card, recogniser, voice, judge, voice_activity } = opening.parts;
                    let eyes: Option<Arc<dyn session::voice::Eyes>> =
                        Some(Arc::new(core.shared.eyes.clone()));
                    let engines =
                        VoiceEngines { card, recogniser, model, voice, judge, voice_activity, eyes };
                    core.voice.view.waits_for = Some(VoiceWait::Speech);
                    core.look_no_more_if_blind(&name);
                    let mut start = opening.start;
                    if core.is_blind(&name) {
                        without_pictures(&mut start.turns);
                    }
                    core.tell_voice();
                    core.begin_voice(opening.number, engines, start);
                }
                Err(error) => core.voice_failed(error.into()),
            }
        });
    }

    fn begin_voice(&mut self, number: u64, engines: VoiceEngines, start: VoiceStart) {
        self.voice.devices = start.settings.devices.clone();
        let (handle, mut events) = match session::voice::start(engines, start, self.runtime.clone()) {
            Ok(started) => started,
            Err(error) => return self.voice_failed(shown_start(&error)),
        };
        self.voice.handle = Some(handle);
        if self.voice.view.muted {
            // It was muted while it was being made ready.
            self.voice.send(VoiceCommand::Mute(Muted::Yes));
        }
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
        self.unshare();
        let conversation = self.voice.view.conversation.take();
        self.voice.view = VoiceView { conversation, problem: Some(error), ..VoiceView::default() };
        self.tell_voice();
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn stop_voice(&mut self) -> Result<(), ApiError> {
        if self.voice.view.phase != VoicePhase::Off || self.voice.handle.is_some() {
            self.end_voice();
            self.tell_voice();
        }
        Ok(())
    }

    /// Closes it; what was heard of a reply stays, and it ends as stopped.
    pub(crate) fn end_voice(&mut self) {
        self.write_spoken_at_end();
        if !self.voice.unwritten.is_empty() {
            return self.close_voice();
        }
        let conversation = self.voice.view.conversation.clone();
        let open: Vec<MessageId> = self.voice.replies.drain().map(|(_, message)| message).collect();
        self.voice.questions.clear();
        self.close_voice();
        let Some(id) = conversation.and_then(|id| conversation_id(&id).ok()) else { return };
        for message in open {
            if self.running.get(&id).is_some_and(|running| running.message == message) {
                self.finish(id, message, history::ReplyEnd::Stopped, None);
            }
        }
    }

    /// Closes the sound; the conversation's place in the history is still known.
    fn close_voice(&mut self) {
        self.unshare();
        self.voice.opening += 1;
        self.voice.handle = None;
        self.voice.purpose = Purpose::Talk;
        self.voice.view =
            VoiceView { conversation: self.voice.view.conversation.take(), ..VoiceView::default() };
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
        self.voice.send(VoiceCommand::Mode(wanted_mode(mode)));
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
        self.is_talking() && self.voice.view.conversation == Some(id.to_string())
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.voice.handle.is_some() && self.voice.purpose == Purpose::Talk
    }

    /// The spoken conversation waits for its first words and has no place in the history: this is it.
    pub(crate) fn adopt(&mut self, id: ConversationId) {
        if self.is_talking() && self.voice.view.conversation.is_none() {
            self.voice.view.conversation = Some(id.to_string());
            self.tell_voice();
        }
    }

    /// Answers a typed message aloud.
    pub(crate) fn say_typed(&mut self, text: String, attachments: Vec<Attachment>) {
        let (files, media) = self.shown_files(&attachments);
        let pictures = media.into_iter().map(|Media::Image(image)| image).collect();
        self.voice.typed = Some((text.clone(), attachments));
        let shown = Shown { files, pictures };
        self.voice.send(VoiceCommand::Typed(TypedMessage { text, shown }));
    }

    /// The conversation was changed from outside.
    pub(crate) fn spoken_turns_changed(&mut self, id: ConversationId) {
        if self.is_spoken(id)
            && let Ok(mut turns) = self.shown_turns(id, None)
        {
            if self.chosen(id).is_ok_and(|chosen| self.is_blind(&chosen.name)) {
                without_pictures(&mut turns);
            }
            self.voice.send(VoiceCommand::Turns(turns));
        }
    }

    /// Settings changed: those of the voice hold at once. Other devices take another link.
    pub(crate) fn voice_settings_changed(&mut self) {
        if self.voice.handle.is_none() {
            return;
        }
        let settings = self.voice_settings();
        if settings.devices != self.voice.devices {
            return self.open_again();
        }
        if self.voice.purpose != Purpose::Talk {
            // Nothing that is said meanwhile is meant for anyone.
            let mode = Mode::PushToTalk;
            return self.voice.send(VoiceCommand::Settings(VoiceSettings { mode, ..settings }));
        }
        if settings.mode == self.voice.mode {
            // What was chosen in the conversation stays.
            let mode = wanted_mode(self.voice.view.mode);
            self.voice.send(VoiceCommand::Settings(VoiceSettings { mode, ..settings }));
        } else {
            self.voice.mode = settings.mode;
            self.voice.view.mode = shown_mode(settings.mode);
            self.voice.send(VoiceCommand::Settings(settings));
            self.tell_voice();
        }
    }

    /// Opens what is open with the devices that are wanted now.
    fn open_again(&mut self) {
        let opened = match self.voice.purpose {
            Purpose::Talk => {
                let VoiceView { conversation, muted, sharing, .. } = self.voice.view.clone();
                let started = self.start_voice(&StartVoice { conversation });
                // What was shared is shared on.
                let started = started.and_then(|()| match sharing {
                    Some(sharing) => self.share(ShareSight { what: sharing.what }),
                    None => Ok(()),
                });
                // A muted microphone stays muted.
                self.voice.view.muted = muted;
                self.tell_voice();
                started
            }
            Purpose::Check => {
                self.end_voice();
                self.check_microphone()
            }
            Purpose::Aloud => Ok(()),
        };
        if let Err(error) = opened {
            self.voice_failed(error);
        }
    }

    fn voice_is_on(&self) -> Result<(), ApiError> {
        if self.voice.view.phase == VoicePhase::Off {
            return Err(ApiError::new(ErrorCode::BadRequest, "There is no spoken conversation."));
        }
        Ok(())
    }
}

/// A spoken reply of this length lasts about a minute.
const SPOKEN_TOKENS: u32 = 240;
