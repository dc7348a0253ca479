//! The spoken conversation: what can be asked, what can be seen. No sound crosses here, only levels and words.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, SharingView};

/// Begins a spoken conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartVoice {
    /// Which conversation goes on by voice; none begins a new one with the first words.
    pub conversation: Option<String>,
}

/// The microphone, closed or open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MuteVoice {
    /// Nothing is heard.
    pub muted: bool,
}

/// The talk key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TalkKey {
    /// It went down, or up.
    pub down: bool,
}

/// How turns are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VoiceMode {
    /// By listening.
    #[default]
    HandsFree,
    /// Only what is said while the talk key is down counts.
    PushToTalk,
}

/// How turns are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChooseVoiceMode {
    /// How.
    pub mode: VoiceMode,
}

/// The devices there are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct SoundDevices {
    /// Microphones.
    pub microphones: Vec<SoundDevice>,
    /// Loudspeakers and headphones.
    pub speakers: Vec<SoundDevice>,
}

/// A microphone or a loudspeaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SoundDevice {
    /// What the settings `voice.microphone` and `voice.speaker` keep.
    pub name: String,
    /// For people.
    pub label: String,
    /// The system takes it when nothing else is said.
    pub is_default: bool,
}

/// The voices there are for speaking.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Voices {
    /// Best first.
    pub voices: Vec<VoiceChoice>,
}

/// A voice that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VoiceChoice {
    /// What the setting `voice.voice` keeps.
    pub id: String,
    /// For people.
    pub name: String,
    /// Languages it speaks, its own first: `en`, `es`, `zh`.
    pub languages: Vec<String>,
}

/// How the spoken conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VoicePhase {
    /// There is none.
    #[default]
    Off,
    /// Engines and devices are being made ready.
    Starting,
    /// Waiting for somebody to speak.
    Listening,
    /// Somebody speaks.
    Hearing,
    /// A reply is on its way.
    Thinking,
    /// A reply is heard.
    Speaking,
    /// A reply is quieter, or held, because somebody may be speaking.
    Contested,
    /// The microphone is muted, and no reply is heard.
    Muted,
    /// There is no microphone, and no reply is heard.
    NoMicrophone,
    /// Waiting for the talk key.
    WaitingForKey,
}

/// How a microphone or loudspeaker stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SoundSide {
    /// Not open.
    #[default]
    Closed,
    /// In use: a microphone that is open shows a light.
    Open {
        /// Its name for people.
        device: String,
    },
    /// Wanted and not there; it is tried again by itself.
    Lost {
        /// The device that was in use before, by its name for people.
        device: Option<String>,
        /// What happened and what to do.
        error: ApiError,
    },
}

/// What is wrong with the sound. A user interface has its own words for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SoundReason {
    /// There is no microphone at all.
    NoMicrophone,
    /// There are no loudspeakers at all.
    NoSpeaker,
    /// The device that was chosen or in use is not there.
    NotThere {
        /// Its name.
        device: String,
    },
    /// The system does not let this program record.
    NotAllowed,
    /// The system's sound server went away.
    ServerGone,
    /// Another program has the device for itself.
    Busy {
        /// Its name.
        device: String,
    },
    /// The device offers no format that can be used.
    NoFormat {
        /// Its name.
        device: String,
    },
    /// The device failed in another way; the message says how.
    DeviceFailed,
    /// The microphone gives nothing but zeros: it is muted in the system or by a switch on it.
    OnlyZeros,
    /// The microphone is so loud that it distorts.
    Clipping,
    /// Words could not be written down; the message says why. It is tried again with the next ones.
    RecogniserFailed,
    /// A reply could not be spoken; the message says why.
    VoiceFailed,
}

/// What a spoken conversation waits for before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VoiceWait {
    /// The model that answers; the engine's state tells how far it is.
    Model,
    /// The recogniser, the voice and the model's first look at the conversation.
    Speech,
}

/// The spoken conversation as it stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
pub struct VoiceView {
    /// How it stands.
    pub phase: VoicePhase,
    /// While it is starting: for what.
    pub waits_for: Option<VoiceWait>,
    /// Where its words go; none before the first.
    pub conversation: Option<String>,
    /// The microphone is muted.
    pub muted: bool,
    /// How turns are taken.
    pub mode: VoiceMode,
    /// The microphone.
    pub microphone: SoundSide,
    /// The loudspeaker.
    pub speaker: SoundSide,
    /// What the user is saying and is not yet a message.
    pub caption: VoiceCaption,
    /// The message that is being spoken; its text grows as it is heard.
    pub speaking: Option<String>,
    /// Something that does not work as it should, with what to do; the rest works.
    pub problem: Option<ApiError>,
    /// The last reply's times.
    pub timings: Option<TurnTimingsView>,
    /// What is shared.
    pub sharing: Option<SharingView>,
}

/// Live words of the user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct VoiceCaption {
    /// Words that will not change.
    pub committed: String,
    /// Words after them that may; shown dimmer.
    pub tentative: String,
}

/// When things happened in the last turn, in milliseconds after the user's last voiced sound. None where it did not
/// happen or is not known.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
pub struct TurnTimingsView {
    /// The silence was noticed.
    pub silence_seen: Option<f64>,
    /// The words were final.
    pub transcript_final: Option<f64>,
    /// The end of the turn was believed.
    pub end_believed: Option<f64>,
    /// The model's first token came.
    pub first_token: Option<f64>,
    /// The first sound of the reply was made.
    pub first_audio: Option<f64>,
    /// The first sound left for the loudspeaker.
    pub first_sound: Option<f64>,
}

/// The levels of both voices, 0..=1 as a meter shows them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
pub struct VoiceLevels {
    /// The microphone, after echo cancellation.
    pub user: f32,
    /// The loudspeaker.
    pub assistant: f32,
}

/// A message to be read aloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReadAloud {
    /// Which conversation.
    pub conversation: String,
    /// Which message.
    pub message: String,
}
