//! What can happen.

use media::{Level, Ms, Probability, SamplePos};

use crate::{Gen, Utt};

/// What happened, at a place on the conversation's clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The voice of a person, or what may be one.
    Voice(Voice),
    /// How likely it is that the turn ended with the pause that began at `pause`.
    EndOfTurn {
        /// Whose.
        utt: Utt,
        /// The pause that was judged.
        pause: SamplePos,
        /// How likely.
        probability: Probability,
    },
    /// How likely a sentence ends with the words that this draft answers, by those words alone.
    Weighed {
        /// The draft.
        r#gen: Gen,
        /// How likely.
        probability: Probability,
    },
    /// What was said, as far as it is known.
    Text(Text),
    /// The words of this utterance cannot be had (its engine failed or died).
    TextFailed {
        /// Whose.
        utt: Utt,
    },
    /// A reply got on.
    Reply {
        /// Which.
        r#gen: Gen,
        /// How.
        what: Reply,
    },
    /// The time that was asked for with [`Effect::WakeAt`](crate::Effect::WakeAt) has come.
    Wake,
    /// The microphone was muted or opened by the user.
    Mute(Muted),
    /// The user chose how turns are taken.
    Mode(Mode),
    /// The talk key went down: what is said now is meant, whatever else would speak against it.
    TalkDown,
    /// The talk key went up: the turn is over.
    TalkUp,
    /// A message was typed. Not blank.
    Typed(String),
    /// The user wants the reply to stop (a key, a button).
    StopSpeaking,
    /// Hark was called (a hotkey): stop speaking and listen.
    Summoned,
    /// Another microphone or loudspeaker: for a while the echo canceller does not know the room.
    DeviceChanged,
    /// The microphone is gone.
    MicLost,
    /// The microphone is back.
    MicBack,
}

/// What the voice activity detector sees. One utterance: `Onset`, then `Speech` or `Vanished`; after `Speech` any
/// number of `Pause` and `Resumed`. The detector goes on with the same utterance until it is told that it is closed
/// ([`Effect::Close`](crate::Effect::Close)); the next voiced sound is the onset of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Voice {
    /// The first voiced frame or two; it may be a click.
    Onset {
        /// A new one.
        utt: Utt,
    },
    /// Enough voiced sound that it is somebody speaking, or coughing. Told again about every 100 ms while it lasts.
    Speech {
        /// Whose.
        utt: Utt,
        /// Voiced sound in the utterance so far, pauses not counted.
        voiced: Ms,
        /// How loud the voiced sound of late is.
        level: Level,
    },
    /// The onset came to nothing.
    Vanished {
        /// Whose; it is closed.
        utt: Utt,
    },
    /// Quiet since `since` (about two frames ago).
    Pause {
        /// Whose.
        utt: Utt,
        /// The end of the last voiced frame.
        since: SamplePos,
    },
    /// Voiced again after a pause.
    Resumed {
        /// Whose.
        utt: Utt,
    },
}

/// What was said in an utterance so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Whose.
    pub utt: Utt,
    /// Words that will not change.
    pub committed: String,
    /// Words after them that may.
    pub tentative: String,
    /// The text is that of all sound up to here.
    pub through: SamplePos,
    /// It is the answer to a [`Effect::Settle`](crate::Effect::Settle): all that was said until that pause. `through` is
    /// not before it then.
    pub settled: bool,
}

/// How a reply got on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Its first sound is there and could be heard now.
    Ready,
    /// Its first sound has left for the loudspeaker.
    Audible,
    /// All of it has been played. A reply without a word ends so too.
    Finished,
    /// It failed; what was played of it stands.
    Failed,
}

/// Whether the microphone is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Muted {
    /// It is not.
    Yes,
    /// It is.
    No,
}

/// How turns are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// By listening.
    #[default]
    HandsFree,
    /// Only what is said while the talk key is down counts.
    PushToTalk,
}
