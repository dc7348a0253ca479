//! Words of a text, and the text as the library may have it.

use std::ffi::CString;
use std::ops::Range;

/// A text that is to be spoken, and where its words are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words<'t> {
    text: &'t str,
    ranges: Vec<Range<usize>>,
    /// For each character the word it is in or just after, if it is in one.
    word_of: Vec<Option<usize>>,
}

impl<'t> Words<'t> {
    /// Words are what stands between white space, without the punctuation around it; in scripts that are written
    /// without spaces every character is one.
    pub(crate) fn of(text: &'t str) -> Self {
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut word_of = Vec::new();
        let mut open = false;
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            if c.is_whitespace() {
                open = false;
                word_of.push(None);
                continue;
            }
            let sounds = is_spoken(c);
            if is_word_by_itself(c) {
                words.push(at..end);
                open = false;
            } else if !open {
                // Punctuation before a word belongs to it if the word follows at once.
                if sounds {
                    words.push(at..end);
                    open = true;
                }
            } else if let Some(word) = words.last_mut().filter(|_| sounds) {
                word.end = end;
            }
            word_of.push((open || is_word_by_itself(c)).then(|| words.len() - 1));
        }
        Self { text, ranges: words, word_of }
    }

    /// Bytes of each word.
    pub(crate) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The word that holds this character, counted from 0.
    pub(crate) fn at_character(&self, character: usize) -> Option<usize> {
        self.word_of.get(character).copied().flatten()
    }

    /// The punctuation between this word and the next, without white space.
    pub(crate) fn punctuation_after(&self, word: usize) -> String {
        let from = self.ranges.get(word).map_or(self.text.len(), |word| word.end);
        let to = self.ranges.get(word + 1).map_or(self.text.len(), |next| next.start);
        self.text.get(from..to).unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// The text for the library, character for character. Control characters go: 1 (CTRL-A) begins its embedded
    /// commands, 0 ends its strings, and those for private use are its own marks.
    pub(crate) fn for_library(&self) -> CString {
        let plain: String = self
            .text
            .chars()
            .map(|c| if (c.is_control() && c != '\n') || is_private(c) { ' ' } else { c })
            .collect();
        CString::new(plain).unwrap_or_default()
    }
}

/// Whether the character is part of how a word sounds, rather than of how a sentence is divided.
fn is_spoken(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '%' | '€' | '$' | '£' | '¥' | '°' | '+' | '=' | '&' | '@' | '#')
        || is_symbol(c)
}

/// Emoji and other signs that have a name.
fn is_symbol(c: char) -> bool {
    matches!(u32::from(c), 0x2190..=0x2BFF | 0x1F000..=0x1FAFF)
}

fn is_word_by_itself(c: char) -> bool {
    matches!(u32::from(c), 0x3041..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF0000..=0x0010_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let words = Words::of(text);
        let found: Vec<&str> = words.ranges().iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn words_are_found() {
        check("", &[]);
        check(" ... — !", &[]);
        check("Hello, \"old\" world!", &["Hello", "old", "world"]);
        check("well-known don't 3.14 20%", &["well-known", "don't", "3.14", "20%"]);
        check("你好，世界。OK", &["你", "好", "世", "界", "OK"]);
        check("¡Hola! ¿Qué?", &["Hola", "Qué"]);
        check("😀 ok", &["😀", "ok"]);
    }

    #[test]
    fn characters_lead_to_words() {
        let words = Words::of("é, (b) 你");
        let found: Vec<Option<usize>> = (0..8).map(|at| words.at_character(at)).collect();
        assert_eq!(found, [Some(0), Some(0), None, None, Some(1), Some(1), None, Some(2)]);
        assert_eq!(words.at_character(99), None);
    }

    #[test]
    fn punctuation_comes_after_its_word() {
        let words = Words::of("Well, (yes) — no!");
        let after: Vec<String> = (0..3).map(|at| words.punctuation_after(at)).collect();
        assert_eq!(after, [",", ")", "!"]);
    }

    #[test]
    fn the_library_gets_no_commands() {
        let text = "a\u{1}50S b\0c\u{E001}d\n[[x]] <b>";
        let given = Words::of(text).for_library();
        assert_eq!(given.to_str().unwrap(), "a 50S b c d\n[[x]] <b>");
        assert_eq!(given.to_str().unwrap().chars().count(), text.chars().count());
    }
}
