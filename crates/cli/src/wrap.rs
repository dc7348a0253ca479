//! Breaking lines between words, for text that is whole and for text that comes in pieces.

use unicode_width::UnicodeWidthChar;

/// Longer lines are hard to read, however wide the terminal.
const WIDEST: usize = 100;

/// What begins and ends a block of code in Markdown. Its lines are left as they are.
const FENCE: &str = "```";

/// Columns to break lines at: those of the terminal. Files and programs get whole lines.
pub(crate) fn columns() -> usize {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    terminal.map_or(usize::MAX, |(width, _)| usize::from(width.0).clamp(20, WIDEST))
}

/// What is done with lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Broken,
    Kept,
}

/// Breaks lines of text that comes in pieces. A word is held back until it is known where it ends.
#[derive(Debug)]
pub(crate) struct Wrap {
    columns: usize,
    column: usize,
    /// Spaces before the word, which are dropped where the line breaks.
    spaces: usize,
    word: String,
    /// The beginning of the line, as far as it matters for a fence.
    head: String,
    lines: Lines,
}

impl Wrap {
    pub(crate) fn new(columns: usize) -> Self {
        let (word, head) = (String::new(), String::new());
        Self { columns, column: 0, spaces: 0, word, head, lines: Lines::Broken }
    }

    /// Takes a piece; what can be shown of it.
    pub(crate) fn push(&mut self, text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '\n' => self.end_line(&mut out),
                ' ' => {
                    self.end_word(&mut out);
                    self.spaces += 1;
                }
                // Scripts without spaces break between any two of their characters.
                wide if wide.width() == Some(2) => {
                    self.end_word(&mut out);
                    self.note(wide);
                    self.end_word(&mut out);
                }
                other => self.note(other),
            }
        }
        out
    }

    /// The rest.
    pub(crate) fn end(&mut self) -> String {
        let mut out = String::new();
        self.end_word(&mut out);
        out
    }

    fn note(&mut self, c: char) {
        self.word.push(c);
        if self.head.len() < FENCE.len() {
            self.head.push(c);
        }
    }

    fn end_word(&mut self, out: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let width: usize = self.word.chars().filter_map(UnicodeWidthChar::width).sum();
        let fits = self.column + self.spaces + width <= self.columns;
        if fits || self.column == 0 || self.lines == Lines::Kept || self.head.starts_with(FENCE) {
            out.extend(std::iter::repeat_n(' ', self.spaces));
            self.column += self.spaces + width;
        } else {
            out.push('\n');
            self.column = width;
        }
        out.push_str(&self.word);
        self.spaces = 0;
        self.word.clear();
    }

    fn end_line(&mut self, out: &mut String) {
        self.end_word(out);
        if self.head.starts_with(FENCE) {
            self.lines = if self.lines == Lines::Kept { Lines::Broken } else { Lines::Kept };
        }
        self.head.clear();
        (self.column, self.spaces) = (0, 0);
        out.push('\n');
    }
}

/// `text` with its lines broken, all but the first set in by `indent`.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut wrap = Wrap::new(columns.saturating_sub(indent).max(20));
    let lines = wrap.push(text) + &wrap.end();
    lines.replace('\n', &format!("\n{:indent$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` in pieces of every size gives the same lines.
    fn lines(text: &str) -> String {
        let pieces = |size: usize| {
            let mut wrap = Wrap::new(10);
            let chars: Vec<char> = text.chars().collect();
            let mut out: String =
                chars.chunks(size).map(|piece| wrap.push(&String::from_iter(piece))).collect();
            out += &wrap.end();
            out
        };
        let whole = pieces(text.len().max(1));
        for size in 1..5 {
            assert_eq!(pieces(size), whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(lines("one two three four"), "one two\nthree four");
        assert_eq!(lines("exactly te n"), "exactly te\nn");
        assert_eq!(lines("a\n\nb  c"), "a\n\nb  c");
        assert_eq!(lines("  indented line"), "  indented\nline");
    }

    #[test]
    fn what_is_too_long_for_a_line_is_left_to_the_terminal() {
        assert_eq!(lines("a incomprehensibilities b"), "a\nincomprehensibilities\nb");
    }

    #[test]
    fn scripts_without_spaces_break_too() {
        assert_eq!(lines("你好你好你好你好"), "你好你好你\n好你好");
    }

    #[test]
    fn code_stays_as_it_is() {
        let code = "```sh\nls --all --long --human-readable\n```\n";
        assert_eq!(lines(code), code);
        assert_eq!(lines("```\nx\n```\none two three"), "```\nx\n```\none two\nthree");
    }

    #[test]
    fn later_lines_are_set_in() {
        assert_eq!(
            wrapped("one two three four five six seven", 24, 4),
            "one two three four\n    five six seven"
        );
    }
}
