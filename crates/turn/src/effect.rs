//! What is to be done.

use media::SamplePos;

use crate::{Gen, Utt};

/// Something to be done, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Begin to write down this utterance, with what was heard shortly before its onset.
    Transcribe {
        /// Which.
        utt: Utt,
    },
    /// Tell all that was said until now as soon as possible; answered by a settled [`Text`](crate::Text).
    Settle {
        /// Which.
        utt: Utt,
        /// The end of its last voiced sound.
        pause: SamplePos,
    },
    /// Judge whether the turn ended with this pause, from the sound up to now and no later: more silence makes the
    /// judgement worse. Answered by [`Input::EndOfTurn`](crate::Input::EndOfTurn).
    Judge {
        /// Which.
        utt: Utt,
        /// The end of its last voiced sound.
        pause: SamplePos,
    },
    /// The utterance is over, also for the detector: the next voiced sound is another.
    Close {
        /// Which.
        utt: Utt,
    },
    /// Begin a reply to this, silently: nothing of it is heard or kept before [`Effect::Release`].
    Draft {
        /// Its name.
        r#gen: Gen,
        /// What was said or typed.
        said: String,
        /// The released reply that this one replaces, because it answered only the first part of what was said: `said`
        /// is the whole, and the two become one message.
        replaces: Option<Gen>,
    },
    /// Forget a draft that was not released.
    Discard {
        /// Which.
        r#gen: Gen,
    },
    /// The draft is the reply: what was said is kept, and it is heard from its first sound on, as soon as there is one.
    Release {
        /// Which.
        r#gen: Gen,
    },
    /// Somebody may be speaking over the reply: make it quieter.
    Duck,
    /// Stay silent for now and remember the place.
    Hold,
    /// It was nothing: go on at full volume, from the beginning of the word at which it was held.
    Resume,
    /// End a released reply; what was heard of it stays.
    Stop {
        /// Which.
        r#gen: Gen,
        /// Why.
        why: StopReason,
    },
    /// Come back with [`Input::Wake`](crate::Input::Wake) at this time; takes the place of an earlier wish.
    WakeAt(SamplePos),
    /// No wake is wished for any more.
    NoWake,
    /// Tell people how it stands.
    Show(Phase),
}

/// Why a reply ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The user spoke.
    BargeIn,
    /// The user had not finished when it began.
    WentOn,
    /// The user typed something else.
    Typed,
    /// The user pressed a key or a button.
    Asked,
}

/// How it stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// Waiting for somebody to speak.
    #[default]
    Listening,
    /// Somebody speaks.
    Hearing,
    /// A reply is on its way.
    Thinking,
    /// A reply is heard.
    Speaking,
    /// A reply is ducked or held because somebody may be speaking.
    Contested,
    /// The microphone is muted, and no reply is heard.
    Muted,
    /// There is no microphone, and no reply is heard.
    NoMicrophone,
    /// Waiting for the talk key.
    WaitingForKey,
}
