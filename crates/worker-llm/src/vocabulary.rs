//! A model's vocabulary, as prompts and replies need it.

use dialogue::thoughts::Tags;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token_type::LlamaTokenAttr;

use crate::prompt::{ControlTexts, ControlTokens, Tokenizer};

/// Texts above this many bytes are measured in slices: some of llama.cpp's pre-tokenizers recurse over their input.
const SLICE: usize = 32 << 10;

/// The model's words for where text begins and ends; empty where it has none.
pub(crate) struct Edges {
    pub(crate) begin: String,
    pub(crate) end: String,
}

/// The texts of the tokens that template authors call `bos_token` and `eos_token`.
pub(crate) fn edges(model: &LlamaModel) -> Edges {
    let vocab = model.vocab();
    let text = |token: LlamaToken| {
        let text = (token.0 >= 0).then(|| vocab.text(token)).flatten();
        text.map_or_else(String::new, |text| text.to_string_lossy().into_owned())
    };
    Edges { begin: text(vocab.bos()), end: text(vocab.eos()) }
}

/// The texts of all control tokens.
pub(crate) fn control_texts(model: &LlamaModel) -> ControlTexts {
    let vocab = model.vocab();
    let is_control = |&token: &LlamaToken| {
        let attributes = vocab.attr(token);
        attributes.contains(LlamaTokenAttr::Control) || attributes.contains(LlamaTokenAttr::Unknown)
    };
    let tokens = vocab.tokens().filter(is_control);
    ControlTexts::new(tokens.filter_map(|token| vocab.text(token).map(|text| text.to_bytes().to_vec())))
}

/// The control tokens that mark thoughts; they have to be seen in the reply's text.
pub(crate) fn visible_control(model: &LlamaModel, tags: &[Tags]) -> Vec<LlamaToken> {
    let vocab = model.vocab();
    let texts = tags.iter().flat_map(|tags| [&tags.open, &tags.close]);
    texts
        .flat_map(|text| vocab.tokenize(text.as_bytes(), false, true))
        .filter(|&token| vocab.is_control(token))
        .collect()
}

/// How many tokens `text` has. Of a text far beyond `limit` tokens only the beginning is counted and the rest
/// reckoned from it, so that no length of text takes long.
pub(crate) fn measure(tokenizer: &impl Tokenizer, text: &str, limit: u32) -> u32 {
    let mut tokens: u64 = 0;
    let mut done = 0;
    while done < text.len() {
        let end = text.floor_char_boundary(done + SLICE);
        tokens += tokenizer.tokenize(&text[done..end], ControlTokens::Literal).len() as u64;
        done = end;
        if tokens > u64::from(limit) * 2 {
            tokens = tokens * text.len() as u64 / done as u64;
            break;
        }
    }
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

impl Tokenizer for LlamaModel {
    fn tokenize(&self, text: &str, control: ControlTokens) -> Vec<LlamaToken> {
        self.vocab().tokenize(text.as_bytes(), false, control == ControlTokens::Meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token for every four bytes; counts its calls.
    #[derive(Default)]
    struct Quarters(std::cell::Cell<usize>);

    impl Tokenizer for Quarters {
        fn tokenize(&self, text: &str, _: ControlTokens) -> Vec<LlamaToken> {
            self.0.set(self.0.get() + 1);
            vec![LlamaToken(0); text.len().div_ceil(4)]
        }
    }

    #[test]
    fn short_texts_are_counted() {
        assert_eq!(measure(&Quarters::default(), "12345678", 1), 2);
        assert_eq!(measure(&Quarters::default(), "", 1), 0);
    }

    #[test]
    fn of_long_texts_only_the_beginning_is() {
        let tokenizer = Quarters::default();
        let text = "é".repeat(2_500_000);
        assert_eq!(measure(&tokenizer, &text, 8000), 1_250_000);
        assert!(tokenizer.0.get() <= 3);
    }
}
