//! What is to be said, as it grows.

use std::ops::Range;

use super::{SpokenLanguage, language::is_han};
use crate::spoken::SpokenWord;

/// Text for a voice and where in the source its words come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speakable {
    /// Plain words and marks for pauses.
    pub say: String,
    /// Its words, in order; sources are bytes of the text it was made from.
    pub words: Vec<SpokenWord>,
}

/// What always holds: words are in order in both texts, one blank stands between words and none between Chinese
/// characters, and no two marks follow each other.
pub(super) struct Writer {
    pub(super) language: SpokenLanguage,
    out: Speakable,
}

/// How long a voice pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pause {
    Short,
    Middle,
    Long,
    Exclaimed,
    Asked,
}

impl Pause {
    pub(super) fn of(mark: char) -> Option<Self> {
        Some(match mark {
            ',' | '，' | '、' => Self::Short,
            ';' | ':' | '；' | '：' => Self::Middle,
            '.' | '。' | '…' => Self::Long,
            '!' | '！' => Self::Exclaimed,
            '?' | '？' => Self::Asked,
            _ => return None,
        })
    }

    fn mark(self, language: SpokenLanguage) -> char {
        match (self, language) {
            (Self::Short, SpokenLanguage::Chinese) => '，',
            (Self::Middle, SpokenLanguage::Chinese) => '；',
            (Self::Long, SpokenLanguage::Chinese) => '。',
            (Self::Exclaimed, SpokenLanguage::Chinese) => '！',
            (Self::Asked, SpokenLanguage::Chinese) => '？',
            (Self::Short, _) => ',',
            (Self::Middle, _) => ';',
            (Self::Long, _) => '.',
            (Self::Exclaimed, _) => '!',
            (Self::Asked, _) => '?',
        }
    }
}

impl Writer {
    pub(super) fn new(language: SpokenLanguage) -> Self {
        Self { language, out: Speakable::default() }
    }

    /// Says `spoken` for these bytes of the source.
    pub(super) fn word(&mut self, spoken: &str, source: Range<usize>) {
        let spoken = spoken.trim();
        let Some(first) = spoken.chars().next() else { return };
        if let Some(last) = self.out.say.chars().next_back() {
            let chinese = |c: char| is_han(c) || "，。；！？".contains(c);
            if !chinese(last) && !is_han(first) {
                self.out.say.push(' ');
            }
        }
        let start = self.out.say.len();
        self.out.say.push_str(spoken);
        self.out.words.push(SpokenWord { say: start..self.out.say.len(), source });
    }

    /// Pauses, unless nothing was said; of two pauses the longer counts.
    pub(super) fn pause(&mut self, pause: Pause) {
        let Some(last) = self.out.say.chars().next_back() else { return };
        if let Some(before) = Pause::of(last).filter(|_| self.ends_in_mark()) {
            if pause <= before {
                return;
            }
            self.out.say.pop();
        }
        self.out.say.push(pause.mark(self.language));
    }

    /// A short pause between words; before the first and after a mark there is none.
    pub(super) fn pause_between(&mut self) {
        self.pause(Pause::Short);
    }

    fn ends_in_mark(&self) -> bool {
        self.out.words.last().is_some_and(|word| word.say.end < self.out.say.len())
    }

    /// A full stop, unless another mark but a comma is there.
    pub(super) fn pause_at_end(&mut self) {
        self.pause(Pause::Long);
    }

    pub(super) fn into_speakable(self) -> Speakable {
        self.out
    }
}
