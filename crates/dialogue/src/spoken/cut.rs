//! Where a reply may be cut: a pure function of the text that is pending, asked anew with every character.

use super::super::speakable::{is_abbreviation, is_connector, is_han};

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
/// Bytes to wait for the end of inline code, a link or a formula.
const OPAQUE_LONGEST: usize = 400;

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

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineStart {
    /// Words.
    Text,
    /// Bytes of its marks.
    Heading(usize),
    /// Bytes of its mark and the blank after it.
    Item(usize),
    /// The same, of a numbered item.
    Numbered(usize),
    /// Bytes of the mark.
    Quote(usize),
    Table,
    /// A mark that stands so many times.
    Fence(char, usize),
    /// A line across.
    Rule,
    /// More has to come.
    Undecided,
}

/// What the first line of `text`, whose indent is gone, begins with.
pub(crate) fn line_start(text: &str, done: bool) -> LineStart {
    let undecided = if done { LineStart::Text } else { LineStart::Undecided };
    let Some(first) = text.chars().next() else { return undecided };
    let run = text.chars().take_while(|&c| c == first).count();
    let after = text[run * first.len_utf8()..].chars().next();
    match first {
        '#' if run <= 6 => match after {
            Some(' ') => LineStart::Heading(run + 1),
            None => undecided,
            Some(_) => LineStart::Text,
        },
        '>' => LineStart::Quote(1),
        '|' => LineStart::Table,
        '`' | '~' if run >= 3 => LineStart::Fence(first, run),
        '`' | '~' if after.is_none() => undecided,
        '-' | '*' | '+' | '_' | '=' => bullet(text, first, run, after, undecided),
        '•' => LineStart::Item(first.len_utf8()),
        '0'..='9' => numbered(text, undecided),
        _ => LineStart::Text,
    }
}

fn bullet(text: &str, mark: char, run: usize, after: Option<char>, undecided: LineStart) -> LineStart {
    let (line, ended) = text.split_once('\n').map_or((text, false), |(line, _)| (line, true));
    let across = line.chars().all(|c| c == mark || c == ' ');
    let marks = line.chars().filter(|&c| c == mark).count();
    if across && marks >= 3 && (ended || undecided == LineStart::Text) {
        return LineStart::Rule;
    }
    // "- - -" becomes a line across; an item's words decide sooner.
    if across && !ended && (after.is_none() || marks > 1) {
        return undecided;
    }
    match after {
        Some(' ') if run == 1 && !matches!(mark, '_' | '=') => LineStart::Item(2),
        _ => LineStart::Text,
    }
}

fn numbered(text: &str, undecided: LineStart) -> LineStart {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text[digits..].chars();
    match (rest.next(), rest.next()) {
        _ if digits > 3 => LineStart::Text,
        (Some('.' | ')'), Some(' ')) => LineStart::Numbered(digits + 2),
        (None, _) | (Some('.' | ')'), None) => undecided,
        _ => LineStart::Text,
    }
}

/// The end of a code block whose body `text` is, when it has come.
pub(super) fn fence_end(text: &str, mark: char, marks: usize, done: bool) -> Option<usize> {
    let complete = text.strip_suffix('\n');
    if let Some(lines) = complete {
        let last = lines.rsplit('\n').next().unwrap_or(lines).trim();
        if last.chars().count() >= marks && last.chars().all(|c| c == mark) {
            return Some(text.len());
        }
    }
    done.then_some(text.len())
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
    /// A clause ended before there.
    Clause(usize),
    /// The unit ends there.
    End(usize),
    /// More has to come.
    Wait,
}

fn prose(text: &str, from: usize, line_end: LineEnd, place: Place) -> Option<Cut> {
    let mut scan = Scan { text, place, beats: 0, word: None, clause: None, blank: None, early: None };
    let mut at = from;
    while at < text.len() {
        match scan.step(at, line_end) {
            Step::On(next) => {
                if let Some(cut) = scan.count(at, next) {
                    return Some(Cut { at: cut, kind: Kind::Prose });
                }
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
}

impl Scan<'_> {
    fn step(&self, at: usize, line_end: LineEnd) -> Step {
        let Some(first) = self.text[at..].chars().next() else { return Step::Wait };
        let next = at + first.len_utf8();
        match opaque(self.text, at, self.place.done) {
            Opaque::Until(end) => return Step::On(end),
            Opaque::Open => return Step::Wait,
            Opaque::Nothing => {}
        }
        match first {
            '\n' => self.line(next, line_end),
            '。' | '！' | '？' => self.marks(at, next, true),
            '，' | '；' | '：' | '、' => self.marks(at, next, false),
            '.' | '!' | '?' | '…' | ',' | ';' | ':' => self.latin_marks(at),
            '—' | '–' => self.marks(at, next, false),
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
        if token.eq_ignore_ascii_case("no") || token.eq_ignore_ascii_case("núm") {
            let next = self.text[end..].trim_start().chars().next();
            return match next {
                None if !self.place.done => None,
                next => Some(!next.is_some_and(|c| c.is_ascii_digit())),
            };
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

    fn blank(&mut self, at: usize, next: usize) {
        let Some(word) = self.word.take() else { return };
        if FIRST_CUT.contains(&self.beats) && is_connector(&self.text[word..at]) {
            self.early = Some(word);
        }
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

/// Whether something that must not be cut begins at a place.
enum Opaque {
    Nothing,
    /// Its end has not come.
    Open,
    Until(usize),
}

fn opaque(text: &str, at: usize, done: bool) -> Opaque {
    let rest = &text[at..];
    let Some((close, skip)) = opening(rest) else {
        return if !done && matches!(rest, "\\" | "$" | "!") { Opaque::Open } else { Opaque::Nothing };
    };
    let line = if close == "$" || close == "]" { rest.find('\n') } else { None };
    match rest[skip..].find(&close) {
        Some(end) if line.is_none_or(|line| skip + end < line) => {
            let end = skip + end + close.len();
            if close != "]" {
                return Opaque::Until(at + end);
            }
            match rest[end..].chars().next() {
                Some('(') => match rest[end..].find([')', '\n']) {
                    Some(last) => Opaque::Until(at + end + last + 1),
                    None if done || rest.len() > OPAQUE_LONGEST => Opaque::Nothing,
                    None => Opaque::Open,
                },
                None if !done => Opaque::Open,
                _ => Opaque::Nothing,
            }
        }
        None if line.is_none() && !done && rest.len() <= OPAQUE_LONGEST => Opaque::Open,
        _ => Opaque::Nothing,
    }
}

/// What closes the code, formula, link or tag that `rest` begins with, and the bytes that open it.
fn opening(rest: &str) -> Option<(String, usize)> {
    let ticks = rest.bytes().take_while(|&b| b == b'`').count();
    if ticks > 0 {
        return Some(("`".repeat(ticks), ticks));
    }
    let second = rest.chars().nth(1);
    match rest.chars().next()? {
        '$' if second == Some('$') => Some(("$$".into(), 2)),
        '$' if second.is_some_and(|c| c.is_alphabetic() || matches!(c, '\\' | '(' | '|' | '{')) => {
            Some(("$".into(), 1))
        }
        '\\' if second == Some('(') => Some(("\\)".into(), 2)),
        '\\' if second == Some('[') => Some(("\\]".into(), 2)),
        '!' if second == Some('[') => Some(("]".into(), 2)),
        '[' => Some(("]".into(), 1)),
        '<' if second.is_some_and(|c| c.is_ascii_alphabetic() || c == '/') => Some((">".into(), 1)),
        _ => None,
    }
}
