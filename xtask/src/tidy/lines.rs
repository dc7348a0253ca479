//! Rust source without what is not code: comments and the insides of literals become spaces, lines stay where they are.

/// The same text with comments, strings and characters blanked out.
pub(super) fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = blank_length(rest, before).unwrap_or(0);
        if length > 0 {
            out.extend(rest[..length].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
            before = ' ';
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            before = first;
        }
    }
    out
}

/// How many bytes from the start of `rest` are no code, or `None` if it starts with code.
fn blank_length(rest: &str, before: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if let Some(inside) = rest.strip_prefix('"') {
        return Some(1 + literal_end(inside, '"'));
    }
    let is_prefix = !(before.is_alphanumeric() || before == '_');
    if is_prefix && let Some(length) = raw_string(rest) {
        return Some(length);
    }
    character(rest)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Bytes up to and including the closing quote, minding backslashes.
fn literal_end(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    inside.len()
}

/// `r"…"`, `br#"…"#` and the like.
fn raw_string(rest: &str) -> Option<usize> {
    let after =
        rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some(rest.len() - inside.len() + end)
}

/// `'x'` or `'\n'`, but not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut letters = inside.chars();
    let first = letters.next()?;
    if first == '\\' {
        return Some(1 + literal_end(inside, '\''));
    }
    (letters.next() == Some('\'')).then(|| 2 + first.len_utf8())
}

/// Whether `word` stands in `code` by itself, not as a part of a longer name.
pub(super) fn has_word(code: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part)
            && !code[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = code_only(text);
        assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
        assert_eq!(found.lines().count(), text.lines().count(), "lines must stay where they are");
    }

    #[test]
    fn only_code_remains() {
        check("let a = 1; // unsafe", "let a = 1;");
        check("a /* b /* c */ d */ e", "a e");
        check(r#"say("unsafe \" {}") + 1"#, "say( ) + 1");
        check("x(r#\"a \"quoted\" unsafe\nline\"#)", "x( )");
        check("for b in br\"x\\\" {}", "for b in {}");
        check(r"let q = '\''; let s: &'a str = d; let c = '{';", "let q = ; let s: &'a str = d; let c = ;");
        check("\"héllo\" 'é' ü", "ü");
        check("\"never closed\nunsafe", "");
    }

    #[test]
    fn words_stand_alone() {
        assert!(has_word("unsafe {", "unsafe"));
        assert!(has_word("pub unsafe fn x()", "unsafe"));
        assert!(!has_word("allow(unsafe_code)", "unsafe"));
        assert!(!has_word("an_unsafe", "unsafe"));
    }
}
