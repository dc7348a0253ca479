//! What a pass tells.

use std::ops::Range;

use engine::Language;

/// A word of a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct PassWord {
    /// As the engine writes it, with its punctuation, and with a space in front where the language puts one.
    pub text: String,
    /// When it was said, in samples of the pass's sound, if the engine can tell.
    pub samples: Option<Range<u64>>,
    /// How sure the engine is, 0..=1.
    pub probability: f32,
}

/// What one pass made of its sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PassText {
    /// The words in order; none where nobody speaks.
    pub words: Vec<PassWord>,
    /// The language that was found, where the engine finds out.
    pub language: Option<Language>,
}

impl PassText {
    /// Of plain text, from an engine that tells no times. Words end at white space, and in scripts without any every
    /// character is a word.
    pub fn plain(text: &str) -> Self {
        let words = split(text).into_iter().map(|text| PassWord { text, samples: None, probability: 1.0 });
        Self { words: words.collect(), language: None }
    }
}

/// The words of `text`, a space in front of each that had white space before it.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut space = true;
    for c in text.trim().chars() {
        if c.is_whitespace() {
            space = true;
        } else if space {
            words.push(format!(" {c}"));
            space = false;
        } else {
            match words.last_mut() {
                Some(word) if !is_word_by_itself(c) => word.push(c),
                _ => words.push(c.to_string()),
            }
        }
    }
    words
}

/// Whether the character is of a script that is written without spaces: kana and Han characters.
fn is_word_by_itself(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// The text of `words`, without white space around it.
pub(crate) fn joined(words: &[PassWord]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<String>().trim().to_owned()
}

/// What of a word must be the same for two passes to agree on it: its letters and digits. Capitals and punctuation
/// depend on what follows.
pub(crate) fn key(word: &PassWord) -> String {
    let letters: String =
        word.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if letters.is_empty() { word.text.trim().to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_split_where_its_script_has_words() {
        assert_eq!(split("  Well, hello\tthere. "), [" Well,", " hello", " there."]);
        assert_eq!(split("你好，世界。OK 吗"), [" 你", "好，", "世", "界。OK", " 吗"]);
        assert_eq!(split(" \n"), Vec::<String>::new());
    }

    #[test]
    fn words_put_together_are_the_text() {
        for text in ["Well, hello there.", "你好，世界。"] {
            assert_eq!(joined(&PassText::plain(text).words), text);
        }
    }

    #[test]
    fn agreement_is_about_letters() {
        let key_of = |text: &str| key(&PassText::plain(text).words[0]);
        assert_eq!(key_of("House."), key_of("house"));
        assert_ne!(key_of("house"), key_of("houses"));
        assert_eq!(key_of("—"), "—");
    }
}
