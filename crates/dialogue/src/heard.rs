//! The text of a reply as far as it was heard, as Markdown that renders well.
//!
//! What always holds: a text that was heard to its end is given back as it is; of any other no word is given that was
//! not heard, and what it opens it closes.

use crate::spoken::{LineStart, line_start};

/// The first `source_end` bytes of `source`, with marks closed that were open there: `a **bold wo` becomes
/// `a **bold wo**`, a link whose text was cut loses its brackets.
pub fn heard_text(source: &str, source_end: usize) -> String {
    let end = floor(source, source_end);
    if end == source.len() {
        return source.to_owned();
    }
    let mut text = source[..end].trim_end().to_owned();
    if let Some(fence) = open_fence(&text) {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&fence);
        return text;
    }
    drop_bare_mark(&mut text);
    let from = text.rfind("\n\n").map_or(0, |at| at + 2);
    let rest = source[end..].to_owned();
    close(&mut text, from, &rest);
    text
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What closes the code block that `text` ends in.
fn open_fence(text: &str) -> Option<String> {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let line = line.trim();
        match (open, line_start(line, true)) {
            (None, LineStart::Fence(mark, marks)) => open = Some((mark, marks)),
            (Some((mark, marks)), _) if line.chars().count() >= marks && line.chars().all(|c| c == mark) => {
                open = None;
            }
            _ => {}
        }
    }
    open.map(|(mark, marks)| String::from(mark).repeat(marks))
}

/// Removes a mark of a list item or heading whose words were not heard.
fn drop_bare_mark(text: &mut String) {
    let from = text.rfind('\n').map_or(0, |at| at + 1);
    let mut line = text[from..].trim().to_owned();
    line.push(' ');
    let bare = match line_start(&line, true) {
        LineStart::Heading(marks)
        | LineStart::Item(marks)
        | LineStart::Numbered(marks)
        | LineStart::Quote(marks) => line[marks.min(line.len())..].trim().is_empty(),
        _ => false,
    };
    if bare {
        text.truncate(from);
        text.truncate(text.trim_end().len());
    }
}

/// A mark that is open.
struct Open {
    mark: &'static str,
    at: usize,
}

const MARKS: [&str; 9] = ["**", "__", "~~", "*", "_", "$$", "$", "[", "`"];

/// Closes what is open in `text[from..]`; `rest` is what would have come.
fn close(text: &mut String, from: usize, rest: &str) {
    let mut open = open_marks(text, from);
    while let Some(Open { mark, at }) = open.pop() {
        if text[at + mark.len()..].trim().is_empty() {
            // Nothing of it was heard.
            text.truncate(at);
            text.truncate(text.trim_end().len());
        } else if mark == "[" {
            let heard_whole = rest
                .find(|c: char| !matches!(c, '*' | '_' | '`'))
                .is_some_and(|end| rest[end..].starts_with("]("));
            if let Some(end) = rest.find(')').filter(|_| heard_whole) {
                let link = rest.find(']').unwrap_or(0);
                text.push_str(&rest[link..=end]);
            } else {
                text.remove(at);
                if text[..at].ends_with('!') {
                    text.remove(at - 1);
                }
            }
        } else {
            text.push_str(mark);
        }
    }
}

fn open_marks(text: &str, from: usize) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = from;
    while at < text.len() {
        let rest = &text[at..];
        let step = rest.chars().next().map_or(1, char::len_utf8);
        if let Some(last) = open.last()
            && matches!(last.mark, "`" | "$" | "$$")
        {
            if rest.starts_with(last.mark) {
                at += last.mark.len();
                open.pop();
            } else {
                at += step;
            }
            continue;
        }
        if let Some(escaped) = rest.strip_prefix('\\') {
            at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
            continue;
        }
        if rest.starts_with(']') && open.last().is_some_and(|last| last.mark == "[") {
            open.pop();
            at += 1;
            continue;
        }
        let Some(mark) = MARKS.into_iter().find(|mark| rest.starts_with(mark)) else {
            at += step;
            continue;
        };
        let before = text[from..at].chars().next_back();
        let after = rest[mark.len()..].chars().next();
        let place = open.iter().rposition(|open| open.mark == mark);
        match place {
            Some(place) if before.is_some_and(|c| !c.is_whitespace()) => open.truncate(place),
            _ if opens(mark, before, after) => open.push(Open { mark, at }),
            _ => {}
        }
        at += mark.len();
    }
    open
}

/// Whether a mark between these characters opens something.
fn opens(mark: &str, before: Option<char>, after: Option<char>) -> bool {
    let within = before.is_some_and(char::is_alphanumeric);
    match mark {
        "[" | "`" | "$$" => true,
        "$" => after.is_none_or(|c| !c.is_whitespace() && !c.is_ascii_digit()),
        "_" | "__" => !within && after.is_none_or(|c| !c.is_whitespace()),
        _ => after.is_none_or(|c| !c.is_whitespace()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(source: &str, heard: &str, expect: &str) {
        let end = source.find(heard).unwrap() + heard.len();
        assert_eq!(heard_text(source, end), expect, "{source:?} up to {heard:?}");
    }

    #[test]
    fn plain_text_ends_with_its_word() {
        check("It is sunny today.", "It is", "It is");
        check("It is sunny today.", "today.", "It is sunny today.");
        check("今天天气很好。", "今天天气", "今天天气");
    }

    #[test]
    fn what_is_open_is_closed() {
        check("a **bold word** b", "bold", "a **bold**");
        check("a *slanted word* b", "slanted", "a *slanted*");
        check("an **old *and wise* man** b", "and", "an **old *and***");
        check("use `git push` now", "git", "use `git`");
        check("~~not this~~ that", "not", "~~not~~");
        check("2 * 3 and more", "2 * 3", "2 * 3");
        check("a snake_case name", "snake_case", "a snake_case");
    }

    #[test]
    fn what_closes_at_once_is_kept() {
        check("a **bold** b", "bold", "a **bold**");
        check("see [the book](https://x.org/a) now", "the book", "see [the book](https://x.org/a)");
    }

    #[test]
    fn half_a_link_is_words() {
        check("see [the book](https://x.org) now", "the", "see the");
        check("![a cat](cat.png) is", "a", "a");
    }

    #[test]
    fn a_code_block_is_closed() {
        check("Here:\n```rust\nfn a() {}\n```\nDone", "Here:\n```rust\n", "Here:\n```rust\n```");
        check(
            "Here:\n```rust\nfn a() {}\n```\nDone now",
            "```\nDone",
            "Here:\n```rust\nfn a() {}\n```\nDone",
        );
    }

    #[test]
    fn a_mark_alone_is_left_out() {
        check("Two:\n- one\n- two", "one\n- ", "Two:\n- one");
        check("Two:\n1. one\n2. two", "one\n2. ", "Two:\n1. one");
        check("so **then** we", "so **", "so");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(source in "[a-c *_`\\[\\]()~$#\n|é。-]{0,40}", end in 0usize..50) {
            let heard = heard_text(&source, end);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
            prop_assert!(letters(&heard) <= letters(&source));
        }
    }
}
