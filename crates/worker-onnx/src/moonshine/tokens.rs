//! Moonshine's vocabulary: from tokens to words.

use std::path::Path;

use engine::JobError;

use crate::runtime::{bad_model, readable};

/// What stands for a space at the beginning of a word (U+2581).
const SPACE: &[u8] = "\u{2581}".as_bytes();

/// A word, and how sure the model was of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// With its punctuation.
    pub(crate) text: String,
    /// 0..=1: the mean over its tokens.
    pub(crate) probability: f32,
}

/// The bytes of every token.
#[derive(Debug)]
pub(crate) struct Vocabulary(Vec<Box<[u8]>>);

impl Vocabulary {
    /// Reads `tokenizer.bin`: the tokens in order, each as a length and so many bytes; 0 is a token without bytes, a
    /// length from 128 takes two bytes, of which the second counts 128s.
    ///
    /// # Errors
    /// [`JobError::BadModel`]: it is missing or something else.
    pub(crate) fn read(path: &Path) -> Result<Self, JobError> {
        readable(path)?;
        let bytes = std::fs::read(path)
            .map_err(|error| bad_model(format!("{} cannot be read ({error}).", path.display())))?;
        Self::parse(&bytes).ok_or_else(|| {
            bad_model(format!("{} is not a vocabulary of Moonshine. Download it again.", path.display()))
        })
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut tokens = Vec::new();
        while let Some((first, rest)) = bytes.split_first() {
            bytes = rest;
            let mut length = usize::from(*first);
            if length >= 128 {
                let (second, rest) = bytes.split_first()?;
                bytes = rest;
                length = usize::from(*second) * 128 + length - 128;
            }
            let (token, rest) = bytes.split_at_checked(length)?;
            tokens.push(token.into());
            bytes = rest;
        }
        (!tokens.is_empty()).then_some(Self(tokens))
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The words these tokens spell, given the logarithm of each one's probability. What holds no letter or digit (a
    /// note for music, half a character) is no word.
    pub(crate) fn words(&self, tokens: &[i64], logs: &[f32]) -> Vec<Word> {
        let mut spelled: Vec<(Vec<u8>, Vec<f32>)> = Vec::new();
        for (token, log) in tokens.iter().zip(logs) {
            let bytes = usize::try_from(*token).ok().and_then(|at| self.0.get(at)).map_or(&[][..], |b| b);
            let inner = bytes.strip_prefix(SPACE);
            if inner.is_some() || spelled.is_empty() {
                spelled.push((Vec::new(), Vec::new()));
            }
            if let Some((word, probabilities)) = spelled.last_mut() {
                word.extend(inner.unwrap_or(bytes));
                probabilities.push(log.exp());
            }
        }
        spelled
            .into_iter()
            .filter_map(|(word, probabilities)| {
                let text =
                    String::from_utf8_lossy(&word).replace(char::REPLACEMENT_CHARACTER, "").trim().to_owned();
                let probability = probabilities.iter().sum::<f32>() / probabilities.len() as f32;
                text.chars().any(char::is_alphanumeric).then_some(Word { text, probability })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let mut bytes = vec![0, 2, b'a', b'b'];
        for token in ["\u{2581}so", "me", "\u{2581}thing", ".", "\u{2581}", "\u{2581}\u{266a}"] {
            bytes.push(u8::try_from(token.len()).unwrap());
            bytes.extend(token.as_bytes());
        }
        bytes.extend([128 + 4, 1]);
        bytes.extend([b'x'; 132]);
        Vocabulary::parse(&bytes).unwrap()
    }

    fn spelled(tokens: &[i64]) -> Vec<String> {
        let words = vocabulary().words(tokens, &vec![0.0; tokens.len()]);
        words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn long_tokens_have_two_bytes_of_length() {
        assert_eq!(vocabulary().len(), 9);
        assert_eq!(spelled(&[8]), ["x".repeat(132)]);
    }

    #[test]
    fn tokens_become_words() {
        assert_eq!(spelled(&[2, 3, 4, 5]), ["some", "thing."]);
        assert_eq!(spelled(&[3, 2]), ["me", "so"]);
        assert_eq!(spelled(&[6, 7]), [""; 0]);
        assert_eq!(spelled(&[-1, 99, 2]), ["so"]);
    }

    #[test]
    fn a_word_is_as_sure_as_its_tokens() {
        let words = vocabulary().words(&[2, 3], &[0.0, 0.5_f32.ln()]);
        assert!((words[0].probability - 0.75).abs() < 1e-6);
    }

    #[test]
    fn what_is_cut_off_is_no_vocabulary() {
        assert!(Vocabulary::parse(&[5, b'a']).is_none());
        assert!(Vocabulary::parse(&[200]).is_none());
        assert!(Vocabulary::parse(&[]).is_none());
    }
}
