//! A reply, and what belongs to it.

use std::time::Instant;

use engine::Image;
use turn::Gen;

use super::reply::{SpokenReply, ms};
use super::types::{Shown, TurnTimings};

/// A reply and what belongs to it.
pub(super) struct Live {
    pub(super) reply: SpokenReply,
    pub(super) said: String,
    /// What was typed goes with this.
    pub(super) shown: Shown,
    /// What of it all is shared.
    pub(super) seen: Vec<Image>,
    pub(super) replaces: Option<Gen>,
    pub(super) stage: Stage,
    /// The pause it answers.
    pub(super) pause: Pause,
    /// When its release was decided.
    pub(super) believed: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Draft,
    /// Released; not heard yet.
    Released,
    Audible,
}

/// The user's last pause, for the times of a turn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pause {
    /// The end of the last voiced sample.
    pub(super) voiced_end: Option<Instant>,
    /// When it was noticed.
    pub(super) seen: Option<Instant>,
    /// When the words until it were known.
    pub(super) settled: Option<Instant>,
}

impl Live {
    /// When things happened in its turn, if its first sound is heard at `audible`.
    pub(super) fn times(&self, audible: Instant) -> TurnTimings {
        let Pause { voiced_end, seen, settled } = self.pause;
        let after = |at: Option<Instant>| Some(ms(at?.saturating_duration_since(voiced_end?)));
        TurnTimings {
            silence_seen: after(seen),
            transcript_final: after(settled),
            end_believed: after(self.believed),
            first_token: after(self.reply.stamps.first_token),
            first_audio: after(self.reply.stamps.first_audio),
            first_sound: after(Some(audible)),
        }
    }
}
