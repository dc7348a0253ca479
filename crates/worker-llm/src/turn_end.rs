//! Whether a message reads as finished, by the model's own scores.
//!
//! What is asked is how much of the chance of what comes next, after the message's words without the marks at its end,
//! lies on what ends a sentence. Speech recognisers put a full stop behind anything they are asked about, so their own
//! marks are left out.
//!
//! The words are read by themselves, as plain text in a sequence of their own. Behind a conversation the answer is worse:
//! halves of sentences that are part of the history teach a model to expect more of them (on 148 beginnings of sentences
//! behind such a history, four times the chance of an end at the median, and 0.87 for the area under the curve of the
//! words alone; behind none 0.91, as plain text 0.92).

use std::borrow::Cow;

use engine::Role;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::load::STEP;
use crate::native::{Context, Outputs, Sequence, StepError};
use crate::prompt::{ControlTokens, Tokenizer};
use crate::template::Segment;

/// Of a long message so many bytes at its end are enough; cut between sentences, so that what was read is found again.
const LONGEST: usize = 300;

/// Weighs words, and knows which of them are read.
///
/// Always holds: `read` names exactly the tokens of [`Sequence::Words`], from position 0.
#[derive(Debug)]
pub(crate) struct Scales {
    ends: SentenceEnds,
    read: Vec<LlamaToken>,
}

impl Scales {
    pub(crate) fn of(model: &LlamaModel) -> Self {
        Self { ends: SentenceEnds::of(model), read: Vec::new() }
    }

    /// How likely a sentence ends with these words, 0..=1; none without words, or where they do not fit into memory
    /// beside `beside` other tokens.
    ///
    /// # Errors
    /// Of llama.cpp's step.
    pub(crate) fn weigh(
        &mut self,
        context: &mut Context,
        model: &LlamaModel,
        words: &str,
        beside: usize,
    ) -> Result<Option<f32>, StepError> {
        let bare = without_marks(words);
        if bare.is_empty() {
            return Ok(None);
        }
        let tokens = model.tokenize(&format!("\n{}", end_of(bare)), ControlTokens::Literal);
        if beside + tokens.len() > context.cells() as usize {
            self.forget(context);
            return Ok(None);
        }
        // The last token is always read: its scores are wanted.
        let shared = self.read.iter().zip(&tokens).take_while(|(read, token)| read == token).count();
        let known = shared.min(tokens.len().saturating_sub(1));
        if known == 0 || !context.trim(Sequence::Words, known) {
            self.forget(context);
        }
        self.read.truncate(known);
        while self.read.len() < tokens.len() {
            let from = self.read.len();
            let until = tokens.len().min(from + STEP as usize);
            let outputs = if until == tokens.len() { Outputs::Last } else { Outputs::Nothing };
            if let Err(error) = context.step(Sequence::Words, from, &tokens[from..until], outputs) {
                // Part of the step may be in the memory.
                if !context.trim(Sequence::Words, from) {
                    self.forget(context);
                }
                return Err(error);
            }
            self.read.extend_from_slice(&tokens[from..until]);
        }
        Ok(context.logits().map(|logits| self.ends.share(logits)))
    }

    /// Makes room.
    pub(crate) fn forget(&mut self, context: &mut Context) {
        context.trim(Sequence::Words, 0);
        self.read.clear();
    }

    /// Whether there is anything to forget.
    pub(crate) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }
}

/// A message without the marks at its end.
fn without_marks(words: &str) -> &str {
    words.trim().trim_end_matches(|c: char| !c.is_alphanumeric())
}

/// The last sentences of a text, at most [`LONGEST`] bytes unless one alone is longer.
fn end_of(text: &str) -> &str {
    let Some(earliest) = text.len().checked_sub(LONGEST) else { return text };
    let is_end = |c: char| ['.', '?', '!', '。', '？', '！'].contains(&c);
    let mut begins = text.match_indices(is_end).map(|(at, mark)| at + mark.len());
    let last = || text.rfind(is_end).map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    text[begins.find(|&at| at >= earliest).unwrap_or_else(last)..].trim_start()
}

/// The tokens that end a sentence.
#[derive(Debug, Default)]
struct SentenceEnds(Vec<LlamaToken>);

