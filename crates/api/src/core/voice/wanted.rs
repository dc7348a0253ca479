//! What the settings want of a spoken conversation.

use engine::Language;
use media::{DeviceName, Microphone, SoundRequest};
use session::voice::VoiceSettings;
use settings::{SpokenLanguage, TurnMode};
use turn::Mode;

use crate::core::Core;

/// What a picture of a screen takes of the context, tokens: models of today make 256 to 2,000 of it.
const PICTURE_TOKENS: u32 = 1_024;

impl Core {
    pub(super) fn voice_settings(&self) -> VoiceSettings {
        let voice = &self.config.settings().voice;
        let device = |name: &Option<String>| name.clone().map(DeviceName);
        // The file holds decimal numbers in double precision.
        #[allow(clippy::cast_possible_truncation)]
        VoiceSettings {
            devices: SoundRequest {
                microphone: Microphone::Open,
                input: device(&voice.microphone),
                output: device(&voice.speaker),
            },
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

    /// So many pictures of what is shared a prompt may have: each of them takes about as much of the context as this many
    /// tokens.
    pub(super) fn most_pictures(&self) -> usize {
        usize::try_from(self.config.context_tokens() / PICTURE_TOKENS).map_or(1, |most| most.clamp(1, 8))
    }
}
