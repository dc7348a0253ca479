//! Sound without a conversation: a look at the microphone, a tone, a message read aloud.

use std::sync::Arc;

use engine::TextToSpeech;
use media::Microphone;
use session::voice::{VoiceCommand, VoiceStart};
use turn::Mode;

use super::Purpose;
use crate::contract::{ApiError, ReadAloud};
use crate::core::Core;
use crate::core::convert::message_id;

impl Core {
    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn check_microphone(&mut self) -> Result<(), ApiError> {
        if self.is_talking() || (self.voice.handle.is_some() && self.voice.purpose == Purpose::Check) {
            return Ok(());
        }
        self.sound_only(Purpose::Check, None);
        Ok(())
    }

    // The signature of every command.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn play_test_tone(&mut self) -> Result<(), ApiError> {
        if self.voice.handle.is_none() || self.voice.purpose == Purpose::Aloud {
            self.sound_only(Purpose::Aloud, None);
        }
        self.voice.send(VoiceCommand::TestTone);
        Ok(())
    }

    pub(crate) fn read_aloud(&mut self, args: &ReadAloud) -> Result<(), ApiError> {
        let message = self.history.message(message_id(&args.message)?)?;
        if !self.is_talking() {
            let voice = self.speech.voice(&self.models.store, &self.config.settings().voice)?;
            self.sound_only(Purpose::Aloud, Some(voice));
        }
        self.voice.send(VoiceCommand::Read(message.text));
        self.voice.view.speaking = Some(args.message.clone());
        self.tell_voice();
        Ok(())
    }

    /// Opens the sound link without a conversation.
    fn sound_only(&mut self, purpose: Purpose, voice: Option<Arc<dyn TextToSpeech>>) {
        self.end_voice();
        self.voice.opening += 1;
        self.voice.purpose = purpose;
        let mut settings = self.voice_settings();
        // Nothing that is said meanwhile is meant for anyone.
        settings.mode = Mode::PushToTalk;
        if purpose == Purpose::Aloud {
            settings.devices.microphone = Microphone::Closed;
        }
        let start = VoiceStart {
            system: String::new(),
            turns: Vec::new(),
            request: self.config.generate_request(Vec::new()),
            most_pictures: 0,
            settings,
        };
        let engines = session::voice::sound_only(self.speech.card(), voice);
        self.begin_voice(self.voice.opening, engines, start);
    }

    /// What was read aloud is over.
    pub(super) fn on_aside_ended(&mut self) {
        if self.voice.purpose == Purpose::Aloud {
            self.end_voice();
        } else if self.voice.replies.is_empty() {
            self.voice.view.speaking = None;
        }
    }
}
