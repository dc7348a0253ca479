//! What a line of Markdown begins with, and where a code block ends.

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
