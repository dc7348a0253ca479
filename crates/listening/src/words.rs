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
        Self::pieces([PassWord { text: text.trim().to_owned(), samples: None, probability: 1.0 }])
    }

    /// Of text that the engine tells in pieces which are not words (tokens). White space stands where the text has it.
    pub fn pieces(pieces: impl IntoIterator<Item = PassWord>) -> Self {
        let mut words: Vec<PassWord> = Vec::new();
        let mut space = true;
        for piece in pieces {
            // Whether the word at the end has some of this piece already.
            let mut joined = false;
            for c in piece.text.chars() {
                if c.is_whitespace() {
                    space = true;
                    continue;
                }
                match words.last_mut() {
                    Some(word) if !space && !is_word_by_itself(c) => {
                        word.text.push(c);
                        if !joined {
                            word.take_in(&piece);
                        }
                    }
                    _ => {
                        let text = if space { format!(" {c}") } else { c.to_string() };
                        words.push(PassWord { text, ..piece.clone() });
                    }
                }
                (space, joined) = (false, true);
            }
        }
        Self { words, language: None }
    }
}

impl PassWord {
    /// Lasts until the end of `piece`, and is no surer than it.
    fn take_in(&mut self, piece: &PassWord) {
        self.probability = self.probability.min(piece.probability);
        self.samples = match (self.samples.take(), &piece.samples) {
            (Some(own), Some(more)) => Some(own.start..own.end.max(more.end)),
            _ => None,
        };
    }
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

    fn words_of(text: &str) -> Vec<String> {
        PassText::plain(text).words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn text_is_split_where_its_script_has_words() {
        assert_eq!(words_of("  Well, hello\tthere. "), [" Well,", " hello", " there."]);
        assert_eq!(words_of("你好，世界。OK 吗"), [" 你", "好，", "世", "界。OK", " 吗"]);
        assert_eq!(words_of(" \n"), Vec::<String>::new());
    }

    #[test]
    fn pieces_become_words_with_their_times() {
        let piece = |text: &str, samples: Range<u64>, probability| PassWord {
            text: text.into(),
            samples: Some(samples),
            probability,
        };
        let text = PassText::pieces([
            piece(" straw", 0..10, 0.9),
            piece("berry", 10..20, 0.7),
            piece(" jam", 25..30, 0.8),
            piece(".", 30..31, 0.9),
        ]);
        assert_eq!(text.words, [piece(" strawberry", 0..20, 0.7), piece(" jam.", 25..31, 0.8)]);
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
