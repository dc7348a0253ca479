//! What goes into a spoken conversation and what comes out of it.

use std::path::PathBuf;
use std::sync::Arc;

use dialogue::prompt::Turn;
use engine::{
    EngineError, GenerateRequest, Image, Language, LanguageModel, Media, SpeechToText, TextToSpeech,
    TurnJudge,
};
use media::{Direction, Level, Side, SoundCard, SoundRequest};
use turn::{Gen, Mode, Muted, Phase};

use super::eyes::Eyes;
use crate::reply::Usage;

/// The engines of a spoken conversation.
#[derive(Clone)]
pub struct VoiceEngines {
    /// Microphones and loudspeakers.
    pub card: Arc<dyn SoundCard>,
    /// Hears words.
    pub recogniser: Arc<dyn SpeechToText>,
    /// Answers.
    pub model: Arc<dyn LanguageModel>,
    /// Speaks.
    pub voice: Arc<dyn TextToSpeech>,
    /// Judges the ends of turns; without it pauses and words decide.
    pub judge: Option<Arc<dyn TurnJudge>>,
    /// The file of the detector of voices (Silero), which runs in this process; without it a simpler one is used.
    pub voice_activity: Option<PathBuf>,
    /// Sees what is shared.
    pub eyes: Option<Arc<dyn Eyes>>,
}

/// How it is to be spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceSettings {
    /// Which devices.
    pub devices: SoundRequest,
    /// How turns are taken.
    pub mode: Mode,
    /// The language that is spoken to Hark; none lets the recogniser find out.
    pub language: Option<Language>,
    /// The voice's id; none takes the best for each language.
    pub voice: Option<String>,
    /// How fast, relative to the voice's own pace: 0.5..=3.
    pub rate: f32,
    /// How loud the voice is played, 0..=1.
    pub volume: f32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self {
            devices: SoundRequest::default(),
            mode: Mode::HandsFree,
            language: None,
            voice: None,
            rate: 1.0,
            volume: 1.0,
        }
    }
}

/// Where the conversation stands when it begins to be spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceStart {
    /// What the model is told before the conversation.
    pub system: String,
    /// What was said and shown so far, oldest first.
    pub turns: Vec<(Turn, Vec<Media>)>,
    /// So many pictures of what is shared the model is shown again with every prompt; older ones are left out.
    pub most_pictures: usize,
    /// How replies are to be made; its messages are ignored.
    pub request: GenerateRequest,
    /// How it is to be spoken.
    pub settings: VoiceSettings,
}

/// What goes with a message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    /// Texts, each with its name, that are quoted before the words.
    pub files: Vec<(String, String)>,
    /// Pictures.
    pub pictures: Vec<Image>,
}

/// A message that was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedMessage {
    /// Its words; not blank.
    pub text: String,
    /// What goes with it.
    pub shown: Shown,
}

/// Something the user wants of a spoken conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum VoiceCommand {
    /// Close or open the microphone.
    Mute(Muted),
    /// How turns are taken.
    Mode(Mode),
    /// The talk key went down.
    TalkDown,
    /// The talk key went up.
    TalkUp,
    /// Be quiet.
    StopSpeaking,
    /// Hark was called: be quiet and listen.
    Summoned,
    /// A message was typed; it is answered aloud.
    Typed(TypedMessage),
    /// How it is to be spoken from now on.
    Settings(VoiceSettings),
    /// The conversation was changed from outside (a message was edited): these are its turns now.
    Turns(Vec<(Turn, Vec<Media>)>),
    /// Read this aloud; it is part of no turn and not told as heard.
    Read(String),
    /// Play a short tone.
    TestTone,
}

/// What happens in a spoken conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum VoiceEvent {
    /// Engines and devices are ready; the first event.
    Ready,
    /// How it stands.
    Phase(Phase),
    /// How the microphone or the loudspeaker stands.
    Side(Direction, Side),
    /// Something does not work as it should, or does again.
    Problem(Option<VoiceProblem>),
    /// What the user is saying and is not yet a message.
    Caption {
        /// Words that will not change.
        committed: String,
        /// Words after them that may.
        tentative: String,
    },
    /// The user said this, and the reply begins; about to be heard.
    Released {
        /// The reply.
        r#gen: Gen,
        /// What was said or typed.
        said: String,
        /// The reply that answered only the first part of it: both questions are one message now.
        replaces: Option<Gen>,
        /// What the model was shown with it of what is shared, oldest first.
        seen: Vec<Image>,
    },
    /// More of a reply was heard.
    Heard {
        /// Which.
        r#gen: Gen,
        /// Its next words, as the model wrote them.
        text: String,
    },
    /// A reply has ended.
    ReplyEnded {
        /// Which.
        r#gen: Gen,
        /// How.
        end: SpokenEnd,
        /// Figures, where they are known.
        usage: Option<Usage>,
    },
    /// What was read aloud, or a tone, is over or was stopped.
    AsideEnded,
    /// When things happened in the turn whose reply has just become audible.
    Timings(TurnTimings),
    /// How loud both voices are; about 30 times a second.
    Levels {
        /// The microphone after echo cancellation.
        user: Level,
        /// What left for the loudspeaker.
        assistant: Level,
    },
}

/// Something that does not work as it should; the rest goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoiceProblem {
    /// The microphone gives nothing but zeros.
    #[error(
        "The microphone gives only silence. Check that it is not muted in the system's sound settings or by a switch on it."
    )]
    OnlyZeros,
    /// The microphone clips.
    #[error("The microphone is too loud and distorts. Turn its level down in the system's sound settings.")]
    Clipping,
    /// The recogniser failed; it is tried again with the next words.
    #[error("Your words could not be written down. {0}")]
    Recogniser(EngineError),
    /// The voice failed; replies are shown and not heard.
    #[error("The reply could not be spoken. {0}")]
    Voice(EngineError),
    /// The model failed.
    #[error("{0}")]
    Model(EngineError),
}

/// How a spoken reply ended.
#[derive(Debug, Clone, PartialEq)]
pub enum SpokenEnd {
    /// All of it was heard.
    Complete,
    /// The user spoke over it, or it was stopped; what was told as heard is all there is.
    Interrupted,
    /// The user stopped it with a key or a button.
    Stopped,
    /// An engine failed.
    Failed(EngineError),
}

/// When things happened in one turn, in milliseconds after the user's last voiced sample as the detector saw it. None
/// where it did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TurnTimings {
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
