//! Where a reply may be cut: a pure function of the text that is pending, asked anew with every character.

use super::line::{LineStart, line_start};
use super::opaque::{Opaque, opaque};
use crate::speakable::{is_abbreviation, is_connector, is_han};

/// Beats of speech: a word has two, a Chinese character one.
type Beats = usize;

/// The first unit ends at the first clause with this many beats, …
const FIRST_CLAUSE: Beats = 4;
/// … or, when this many come without a mark, …
const FIRST_LONGEST: Beats = 14;
/// … somewhere between these.
const FIRST_CUT: std::ops::RangeInclusive<Beats> = 8..=12;
/// Chinese has no blanks to cut at: the first unit waits longer for a mark.
const FIRST_LONGEST_HAN: Beats = 24;
/// The second unit ends at the first clause with this many beats; none that is cut at a clause is shorter.
const CLAUSE: Beats = 16;
/// No unit is longer.
const LONGEST: Beats = 60;

/// A piece of the pending text that is a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes of the pending text.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Prose,
    Table,
    /// The first line of a code block, which these marks close.
    FenceOpen(char, usize),
    FenceBody,
}

/// Where in the reply the pending text begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) line_start: bool,
    /// Units spoken before.
    pub(super) spoken: usize,
    /// Whether the reply has ended.
    pub(super) done: bool,
}

/// The next unit in `text`, when it is certain. With `done` all text becomes units.
pub(super) fn next_cut(text: &str, place: Place) -> Option<Cut> {
    let words = text.trim_start();
    if words.is_empty() {
        return place.done.then_some(Cut { at: text.len(), kind: Kind::Prose });
    }
    let head = text.len() - words.len();
    if !place.line_start && !text[..head].contains('\n') {
        return prose(text, head, LineEnd::Soft, place);
    }
    match line_start(words, place.done) {
        LineStart::Undecided => None,
        LineStart::Fence(mark, marks) => {
            let line = words.find('\n').map(|at| head + at + 1);
            let at = line.or(place.done.then_some(text.len()))?;
            Some(Cut { at, kind: Kind::FenceOpen(mark, marks) })
        }
        LineStart::Table => table(text, head, place.done),
        LineStart::Rule => {
            let at = words.find('\n').map_or(text.len(), |at| head + at + 1);
            Some(Cut { at, kind: Kind::Prose })
        }
        LineStart::Heading(marks) | LineStart::Item(marks) | LineStart::Numbered(marks) => {
            prose(text, head + marks, LineEnd::Hard, place)
        }
        LineStart::Quote(marks) => prose(text, head + marks, LineEnd::Hard, place),
        LineStart::Text => prose(text, head, LineEnd::Soft, place),
    }
}

/// Lines that begin with a bar, until one that does not.
fn table(text: &str, head: usize, done: bool) -> Option<Cut> {
    let mut at = head;
    loop {
        match text[at..].find('\n') {
            Some(line) => at += line + 1,
            None => return done.then_some(Cut { at: text.len(), kind: Kind::Table }),
        }
        match text[at..].trim_start_matches([' ', '\t']).chars().next() {
            Some('|') => {}
            Some(_) => return Some(Cut { at, kind: Kind::Table }),
            None => return done.then_some(Cut { at: text.len(), kind: Kind::Table }),
        }
    }
}

/// What the end of the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// A blank, unless a new block begins.
    Soft,
    /// The end of the unit.
    Hard,
}

/// What is known at a place of the text.
enum Step {
    /// Nothing ends here; go on there.
    On(usize),
    /// Something that must not be cut; go on behind it.
    Over(usize),
    /// A clause ended before there.
    Clause(usize),
    /// The unit ends there.
    End(usize),
    /// More has to come.
    Wait,
}

