//! The text as a system may have it, and places in it, which systems count in UTF-16 code units.

use std::ops::Range;

/// The text without anything that a system could take for more than words, each place of it where it was, counted in UTF-16:
/// control characters and those for private use become spaces, and so does `[[`, which begins a command to the oldest
/// voices of macOS.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '[' && rest.peek() == Some(&'[') {
            while rest.next_if_eq(&'[').is_some() {
                plain.push(' ');
            }
            plain.push(' ');
        } else if (c.is_control() && c != '\n') || is_private(c) {
            plain.extend(std::iter::repeat_n(' ', c.len_utf16()));
        } else {
            plain.push(c);
        }
    }
    plain
}

fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF0000..=0x0010_FFFF)
}

/// Whether there is anything to say.
pub fn sounds(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control() && !c.is_ascii_punctuation() && !is_private(c))
}

/// Leads from places in UTF-16 to bytes of a text.
#[derive(Debug, Clone)]
pub struct Positions<'t> {
    text: &'t str,
    /// For each code unit the first byte of its character, and the text's length after them.
    bytes: Vec<usize>,
}

impl<'t> Positions<'t> {
    /// In this text.
    pub fn of(text: &'t str) -> Self {
        let units = text.char_indices().flat_map(|(at, c)| std::iter::repeat_n(at, c.len_utf16()));
        Self { text, bytes: units.chain([text.len()]).collect() }
    }

    /// Bytes of the word at these code units, without the punctuation around it; none for what is no word of the text.
    pub fn word(&self, units: &Range<usize>) -> Option<Range<usize>> {
        let end = units.end.min(self.bytes.len() - 1);
        let from = *self.bytes.get(units.start)?;
        let mut to = *self.bytes.get(end)?;
        // An end within a pair of surrogates takes the whole character.
        if end > 0 && self.bytes.get(end - 1) == Some(&to) {
            to = self.bytes.get(end + 1).copied()?;
        }
        let found = self.text.get(from..to)?;
        let first = found.find(char::is_alphanumeric)?;
        let kept = found.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
        Some(from + first..from + kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_command() {
        let check = |text: &str, expect: &str| {
            assert_eq!(plain(text), expect, "{text:?}");
            assert_eq!(plain(text).encode_utf16().count(), text.encode_utf16().count(), "{text:?}");
        };
        check("Hello, <b>world</b> & [you]!\n", "Hello, <b>world</b> & [you]!\n");
        check("[[rate 500]] a[[[b", "  rate 500]] a   b");
        check("a\0b\u{1b}[31mc\u{E001}d\u{F0000}e\u{85}", "a b [31mc d  e ");
        check("你好 😀 é", "你好 😀 é");
    }

    #[test]
    fn silence_is_known_before_it_is_asked_for() {
        assert!(sounds("a") && sounds(" 你") && sounds("😀") && sounds("3"));
        assert!(!sounds("") && !sounds(" \n\t") && !sounds("...!?") && !sounds("\u{E000}\0"));
    }

    #[test]
    fn units_lead_to_words() {
        let text = "Né, (😀 a😀b) \"don't\" 你好。—";
        let positions = Positions::of(text);
        let check = |units: Range<usize>, expect: Option<&str>| {
            let found = positions.word(&units).map(|bytes| &text[bytes]);
            assert_eq!(found, expect, "{units:?}");
        };
        check(0..2, Some("Né"));
        check(0..3, Some("Né"));
        check(0..4, Some("Né"));
        check(4..8, None);
        // After the pair of surrogates of the first 😀 and a space.
        check(8..12, Some("a😀b"));
        check(8..10, Some("a"));
        check(14..21, Some("don't"));
        check(22..23, Some("你"));
        check(22..24, Some("你好"));
        check(24..26, None);
        check(22..99, Some("你好"));
        check(99..100, None);
        check(3..3, None);
        #[allow(clippy::reversed_empty_ranges)]
        check(9..2, None);
    }

    #[test]
    fn every_range_is_within_the_text() {
        for text in ["", "a", "😀", "x😀é你 y", "e\u{301}"] {
            let positions = Positions::of(text);
            for from in 0..12 {
                for to in 0..12 {
                    if let Some(word) = positions.word(&(from..to)) {
                        assert!(text.get(word).is_some_and(|word| !word.is_empty()));
                    }
                }
            }
        }
    }
}
