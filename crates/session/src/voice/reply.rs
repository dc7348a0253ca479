//! One reply: its text, its sound, and how far it was heard.

use std::time::Instant;

use dialogue::heard::heard_text;
use dialogue::ledger::{Extent, Ledger};
use engine::{EngineError, Generated, SpeechChunk};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::happened::Made;
use super::types::SpokenEnd;
use crate::reply::Usage;

/// Silence between sentences, milliseconds: as people pause in a lively conversation.
const BETWEEN_SENTENCES_MS: u32 = 200;

/// Silence between the clauses of a sentence, milliseconds.
const BETWEEN_CLAUSES_MS: u32 = 90;

/// A reply from its draft to its end. Dropping it stops its making.
pub(super) struct SpokenReply {
    source: String,
    ledger: Ledger,
    /// All sound so far, mono at `rate`.
    sound: Vec<f32>,
    rate: u32,
    /// The unit whose sound came last.
    speaking: Option<usize>,
    /// Bytes of the source that were told as heard.
    told: usize,
    making: Progress,
    /// Why what is left of it cannot be heard, or was not made.
    failed: Option<Failure>,
    generated: Option<Generated>,
    /// Stops its making with the last of it.
    _making: DropGuard,
    pub(super) stamps: Stamps,
}

/// When things happened to a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamps {
    pub(super) begun: Instant,
    pub(super) first_token: Option<Instant>,
    pub(super) first_audio: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Going,
    Over,
}

#[derive(Clone)]
enum Failure {
    /// The rest is only seen.
    Voice,
    Model(EngineError),
}

impl SpokenReply {
    pub(super) fn new(cancel: CancellationToken) -> Self {
        Self {
            source: String::new(),
            ledger: Ledger::new(),
            sound: Vec::new(),
            rate: 0,
            speaking: None,
            told: 0,
            making: Progress::Going,
            failed: None,
            generated: None,
            _making: cancel.drop_guard(),
            stamps: Stamps { begun: Instant::now(), first_token: None, first_audio: None },
        }
    }

    /// A sound that has no words, such as a tone.
    pub(super) fn of_sound(sound: Vec<f32>, rate: u32) -> Self {
        Self { sound, rate, making: Progress::Over, ..Self::new(CancellationToken::new()) }
    }

    pub(super) fn take(&mut self, what: Made) {
        match what {
            // Only whoever takes the turns needs to know.
            Made::Weighed(_) => {}
            Made::Said(text) => {
                self.stamps.first_token.get_or_insert_with(Instant::now);
                self.source.push_str(&text);
            }
            Made::Unit(unit) => self.ledger.queue(unit),
            Made::Sound { unit, chunk, rate } => self.hear(unit, chunk, rate),
            Made::UnitEnded(unit) => self.ledger.ended(unit),
            Made::Generated(Ok(generated)) => self.generated = Some(generated),
            Made::Generated(Err(error)) => self.failed = Some(Failure::Model(error)),
            Made::VoiceFailed(_) => self.failed = Some(Failure::Voice),
            Made::Over => {
                self.ledger.finish();
                self.making = Progress::Over;
            }
        }
    }

    fn hear(&mut self, unit: usize, chunk: SpeechChunk, rate: u32) {
        let pause = self.pause_before(unit, rate);
        for mark in chunk.marks {
            self.ledger.mark(unit, mark.text, mark.at + pause);
        }
        if chunk.pcm.0.is_empty() {
            return;
        }
        if self.speaking != Some(unit) {
            self.speaking = Some(unit);
            self.ledger.sound(unit, pause);
            self.sound.resize(self.sound.len() + usize::try_from(pause).unwrap_or(0), 0.0);
        }
        self.stamps.first_audio.get_or_insert_with(Instant::now);
        self.rate = rate;
        self.ledger.sound(unit, chunk.pcm.0.len() as u64);
        self.sound.extend(chunk.pcm.0);
    }

    /// Samples of silence in front of a unit: units end with their last sound, and a person breathes.
    fn pause_before(&self, unit: usize, rate: u32) -> u64 {
        let before = self.ledger.units().take(unit).filter(|unit| !unit.is_silent()).last();
        let pause = before.map_or(0, |before| match before.say.trim_end().chars().next_back() {
            Some('.' | '?' | '!' | '…' | '。' | '？' | '！') => BETWEEN_SENTENCES_MS,
            _ => BETWEEN_CLAUSES_MS,
        });
        u64::from(pause) * u64::from(rate) / 1000
    }

    /// Samples a second of its sound; 0 before there is any.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Its sound from sample `from` on, as far as it is there.
    pub(super) fn sound_from(&self, from: u64) -> &[f32] {
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.sound.len());
        &self.sound[from..]
    }

    pub(super) fn has_sound(&self) -> bool {
        !self.sound.is_empty()
    }

    /// Nothing more of it is made.
    pub(super) fn is_made(&self) -> bool {
        self.making == Progress::Over
    }

    /// All of it was made, and all of its sound was played.
    pub(super) fn is_over(&self, played: u64) -> bool {
        self.is_made() && played >= self.sound.len() as u64
    }

    pub(super) fn failure(&self) -> Option<EngineError> {
        match &self.failed {
            Some(Failure::Model(error)) => Some(error.clone()),
            _ => None,
        }
    }

    /// Where to go on after it was held.
    pub(super) fn resume(&self, played: u64) -> u64 {
        self.ledger.resume(played).in_reply
    }

    /// What was heard since the last time this was asked.
    pub(super) fn newly_heard(&mut self, played: u64) -> Option<String> {
        let heard = self.ledger.heard(played);
        let end = if heard.extent == Extent::Whole { self.source.len() } else { heard.source_end };
        self.tell_up_to(end)
    }

    /// The last of what is told: of an interrupted reply the marks that close what was cut; of a whole one, and of one
    /// that can only be seen, the rest.
    pub(super) fn last_heard(&mut self, played: u64, end: &SpokenEnd) -> Option<String> {
        let seen = matches!(self.failed, Some(Failure::Voice)) && self.is_over(played);
        if *end == SpokenEnd::Complete || seen {
            return self.tell_up_to(self.source.trim_end().len());
        }
        let more = self.newly_heard(played).unwrap_or_default();
        let whole = heard_text(&self.source, self.told);
        let closing = whole.strip_prefix(&self.source[..self.told]).unwrap_or_default();
        Some(more + closing).filter(|text| !text.is_empty())
    }

    fn tell_up_to(&mut self, end: usize) -> Option<String> {
        let more = self.source.get(self.told..end).filter(|more| !more.is_empty())?.to_owned();
        self.told = end;
        Some(more)
    }

    /// How it ends when all of it was played.
    pub(super) fn end(&self) -> SpokenEnd {
        match &self.failed {
            Some(Failure::Model(error)) => SpokenEnd::Failed(error.clone()),
            Some(Failure::Voice) | None => SpokenEnd::Complete,
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let generated = self.generated?;
        let first = self.stamps.first_token.map_or(0.0, |first| ms(first - self.stamps.begun));
        Some(Usage::of(generated, first))
    }
}

pub(super) fn ms(length: std::time::Duration) -> f64 {
    length.as_secs_f64() * 1000.0
}
