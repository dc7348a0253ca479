//! Kokoro's vocabulary: a token for each symbol of the International Phonetic Alphabet and of punctuation.

use std::collections::HashMap;
use std::path::Path;

use engine::JobError;
use serde::Deserialize;

use crate::runtime::{bad_model, readable};

/// Symbols that espeak-ng writes and Kokoro was not trained on, and what its own code puts in their place.
const INSTEAD: [(char, char); 4] = [('ʲ', 'j'), ('r', 'ɹ'), ('x', 'k'), ('ɬ', 'l')];

/// Which token stands for which symbol.
#[derive(Debug)]
pub(super) struct Symbols(HashMap<char, i64>);

/// What is read of the published `tokenizer.json`.
#[derive(Deserialize)]
struct File {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, i64>,
}

impl Symbols {
    /// Reads the published `tokenizer.json`.
    ///
    /// # Errors
    /// [`JobError::BadModel`]: it is missing or something else.
    pub(super) fn read(path: &Path) -> Result<Self, JobError> {
        readable(path)?;
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Self::parse(&text).ok_or_else(|| {
            bad_model(format!("{} is not the vocabulary of Kokoro. Download it again.", path.display()))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let single = |(symbol, token): (String, i64)| {
            let mut chars = symbol.chars();
            chars.next().filter(|_| chars.next().is_none()).map(|symbol| (symbol, token))
        };
        let symbols: HashMap<char, i64> = file.model.vocab.into_iter().filter_map(single).collect();
        symbols.contains_key(&' ').then_some(Self(symbols))
    }

    /// The tokens of these phonemes; symbols without one are left out.
    pub(super) fn tokens(&self, phonemes: &str) -> Vec<i64> {
        let known = |symbol| {
            let instead = INSTEAD.iter().find(|(from, _)| *from == symbol).map_or(symbol, |(_, to)| *to);
            self.0.get(&instead).copied()
        };
        phonemes.chars().filter_map(known).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The published vocabulary as far as it is a rule: padding, punctuation, Latin letters, the IPA, in the order of the
    /// code that Kokoro descends from (yl4579/StyleTTS2, `text_utils.py`).
    pub(crate) fn symbols() -> Symbols {
        let letters: String = ('A'..='Z').chain('a'..='z').collect();
        let ipa =
            "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑ";
        let all = format!("$;:,.!?¡¿—…\"«»“” {letters}{ipa}");
        Symbols(all.chars().zip(0..).collect())
    }

    /// The example of the model's card (onnx-community/Kokoro-82M-v1.0-ONNX).
    #[test]
    fn the_published_example_has_its_published_tokens() {
        let phonemes = "hˌaʊ kʊd aɪ nˈoʊ? ɪts ɐn ʌnˈænsɚɹəbəl kwˈɛstʃən. lˈaɪk ˈæskɪŋ ɐn ʌnbˈɔːɹn tʃˈaɪld ɪf ðeɪl lˈiːd ɐ ɡˈʊd lˈaɪf. ðeɪ hˈævənt ˈiːvən bˌɪn bˈɔːɹn.";
        #[rustfmt::skip]
        let tokens = [
            50, 157, 43, 135, 16, 53, 135, 46, 16, 43, 102, 16, 56, 156, 57, 135, 6, 16, 102, 62, 61, 16, 70, 56, 16,
            138, 56, 156, 72, 56, 61, 85, 123, 83, 44, 83, 54, 16, 53, 65, 156, 86, 61, 62, 131, 83, 56, 4, 16, 54, 156,
            43, 102, 53, 16, 156, 72, 61, 53, 102, 112, 16, 70, 56, 16, 138, 56, 44, 156, 76, 158, 123, 56, 16, 62, 131,
            156, 43, 102, 54, 46, 16, 102, 48, 16, 81, 47, 102, 54, 16, 54, 156, 51, 158, 46, 16, 70, 16, 92, 156, 135,
            46, 16, 54, 156, 43, 102, 48, 4, 16, 81, 47, 102, 16, 50, 156, 72, 64, 83, 56, 62, 16, 156, 51, 158, 64, 83,
            56, 16, 44, 157, 102, 56, 16, 44, 156, 76, 158, 123, 56, 4,
        ];
        assert_eq!(symbols().tokens(phonemes), tokens);
    }

    #[test]
    fn what_kokoro_does_not_know_is_replaced_or_left_out() {
        assert_eq!(symbols().tokens("rʲ\u{361}x"), symbols().tokens("ɹjk"));
    }

    #[test]
    fn the_published_file_is_read() {
        let text = r#"{"version": "1.0", "model": {"vocab": {"$": 0, " ": 16, "h": 50, "ab": 7}}}"#;
        assert_eq!(Symbols::parse(text).unwrap().tokens("h abh"), [50, 16, 50]);
        assert!(Symbols::parse("{}").is_none() && Symbols::parse("").is_none());
        assert!(Symbols::parse(r#"{"model": {"vocab": {"h": 50}}}"#).is_none());
    }
}
