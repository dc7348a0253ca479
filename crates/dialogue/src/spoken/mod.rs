//! A reply that streams in, cut into units that are spoken one after another.
//!
//! What always holds: the source ranges of the units are ascending, disjoint and cover the whole reply, what is not
//! spoken included; cutting the stream into other pieces changes nothing of the units; the words of a unit are in
//! order in `say` and in the source.

mod cut;
mod line;
mod opaque;

use std::ops::Range;

use crate::speakable::{self, SpokenLanguage};

use cut::{Cut, Kind, Place, next_cut};
pub(crate) use line::{LineStart, line_start};
pub(crate) use opaque::opening;

/// A phrase or sentence of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenUnit {
    /// Its place among the units of the reply, from 0, silent ones counted.
    pub index: usize,
    /// Bytes of the reply's source text, blank space and marks around the words included.
    pub source: Range<usize>,
    /// Plain words as a person reads them. Empty for a unit that is only seen, such as the body of a code block: it
    /// goes to the [`Ledger`](crate::ledger::Ledger) but not to the voice.
    pub say: String,
    /// The words of `say`, in order.
    pub words: Vec<SpokenWord>,
    /// The language to be spoken.
    pub language: SpokenLanguage,
}

impl SpokenUnit {
    /// Whether there is nothing to be spoken.
    pub fn is_silent(&self) -> bool {
        self.say.is_empty()
    }
}

/// What is spoken for one word, number or other figure of the source; several words of `say` where a figure takes
/// several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenWord {
    /// Bytes of the unit's `say`.
    pub say: Range<usize>,
    /// Bytes of the reply's source text.
    pub source: Range<usize>,
}

/// Splits one reply.
///
/// The first unit is short, because it is what is waited for: its first clause, or about six words when no punctuation
/// comes. The second ends at a clause when it can; later ones are sentences, cut at a clause when they are too long.
#[derive(Debug, Clone)]
pub struct Splitter {
    language: SpokenLanguage,
    /// What came and is in no unit yet.
    pending: String,
    /// Bytes of the source before `pending`.
    base: usize,
    /// Units made, and how many of them are spoken.
    units: usize,
    spoken: usize,
    block: Block,
}

/// What `pending` begins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    LineStart,
    WithinLine,
    /// A code block that these marks close.
    Fenced(char, usize),
}

impl Splitter {
    /// For a reply that is expected in `language`; units that are plainly in another are spoken in that.
    pub fn new(language: SpokenLanguage) -> Self {
        Self { language, pending: String::new(), base: 0, units: 0, spoken: 0, block: Block::LineStart }
    }

    /// Takes the next piece of the reply; gives the units that are certain now.
    pub fn push(&mut self, piece: &str) -> Vec<SpokenUnit> {
        let mut units = Vec::new();
        for character in piece.chars() {
            self.pending.push(character);
            while let Some(cut) = self.cut(false) {
                units.push(self.take(cut));
            }
        }
        units
    }

    /// What is left when the reply has ended.
    pub fn finish(&mut self) -> Vec<SpokenUnit> {
        let mut units = Vec::new();
        while let Some(cut) = self.cut(true) {
            units.push(self.take(cut));
        }
        units
    }

    fn cut(&self, done: bool) -> Option<Cut> {
        if self.pending.is_empty() {
            return None;
        }
        match self.block {
            Block::Fenced(mark, marks) => {
                line::fence_end(&self.pending, mark, marks, done).map(|at| Cut { at, kind: Kind::FenceBody })
            }
            Block::LineStart | Block::WithinLine => {
                let place = Place { line_start: self.block == Block::LineStart, spoken: self.spoken, done };
                next_cut(&self.pending, place)
            }
        }
    }

    fn take(&mut self, cut: Cut) -> SpokenUnit {
        let rest = self.pending.split_off(cut.at);
        let text = std::mem::replace(&mut self.pending, rest);
        if let Some(found) = speakable::language_of(&text).filter(|_| cut.kind == Kind::Prose) {
            self.language = found;
        }
        let spoken = match cut.kind {
            Kind::Prose => speakable::prose(&text, self.block == Block::LineStart, self.language),
            Kind::Table => speakable::table(&text, self.language),
            Kind::FenceOpen(..) => speakable::code_block(&text, self.language),
            Kind::FenceBody => speakable::Speakable::default(),
        };
        self.block = match cut.kind {
            Kind::FenceOpen(mark, marks) => Block::Fenced(mark, marks),
            _ if text.ends_with('\n') => Block::LineStart,
            // Blank space alone leaves a line where it was.
            _ if text.trim().is_empty() && self.block == Block::LineStart => Block::LineStart,
            _ => Block::WithinLine,
        };
        let source = self.base..self.base + text.len();
        let words = spoken
            .words
            .into_iter()
            .map(|word| SpokenWord {
                say: word.say,
                source: word.source.start + self.base..word.source.end + self.base,
            })
            .collect();
        let unit = SpokenUnit { index: self.units, source, say: spoken.say, words, language: self.language };
        self.base = unit.source.end;
        self.units += 1;
        self.spoken += usize::from(!unit.is_silent());
        unit
    }
}

#[cfg(test)]
mod tests;