fn prose(text: &str, from: usize, line_end: LineEnd, place: Place) -> Option<Cut> {
    let mut scan =
        Scan { text, place, beats: 0, word: None, clause: None, blank: None, early: None, connector: false };
    let mut at = from;
    while at < text.len() {
        match scan.step(at, line_end) {
            Step::On(next) => {
                if let Some(cut) = scan.count(at, next) {
                    return Some(Cut { at: cut, kind: Kind::Prose });
                }
                at = next;
            }
            Step::Over(next) => {
                scan.pass(at, next);
                at = next;
            }
            Step::Clause(next) => {
                if let Some(cut) = scan.count(at, next).or_else(|| scan.clause_ends(next)) {
                    return Some(Cut { at: cut, kind: Kind::Prose });
                }
                at = next;
            }
            Step::End(cut) => return Some(Cut { at: cut, kind: Kind::Prose }),
            Step::Wait => return None,
        }
    }
    place.done.then_some(Cut { at: text.len(), kind: Kind::Prose })
}

struct Scan<'a> {
    text: &'a str,
    place: Place,
    /// Beats of whole words so far.
    beats: Beats,
    /// Where the word began that is being read.
    word: Option<usize>,
    /// The last clause's end, and the last blank.
    clause: Option<usize>,
    blank: Option<usize>,
    /// The best place so far to cut a first unit that has no marks.
    early: Option<usize>,
    /// Whether the last word was a connector.
    connector: bool,
}

