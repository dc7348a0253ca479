//! Whether a message reads as finished, by the model's own scores.
//!
//! What is asked is how much of the chance of what comes next, after the message's words without the marks at its end,
//! lies on what ends a sentence. Speech recognisers put a full stop behind anything they are asked about, so their own
//! marks are left out.

use std::borrow::Cow;

use engine::Role;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::template::Segment;

/// The tokens that end a sentence.
#[derive(Debug, Default)]
pub(crate) struct SentenceEnds(Vec<LlamaToken>);

impl SentenceEnds {
    /// Of a model's vocabulary: what ends its turn, and what is nothing but marks of which the first ends a sentence.
    pub(crate) fn of(model: &LlamaModel) -> Self {
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
    pub(crate) fn share(&self, logits: &[f32]) -> f32 {
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
    let words = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let borrowed = |segment: &'s Segment<'_>| match segment {
        Segment::Template(text) => Segment::Template(text.clone()),
        Segment::Words { role, text } => Segment::Words { role: *role, text: Cow::Borrowed(text) },
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
