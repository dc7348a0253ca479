//! The Markdown within a line or a few: what is text, what is code, what is a formula, and what is silent.

use std::ops::Range;

use crate::spoken::{LineStart, line_start, opening};

/// A part of a unit, in order. Ranges are bytes of the text it was made from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Text(Run),
    /// What stands between the marks.
    Code(Range<usize>),
    Formula(Range<usize>),
    /// The number of a list item, with its mark.
    Number(Range<usize>),
}

/// Text without its marks, and where each of its bytes comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    from: Vec<usize>,
}

impl Run {
    /// The bytes that these bytes of the run come from, marks within them included.
    pub(super) fn source(&self, of: Range<usize>) -> Range<usize> {
        let start = self.from.get(of.start).copied().unwrap_or_default();
        let end = of.end.checked_sub(1).and_then(|last| self.from.get(last)).map_or(start, |last| last + 1);
        start..end.max(start)
    }

    fn push(&mut self, text: &str, at: usize) {
        self.text.push_str(text);
        self.from.extend(at..at + text.len());
    }
}

/// Whether a pause belongs after the last word: headings and list items have no full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    AsWritten,
    FullStop,
}

/// The parts of `text`.
pub(super) fn items(text: &str, begins_line: bool) -> (Vec<Item>, Ending) {
    let mut reader = Reader { text, items: Vec::new(), run: Run::default(), links: Vec::new() };
    let head = text.len() - text.trim_start().len();
    let mut ending = Ending::AsWritten;
    let mut at = head;
    if begins_line || text[..head].contains('\n') {
        (at, ending) = reader.line_marks(at);
    }
    while at < text.len() {
        at = reader.step(at);
    }
    reader.flush();
    (reader.items, ending)
}

struct Reader<'a> {
    text: &'a str,
    items: Vec<Item>,
    run: Run,
    /// Where the texts of open links end, and where the links do.
    links: Vec<(usize, usize)>,
}