impl SentenceEnds {
    /// Of a model's vocabulary: what ends its turn, and what is nothing but marks of which the first ends a sentence.
    fn of(model: &LlamaModel) -> Self {
        let vocab = model.vocab();
        let mut piece = Vec::new();
        let ends = |&token: &LlamaToken| {
            if vocab.is_eog(token) {
                return true;
            }
            piece.clear();
            vocab.token_to_piece_into(token, &mut piece, false, None);
            std::str::from_utf8(&piece).is_ok_and(is_end)
        };
        Self(vocab.tokens().filter(ends).collect())
    }

    /// Their share of all chance, 0..=1, of the scores of every token.
    fn share(&self, logits: &[f32]) -> f32 {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let all: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        let place = |token: &LlamaToken| usize::try_from(token.0).ok();
        let scores = self.0.iter().filter_map(|token| logits.get(place(token)?));
        let ends: f32 = scores.map(|logit| (logit - most).exp()).sum();
        if all > 0.0 { (ends / all).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Whether a piece of text is nothing but marks, and the first ends a sentence.
fn is_end(piece: &str) -> bool {
    let marks = piece.trim();
    marks.starts_with(['.', '?', '!', '。', '？', '！']) && !marks.contains(char::is_alphanumeric)
}

/// The prompt up to the end of the user's last words, without the marks at their end; none if there are no words.
pub(crate) fn until_last_words<'s>(segments: &'s [Segment<'_>]) -> Option<Vec<Segment<'s>>> {
    let is_users = |segment: &Segment<'_>| matches!(segment, Segment::Words { role: Role::User, .. });
    let last = segments.iter().rposition(is_users)?;
    let Segment::Words { role, text } = &segments[last] else { return None };
    let words = without_marks(text);
    let borrowed = |segment: &'s Segment<'_>| match segment {
        Segment::Template(text) => Segment::Template(text.clone()),
        Segment::Words { role, text } => Segment::Words { role: *role, text: Cow::Borrowed(text) },
        Segment::Picture(image) => Segment::Picture(image),
    };
    (!words.is_empty()).then(|| {
        let before = segments[..last].iter().map(borrowed);
        before.chain([Segment::Words { role: *role, text: Cow::Borrowed(words) }]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_sentence() {
        for end in [".", "?", "!", " .", "...", ".\"", "?!", "。", "？”", ".\n"] {
            assert!(is_end(end), "{end:?}");
        }
        for other in ["", " ", ",", ":", ".5", "a.", "\n", ".com", "-", "“"] {
            assert!(!is_end(other), "{other:?}");
        }
    }

    #[test]
    fn of_a_long_message_the_last_sentences() {
        let long = |sentences: usize| "It was the age of wisdom. ".repeat(sentences);
        assert_eq!(end_of("It was the age"), "It was the age");
        assert_eq!(end_of(long(20).trim_end()).len(), 26 * 11 - 1);
        assert!(end_of(&format!("{}{}", long(3), "and ".repeat(100))).starts_with("and and"));
        assert_eq!(end_of(&"天".repeat(200)).len(), 600);
    }

    #[test]
    fn shares_of_scores() {
        let ends = SentenceEnds(vec![LlamaToken(1), LlamaToken(3)]);
        assert!((ends.share(&[0.0; 4]) - 0.5).abs() < 1e-6);
        assert!(ends.share(&[0.0, 50.0, 0.0, 0.0]) > 0.999);
        assert!(ends.share(&[50.0, 0.0, 0.0, 0.0]) < 0.001);
        assert!(ends.share(&[]).abs() < 1e-6);
    }

    #[test]
    fn the_prompt_ends_with_the_last_words_of_the_user() {
        let words = |role, text: &'static str| Segment::Words { role, text: Cow::Borrowed(text) };
        let template = |text: &str| Segment::Template(text.to_owned());
        let prompt = [template("<u>"), words(Role::User, "It was the age of…\" "), template("</u><a>")];
        assert_eq!(
            until_last_words(&prompt),
            Some(vec![template("<u>"), words(Role::User, "It was the age of")])
        );
        assert_eq!(until_last_words(&[template("<u>"), words(Role::User, "..."), template("</u>")]), None);
        assert_eq!(until_last_words(&[words(Role::Assistant, "Yes")]), None);
    }
}
