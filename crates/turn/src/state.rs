//! The states of a turn. A reply exists only in states that have one; there is never more than one.

use media::{Ms, Probability, SamplePos};

use crate::{Gen, utterance::Utterance};

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum State {
    /// Nobody speaks, no reply is on its way.
    #[default]
    Listening,
    /// Somebody speaks, or at least something voiced began.
    UserSpeaking { utterance: Utterance },
    /// The user paused: a draft of the reply is made, silently, until it is believed that the turn is over.
    Ending { utterance: Utterance, ending: Ending },
    /// A reply is on its way, or heard.
    Replying { reply: Released },
    /// Somebody spoke while a reply is on its way or heard: an interruption, or "uh-huh"?
    Contested { reply: Released, utterance: Utterance, contest: Contest },
}

/// A pause that may end the turn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ending {
    /// The end of the last voiced sound.
    pub(crate) pause: SamplePos,
    /// Voiced sound that was known of at the pause.
    pub(crate) voiced: Ms,
    /// When the words until the pause were asked for.
    pub(crate) asked: SamplePos,
    pub(crate) script: Script,
    pub(crate) draft: Option<Draft>,
    /// How likely it is that the turn is over; none before it is judged.
    pub(crate) judged: Option<Probability>,
    pub(crate) ended: Ended,
    pub(crate) about: About,
}

impl Ending {
    /// Whether the user said that the turn is over.
    pub(crate) fn is_over(&self) -> bool {
        self.ended == Ended::Certainly
    }
}

/// Whether the words until the pause are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Awaited,
    Settled,
}

/// A reply that nobody knows of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) r#gen: Gen,
    pub(crate) said: String,
    /// How likely a sentence ends with what was said, by the words alone; none before they are weighed.
    pub(crate) weighed: Option<Probability>,
    pub(crate) sound: DraftSound,
}

/// Whether a draft could be heard at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DraftSound {
    NotYet,
    Ready,
}

/// Whether the model tells how its drafts' questions read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Weighing {
    /// It never did.
    #[default]
    Unknown,
    /// It does, before the draft's first sound.
    Done,
}

/// Whether the turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// To be believed from silence, words and melody.
    Maybe,
    /// Voiced again since the pause, too little to know that the user goes on.
    VoicedAgain,
    /// The user said so with a key: only the words are missing.
    Certainly,
}

/// What an utterance is about, when it turns out to be only "uh-huh".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// An answer.
    TheTalk,
    /// It was said over a reply that has ended since: it is forgotten.
    AReply,
}

/// A reply that people know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Released {
    pub(crate) r#gen: Gen,
    pub(crate) said: String,
    pub(crate) origin: Origin,
    pub(crate) sound: Sound,
    /// Speech over it, as loud as the user, that came to nothing so far.
    pub(crate) spoken_over: Ms,
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Spoken,
    Typed,
}

/// Whether a reply is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sound {
    NotYet,
    Since(SamplePos),
}

/// Somebody speaks over a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Contest {
    pub(crate) volume: Volume,
    pub(crate) voice: Burst,
}

/// How the reply is played meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    Ducked {
        since: SamplePos,
    },
    Held {
        since: SamplePos,
    },
    /// In full: the voice is much quieter than the user.
    Background,
    /// In full: it took too long to show that it is an interruption. Words or lasting speech still can.
    Restored,
}

impl Volume {
    /// Whether the reply is ducked or held.
    pub(crate) fn is_lowered(self) -> bool {
        matches!(self, Self::Ducked { .. } | Self::Held { .. })
    }
}

/// The voice over a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Burst {
    Voiced,
    Quiet(Quiet),
}

/// It paused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quiet {
    /// The end of the last voiced sound.
    pub(crate) pause: SamplePos,
    /// When the words until the pause were asked for.
    pub(crate) asked: SamplePos,
    /// Whether the words until the pause are known.
    pub(crate) script: Script,
    /// Voiced sound that was known of at the pause.
    pub(crate) voiced: Ms,
    /// How likely it is that the turn is over; none before it is judged.
    pub(crate) judged: Option<Probability>,
}

impl Quiet {
    /// The same pause, as one of the user's own turn.
    pub(crate) fn as_ending(self, utterance: Utterance, about: About) -> State {
        let Self { pause, asked, script: _, voiced, judged } = self;
        let ending = Ending {
            pause,
            voiced,
            asked,
            script: Script::Awaited,
            draft: None,
            judged,
            ended: Ended::Maybe,
            about,
        };
        State::Ending { utterance, ending }
    }
}

/// What was said earlier in the turn that goes on: by an utterance the detector gave up, or before a reply that came
/// too early.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Before {
    pub(crate) said: String,
    pub(crate) replaces: Option<Gen>,
}
