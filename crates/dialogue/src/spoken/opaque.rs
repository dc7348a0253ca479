//! What must not be cut: inline code, formulas, links, tags.

/// Bytes to wait for the end of inline code, a link or a formula.
const LONGEST: usize = 400;

/// Whether something that must not be cut begins at a place.
pub(super) enum Opaque {
    Nothing,
    /// Its end has not come.
    Open,
    Until(usize),
}

/// What begins at `at`; with `done` nothing more comes.
pub(super) fn opaque(text: &str, at: usize, done: bool) -> Opaque {
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
                    None if done || rest.len() > LONGEST => Opaque::Nothing,
                    None => Opaque::Open,
                },
                None if !done => Opaque::Open,
                _ => Opaque::Nothing,
            }
        }
        None if line.is_none() && !done && rest.len() <= LONGEST => Opaque::Open,
        _ => Opaque::Nothing,
    }
}

/// What closes the code, formula, link or tag that `rest` begins with, and the bytes that open it.
pub(crate) fn opening(rest: &str) -> Option<(String, usize)> {
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
