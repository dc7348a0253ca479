//! What people see in a terminal: colours where they are wanted, tables, sizes and spans of time in words.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// Thoughts, notes and headings.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What stands out.
pub(crate) const BOLD: Style = Style::new().bold();
/// All is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Works, with a catch.
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default();
/// Does not work.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether a person can be asked something: both sides of the conversation are a terminal.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// `text` in a style. Whether the style is shown is decided where it is written, by `anstream`.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Something to know, on standard error.
pub(crate) fn note(text: impl std::fmt::Display) {
    // With standard error gone there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{}", styled(DIM, text));
}

/// Something that is not as it should be, on standard error.
pub(crate) fn warn(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "hark: {text}");
}

/// Bytes for people, in decimal units, as disks and downloads are sold.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(size < 9.95);
    format!("{size:.digits$} {}", UNITS[unit])
}

/// A span of time for people: `8 s`, `2 min 5 s`, `1 h 10 min`.
pub(crate) fn span(seconds: f64) -> String {
    // Saturates: whoever waits for longer than that need not know exactly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// One cell of a table: what it says and how it looks.
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, right: false }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Style::new())
    }

    /// Against the right edge of its column, as numbers are.
    pub(crate) fn right(text: impl Into<String>) -> Self {
        Self { right: true, ..Self::plain(text) }
    }
}

/// A table: columns two spaces apart, as wide as what is in them.
pub(crate) fn table(headings: &[&str], rows: &[Vec<Cell>]) -> String {
    let width_of = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
        cells.chain(headings.get(column).map(|heading| heading.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width_of).collect();
    let headings: Vec<Cell> = headings.iter().map(|heading| Cell::new(*heading, DIM)).collect();
    std::iter::once(&headings).chain(rows).map(|row| line(row, &widths) + "\n").collect()
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let cell = |(cell, width): (&Cell, &usize)| {
        let gap = " ".repeat(width.saturating_sub(cell.text.width()));
        let text = if cell.text.is_empty() { String::new() } else { styled(cell.style, &cell.text) };
        if cell.right { gap + &text } else { text + &gap }
    };
    row.iter().zip(widths).map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// `text` without what could command a terminal: a model's words must not move the cursor or set the title.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_that_matter() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (98_362_432, "98 MB"),
            (999_999_999, "1.0 GB"),
            (2_841_481_184, "2.8 GB"),
            (12_345_678_901_234, "12 TB"),
        ];
        for (count, words) in cases {
            assert_eq!(bytes(count), words);
        }
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        let cases = [(0.2, "1 s"), (8.0, "8 s"), (125.0, "2 min 5 s"), (4200.0, "1 h 10 min")];
        for (seconds, words) in cases {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows = vec![
            vec![Cell::plain("模型"), Cell::right("1"), Cell::plain("x")],
            vec![Cell::plain("ab"), Cell::right("123"), Cell::plain("")],
        ];
        let table = anstream::adapter::strip_str(&table(&["ID", "SIZE", "END"], &rows)).to_string();
        assert_eq!(table, "ID    SIZE  END\n模型     1  x\nab     123\n");
    }

    #[test]
    fn a_reply_cannot_command_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\u{9b}c\r\x07\n\td"), "a[2Jbc\n\td");
    }
}
