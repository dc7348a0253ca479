//! What was said and heard while the history could not be written: it waits, in order, and is written once there is room.

use std::collections::VecDeque;

use session::voice::{SpokenEnd, VoiceEvent};

use crate::contract::ApiError;
use crate::core::Core;
use crate::core::convert::kept_usage_of;

/// How often it is tried again, milliseconds.
const TRY_EVERY: i64 = 1_000;

/// Events of spoken turns that the history does not have yet, oldest first. As long as there are any, later ones wait
/// behind them.
#[derive(Default)]
pub(super) struct Unwritten {
    events: VecDeque<VoiceEvent>,
    tried: i64,
}

impl Unwritten {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn add(&mut self, event: VoiceEvent) {
        self.events.push_back(event);
    }

    /// Ends replies that begin here and do not end: their conversation is over.
    fn end_all(&mut self) {
        let begun = self.events.iter().filter_map(|event| match event {
            VoiceEvent::Released { r#gen, .. } => Some(*r#gen),
            _ => None,
        });
        let is_open = |reply: &turn::Gen| {
            !self
                .events
                .iter()
                .any(|event| matches!(event, VoiceEvent::ReplyEnded { r#gen, .. } if r#gen == reply))
        };
        let open: Vec<turn::Gen> = begun.filter(is_open).collect();
        let ended = |r#gen| VoiceEvent::ReplyEnded { r#gen, end: SpokenEnd::Stopped, usage: None };
        self.events.extend(open.into_iter().map(ended));
    }
}

impl Core {
    /// Puts what happened into the history, after what waits.
    pub(super) fn keep_spoken(&mut self, event: VoiceEvent) {
        let waiting = !self.voice.unwritten.is_empty();
        self.voice.unwritten.add(event);
        if !waiting {
            self.write_spoken();
        }
    }

    /// Tries again after a while.
    pub(crate) fn write_spoken_later(&mut self) {
        if !self.voice.unwritten.is_empty() && self.now().0 - self.voice.unwritten.tried >= TRY_EVERY {
            self.write_spoken();
        }
    }

    /// The conversation ends: what still waits is tried once more, and stays for later if that is in vain.
    pub(super) fn write_spoken_at_end(&mut self) {
        self.voice.unwritten.end_all();
        self.write_spoken();
    }

    /// Writes what waits, as far as it can be written.
    ///
    /// # Errors
    /// Of a history that still takes nothing.
    pub(super) fn written(&mut self) -> Result<(), ApiError> {
        while let Some(event) = self.voice.unwritten.events.front().cloned() {
            match event {
                VoiceEvent::Released { r#gen, said, replaces, seen } => {
                    self.release(r#gen, &said, replaces, seen)?;
                }
                VoiceEvent::Heard { r#gen, text } => self.on_heard(r#gen, &text),
                VoiceEvent::ReplyEnded { r#gen, end, usage } => {
                    self.on_spoken_end(r#gen, &end, usage.as_ref().map(kept_usage_of));
                }
                _ => {}
            }
            self.voice.unwritten.events.pop_front();
        }
        Ok(())
    }

    fn write_spoken(&mut self) {
        self.voice.unwritten.tried = self.now().0;
        if let Err(error) = self.written() {
            self.notice("save", error);
        }
    }
}