impl Reader<'_> {
    fn flush(&mut self) {
        if !self.run.text.is_empty() {
            self.items.push(Item::Text(std::mem::take(&mut self.run)));
        }
    }

    fn line_marks(&mut self, mut at: usize) -> (usize, Ending) {
        let mut ending = Ending::AsWritten;
        loop {
            let rest = &self.text[at..];
            match line_start(rest, true) {
                LineStart::Quote(marks) => at += marks,
                LineStart::Heading(marks) | LineStart::Item(marks) => {
                    at = (at + marks).min(self.text.len());
                    ending = Ending::FullStop;
                }
                LineStart::Numbered(marks) => {
                    self.items.push(Item::Number(at..at + marks - 1));
                    return (at + marks, Ending::FullStop);
                }
                LineStart::Rule => return (self.text.len(), ending),
                _ => return (at, ending),
            }
            at += self.text[at..].len() - self.text[at..].trim_start_matches(' ').len();
        }
    }

    /// Reads what stands at `at`, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        if let Some(end) = self.links.pop_if(|link| link.0 == at).map(|link| link.1) {
            return end;
        }
        let rest = &self.text[at..];
        let Some(c) = rest.chars().next() else { return self.text.len() };
        let next = at + c.len_utf8();
        if let Some((close, skip)) = opening(rest)
            && let Some(inner) = rest[skip..].find(&close)
            && let Some(end) = self.span(at, c, &close, at + skip..at + skip + inner)
        {
            return end;
        }
        match c {
            '\\' => self.escape(next),
            '*' | '_' | '~' if self.is_mark(at, c) => next,
            '`' | '|' => {
                self.run.push(" ", at);
                next
            }
            '\n' => {
                self.run.push(" ", at);
                let line = self.text[next..].trim_start_matches([' ', '\t']);
                let indent = self.text.len() - next - line.len();
                next + indent + usize::from(line.starts_with('>'))
            }
            _ => {
                self.run.push(&rest[..c.len_utf8()], at);
                next
            }
        }
    }

    fn escape(&mut self, at: usize) -> usize {
        match self.text[at..].chars().next() {
            Some(c) if c.is_ascii_punctuation() => {
                self.run.push(&self.text[at..=at], at);
                at + 1
            }
            _ => {
                self.run.push("\\", at - 1);
                at
            }
        }
    }

    /// Code, a formula, a link, a tag; `None` if it is nothing of the kind.
    fn span(&mut self, at: usize, first: char, close: &str, inner: Range<usize>) -> Option<usize> {
        let end = inner.end + close.len();
        match first {
            '`' => {
                self.flush();
                self.items.push(Item::Code(inner));
                Some(end)
            }
            '$' | '\\' => {
                if close == "$" && self.text[inner.clone()].contains('\n') {
                    return None;
                }
                self.flush();
                self.items.push(Item::Formula(inner));
                Some(end)
            }
            '<' => {
                let text = &self.text[inner.clone()];
                if text.contains("://") || text.contains('@') {
                    self.run.push(text, inner.start);
                }
                Some(end)
            }
            _ => self.bracket(at, inner, end),
        }
    }

    fn bracket(&mut self, at: usize, inner: Range<usize>, end: usize) -> Option<usize> {
        let text = &self.text[inner.clone()];
        if self.text[end..].starts_with('(') {
            let last = self.text[end..].find([')', '\n'])?;
            self.links.push((inner.end, end + last + 1));
            return Some(inner.start);
        }
        // Notes ([^1], [2]) and boxes of tasks ([ ], [x]) are silent.
        let note = text.starts_with('^')
            || (!text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == ','));
        let task = matches!(text, " " | "x" | "X") && self.text[..at].trim().len() <= 2;
        let blank = usize::from(task && self.text[end..].starts_with(' '));
        (note || task).then_some(end + blank)
    }

    /// Whether this is emphasis rather than a sign of its own.
    fn is_mark(&self, at: usize, mark: char) -> bool {
        let before = self.text[..at].chars().next_back();
        let after = self.text[at + 1..].chars().next();
        let digits = before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_digit());
        let loose = before.is_none_or(char::is_whitespace) && after.is_none_or(char::is_whitespace);
        let within = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        match mark {
            '*' => !digits && !loose,
            '_' => !within && !loose,
            _ => before == Some(mark) || after == Some(mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let (items, _) = items(text, true);
        let found: Vec<String> = items
            .iter()
            .map(|item| match item {
                Item::Text(run) => run.text.clone(),
                Item::Code(range) => format!("<code {}>", &text[range.clone()]),
                Item::Formula(range) => format!("<formula {}>", &text[range.clone()]),
                Item::Number(range) => format!("<number {}>", &text[range.clone()]),
            })
            .collect();
        assert_eq!(found.concat(), expect, "{text:?}");
    }

    #[test]
    fn marks_are_silent() {
        check("**bold** and *slanted* and __both__ and ~~gone~~", "bold and slanted and both and gone");
        check("un**believ**able", "unbelievable");
        check("## A heading", "A heading");
        check("- an item", "an item");
        check("1. first", "<number 1.>first");
        check("> quoted\n> again", "quoted  again");
        check("2 * 3 = 2*3", "2 * 3 = 2*3");
        check("snake_case", "snake_case");
        check("\\*not\\*", "*not*");
        check("---\n", "");
        check("- [x] done", "done");
    }

    #[test]
    fn links_are_their_text() {
        check("see [the **book**](https://x.org/a).", "see the book.");
        check("![a cat](cat.png)", "a cat");
        check("so it says[^1] and [2]", "so it says and ");
        check("<https://x.org> a<br>b", "https://x.org ab");
        check("[sic] a[0]", "[sic] a");
    }

    #[test]
    fn code_and_formulas_are_apart() {
        check("run `git push` now", "run <code git push> now");
        check("that $x^2$ is", "that <formula x^2> is");
        check("\\(a\\) and $$b$$", "<formula a> and <formula b>");
        check("$5 and $6", "$5 and $6");
    }

    #[test]
    fn places_in_the_source_are_known() {
        let (items, _) = items("a **b** c", true);
        let [Item::Text(run)] = items.as_slice() else { panic!("one run") };
        assert_eq!(run.text, "a b c");
        assert_eq!(run.source(2..3), 4..5);
        assert_eq!(run.source(0..5), 0..9);
    }
}