impl Scan<'_> {
    fn step(&self, at: usize, line_end: LineEnd) -> Step {
        let Some(first) = self.text[at..].chars().next() else { return Step::Wait };
        let next = at + first.len_utf8();
        match opaque(self.text, at, self.place.done) {
            Opaque::Until(end) => return Step::Over(end),
            Opaque::Open => return Step::Wait,
            Opaque::Nothing => {}
        }
        match first {
            '\n' => self.line(next, line_end),
            '。' | '！' | '？' => self.marks(at, next, true),
            '，' | '；' | '：' | '、' | '—' | '–' => self.marks(at, next, false),
            '.' | '!' | '?' | '…' | ',' | ';' | ':' => self.latin_marks(at),
            _ => Step::On(next),
        }
    }

    fn line(&self, next: usize, line_end: LineEnd) -> Step {
        if line_end == LineEnd::Hard {
            return Step::End(next);
        }
        let rest = self.text[next..].trim_start_matches([' ', '\t']);
        if rest.starts_with('\n') {
            return Step::End(next);
        }
        match line_start(rest, self.place.done) {
            LineStart::Undecided => Step::Wait,
            LineStart::Text => Step::On(next),
            _ => Step::End(next),
        }
    }

    /// Marks that need no blank after them, and what closes with them.
    fn marks(&self, at: usize, next: usize, ends: bool) -> Step {
        let more = |c: char| is_closer(c) || matches!(c, '。' | '！' | '？');
        let end = self.skip(next, more);
        match self.text[end..].chars().next() {
            None if !self.place.done => Step::Wait,
            Some('—' | '–') => Step::On(end),
            // A range: 5–7.
            Some(c)
                if !ends && self.text[..at].ends_with(|c: char| c.is_ascii_digit()) && c.is_ascii_digit() =>
            {
                Step::On(end)
            }
            after => {
                let end = end + after.filter(|c| c.is_whitespace() && *c != '\n').map_or(0, char::len_utf8);
                if ends { Step::End(end) } else { Step::Clause(end) }
            }
        }
    }

    fn latin_marks(&self, at: usize) -> Step {
        let run = self.skip(at, |c| matches!(c, '.' | '!' | '?' | '…' | ',' | ';' | ':'));
        let end = self.skip(run, is_closer);
        let Some(after) = self.text[end..].chars().next() else {
            return if self.place.done { Step::On(end) } else { Step::Wait };
        };
        if !after.is_whitespace() {
            // Marks of Latin script in Chinese text stand without blanks.
            return if is_han(after) && self.text[..at].ends_with(is_han) {
                Step::Clause(end)
            } else {
                Step::On(run)
            };
        }
        let marks = &self.text[at..run];
        // A line's end is judged as such.
        let next = if after == '\n' { end } else { end + after.len_utf8() };
        match marks {
            "." => match self.full_stop(at, end) {
                Some(true) => Step::End(next),
                Some(false) => Step::On(next),
                None => Step::Wait,
            },
            _ if marks.contains(['!', '?']) => Step::End(next),
            _ => Step::Clause(next),
        }
    }

    /// Whether the dot at `at` ends a sentence; `None` when more has to come.
    fn full_stop(&self, at: usize, end: usize) -> Option<bool> {
        let before = &self.text[..at];
        let token = before.rsplit(|c: char| c.is_whitespace() || is_opener(c)).next().unwrap_or(before);
        let next = self.text[end..].trim_start().chars().next();
        match token.to_lowercase().as_str() {
            "no" | "núm" | "etc" | "uu" | "a.m" | "p.m" if next.is_none() && !self.place.done => {
                return None;
            }
            "no" | "núm" => return Some(!next.is_some_and(|c| c.is_ascii_digit())),
            "etc" | "uu" | "a.m" | "p.m" => return Some(!next.is_some_and(char::is_lowercase)),
            _ => {}
        }
        let mut letters = token.chars();
        let initial =
            matches!((letters.next(), letters.next()), (Some(c), None) if c.is_uppercase() && c != 'I');
        let dotted = token.contains('.') && token.split('.').all(|part| part.chars().count() == 1);
        Some(!(initial || dotted || is_abbreviation(token)))
    }

    /// Counts what stands in `at..next`, and says where a unit that has become too long is cut.
    fn count(&mut self, at: usize, next: usize) -> Option<usize> {
        let piece = &self.text[at..next];
        for (offset, c) in piece.char_indices() {
            if is_han(c) {
                self.beats += 1 + 2 * usize::from(self.word.take().is_some());
            } else if c.is_whitespace() {
                self.blank(at + offset, at + offset + c.len_utf8());
            } else if self.word.is_none() && c.is_alphanumeric() {
                self.word = Some(at + offset);
            }
        }
        self.too_long(next)
    }

    /// Counts the words of something that must not be cut.
    fn pass(&mut self, at: usize, next: usize) {
        self.word.get_or_insert(at);
        self.beats += 2 * self.text[at..next].split_whitespace().count().saturating_sub(1);
    }

    fn blank(&mut self, at: usize, next: usize) {
        let Some(word) = self.word.take() else { return };
        let connector = is_connector(&self.text[word..at]);
        // Of connectors in a row the first is the one to cut before.
        if connector && !self.connector && FIRST_CUT.contains(&self.beats) {
            self.early = Some(word);
        }
        self.connector = connector;
        self.beats += 2;
        if self.early.is_none() && self.beats == *FIRST_CUT.end() {
            self.early = Some(next);
        }
        self.blank = Some(next);
    }

    fn too_long(&self, next: usize) -> Option<usize> {
        let first = self.place.spoken == 0;
        if first && self.beats >= FIRST_LONGEST && self.early.is_some() {
            return self.early;
        }
        let longest = if first { FIRST_LONGEST_HAN } else { LONGEST };
        if self.beats < longest {
            return None;
        }
        self.clause.or(self.blank).or(Some(next))
    }

    fn clause_ends(&mut self, next: usize) -> Option<usize> {
        let beats = self.beats + 2 * usize::from(self.word.is_some());
        let enough = match self.place.spoken {
            0 => beats >= FIRST_CLAUSE,
            1 => beats >= CLAUSE,
            _ => false,
        };
        if enough {
            return Some(next);
        }
        if beats >= CLAUSE {
            self.clause = Some(next);
        }
        None
    }

    fn skip(&self, from: usize, of: impl Fn(char) -> bool) -> usize {
        self.text[from..].find(|c| !of(c)).map_or(self.text.len(), |at| from + at)
    }
}

fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '*' | '_' | '~' | '”' | '’' | '»' | '」' | '』' | '）' | '》')
}

fn is_opener(c: char) -> bool {
    matches!(c, '"' | '\'' | '(' | '[' | '{' | '*' | '_' | '“' | '‘' | '«' | '「' | '（' | '¿' | '¡')
}
