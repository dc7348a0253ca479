//! What was really heard of a reply: its units, what is known of their sound, and the samples played.
//!
//! What always holds: heard text never exceeds what was queued, never shrinks as more is played, and is all of it when
//! all sound was played. Samples are at the voice's rate; the reply's sound is that of its units one after another,
//! without gaps.

use std::ops::Range;

use crate::spoken::SpokenUnit;

/// The units of one reply and what is known of their sound.
///
/// A word counts as heard when half of it was played; a figure that takes several words ("twenty-one percent") when
/// half of all of them was. Where the voice gives no times, words are taken to last in proportion to their letters,
/// which needs the length of the unit: before it is known, none of its words counts.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    units: Vec<Entry>,
    finished: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    unit: SpokenUnit,
    /// Places in `say` and in the unit's sound, ascending in both.
    marks: Vec<(usize, u64)>,
    /// Samples of its sound that are there.
    samples: u64,
    /// Whether that is all of it.
    ended: bool,
}

/// How far a reply was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Heard {
    /// Bytes of the source text that were heard: whole words. Marks and blank space go with the word before them only
    /// where their whole unit was heard.
    pub source_end: usize,
    /// Whether that is all.
    pub extent: Extent,
}

/// Whether a reply was heard to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Extent {
    /// Something of it was not heard, or more may come.
    #[default]
    Part,
    /// [`Ledger::finish`] was called, and all of it was heard.
    Whole,
}

/// Where a held reply goes on: at the beginning of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resume {
    /// The unit's index.
    pub unit: usize,
    /// Samples from the beginning of the unit's sound.
    pub in_unit: u64,
    /// Samples from the beginning of the reply's sound.
    pub in_reply: u64,
}

impl Ledger {
    /// Of a reply that begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next unit, silent ones too. Units come in the order of their indices.
    pub fn queue(&mut self, unit: SpokenUnit) {
        let silent = unit.is_silent();
        self.units.push(Entry { unit, marks: Vec::new(), samples: 0, ended: silent });
    }

    /// In the sound of unit `unit`, the word at these bytes of its `say` begins at sample `at` of the unit. Marks that
    /// contradict earlier ones are ignored, and so are those of unknown units.
    pub fn mark(&mut self, unit: usize, say: Range<usize>, at: u64) {
        let Some(entry) = self.units.get_mut(unit) else { return };
        let say_text = &entry.unit.say;
        let inside = say.start < say_text.len() && say_text.is_char_boundary(say.start);
        let after = entry.marks.last().is_none_or(|&(say_at, sample)| say_at < say.start && sample <= at);
        if inside && after {
            entry.marks.push((say.start, at));
        }
    }

    /// So many more samples of the unit's sound have come.
    pub fn sound(&mut self, unit: usize, samples: u64) {
        if let Some(entry) = self.units.get_mut(unit)
            && !entry.ended
        {
            entry.samples += samples;
        }
    }

    /// All sound of the unit has come.
    pub fn ended(&mut self, unit: usize) {
        if let Some(entry) = self.units.get_mut(unit) {
            entry.ended = true;
        }
    }

    /// No more units come.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The units queued so far.
    pub fn units(&self) -> impl ExactSizeIterator<Item = &SpokenUnit> {
        self.units.iter().map(|entry| &entry.unit)
    }

    /// Samples of all sound that has come.
    pub fn samples(&self) -> u64 {
        self.units.iter().map(|entry| entry.samples).sum()
    }

    /// How far the reply was heard when `played` samples of its sound have been played.
    pub fn heard(&self, played: u64) -> Heard {
        let mut left = played;
        let mut source_end = 0;
        for (index, entry) in self.units.iter().enumerate() {
            let words = &entry.unit.words;
            if entry.ended && left >= entry.samples {
                source_end = entry.unit.source.end;
                left -= entry.samples;
                continue;
            }
            let heard = entry.words_heard(left);
            if heard == words.len() && heard > 0 {
                // What is only seen, such as the body of an announced code block, goes with what was said before it.
                let seen = self.units[index + 1..].iter().take_while(|next| next.unit.is_silent()).last();
                source_end = seen.unwrap_or(entry).unit.source.end;
            } else if let Some(word) = heard.checked_sub(1).and_then(|last| words.get(last)) {
                source_end = word.source.end;
            }
            return Heard { source_end, extent: Extent::Part };
        }
        Heard { source_end, extent: if self.finished { Extent::Whole } else { Extent::Part } }
    }

    /// The word that was being spoken when `played` samples had been played: bytes of the source.
    pub fn word_at(&self, played: u64) -> Option<Range<usize>> {
        let (entry, left) = self.entry_at(played)?;
        let word = entry
            .unit
            .words
            .iter()
            .rev()
            .find(|word| entry.sample_of(word.say.start).is_some_and(|at| at <= left));
        word.map(|word| word.source.clone())
    }

    /// Where to go on after a pause at `played`: the beginning of the word that was being spoken. With nothing queued it
    /// is the beginning.
    pub fn resume(&self, played: u64) -> Resume {
        let Some((entry, left)) = self.entry_at(played) else {
            return Resume { unit: 0, in_unit: 0, in_reply: 0 };
        };
        let starts = entry.marks.iter().map(|&(_, at)| at);
        let words = entry.unit.words.iter().filter_map(|word| entry.sample_of(word.say.start));
        let in_unit = if entry.marks.is_empty() {
            words.filter(|at| *at <= left).max()
        } else {
            starts.filter(|at| *at <= left).max()
        };
        let in_unit = in_unit.unwrap_or(0);
        Resume { unit: entry.unit.index, in_unit, in_reply: played - left + in_unit }
    }

    /// The unit in whose sound `played` lies, and where in it; the last one with sound when all was played.
    fn entry_at(&self, played: u64) -> Option<(&Entry, u64)> {
        let mut left = played;
        let mut last = None;
        for entry in self.units.iter().filter(|entry| !entry.unit.is_silent()) {
            if left < entry.samples || !entry.ended {
                return Some((entry, left));
            }
            last = Some((entry, left));
            left -= entry.samples;
        }
        last
    }
}

impl Entry {
    /// Words of which half was played after `left` samples of the unit.
    fn words_heard(&self, left: u64) -> usize {
        let words = &self.unit.words;
        let half = |at: usize| -> Option<u64> {
            let begin = self.sample_of(words[at].say.start)?;
            let end = match words.get(at + 1) {
                Some(next) => self.sample_of(next.say.start)?,
                None => self.sample_of(self.unit.say.len())?,
            };
            Some(begin + (end - begin).div_ceil(2))
        };
        // The first sample of a word is not a half of it, however short it is.
        (0..words.len()).take_while(|&at| half(at).is_some_and(|half| left >= half.max(1))).count()
    }

    /// The sample at which this byte of `say` is spoken, as far as it can be told: between marks in proportion to the
    /// letters.
    fn sample_of(&self, say: usize) -> Option<u64> {
        let next = self.marks.partition_point(|&(at, _)| at <= say);
        let (from, begin) = next.checked_sub(1).map_or((0, 0), |at| self.marks[at]);
        if from == say {
            return Some(begin);
        }
        let (to, end) = match self.marks.get(next) {
            Some(&mark) => mark,
            None if self.ended => (self.unit.say.len(), self.samples.max(begin)),
            None => return None,
        };
        if to <= from {
            return Some(begin);
        }
        let letters =
            |range: Range<usize>| self.unit.say.get(range).map_or(0, |text| text.chars().count() as u64);
        let (part, whole) = (letters(from..say), letters(from..to).max(1));
        Some(begin + (end - begin) * part / whole)
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
