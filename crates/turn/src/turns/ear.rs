//! What is listened to: the microphone, mute, the talk key, and utterances that do not count.

use crate::{Mode, Muted, Phase, Utt};

/// The listening side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ear {
    pub(super) mode: Mode,
    pub(super) muted: Muted,
    pub(super) key: Key,
    pub(super) mic: Mic,
    /// An utterance that the detector has open and that does not count.
    pub(super) ignored: Option<Utt>,
    /// The newest utterance there was.
    pub(super) newest: Option<Utt>,
}

/// The talk key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Up,
    Down,
}

/// The microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mic {
    There,
    Lost,
}

/// Whether a voice counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attention {
    /// It does not.
    Deaf,
    /// It does, if it lasts or has words.
    Open,
    /// The key is down: all of it does.
    Key,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            mode: Mode::HandsFree,
            muted: Muted::No,
            key: Key::Up,
            mic: Mic::There,
            ignored: None,
            newest: None,
        }
    }
}

impl Ear {
    /// A muted microphone hears nothing, whatever key is down.
    pub(super) fn attention(&self) -> Attention {
        match (self.mic, self.muted, self.key, self.mode) {
            (Mic::Lost, ..) | (_, Muted::Yes, ..) | (_, _, Key::Up, Mode::PushToTalk) => Attention::Deaf,
            (_, _, Key::Down, _) => Attention::Key,
            (_, _, Key::Up, Mode::HandsFree) => Attention::Open,
        }
    }

    /// What people see when nothing else is going on.
    pub(super) fn phase(&self) -> Phase {
        match (self.mic, self.muted, self.key, self.mode) {
            (Mic::Lost, ..) => Phase::NoMicrophone,
            (_, Muted::Yes, ..) => Phase::Muted,
            (_, _, Key::Up, Mode::PushToTalk) => Phase::WaitingForKey,
            _ => Phase::Listening,
        }
    }
}
