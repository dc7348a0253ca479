//! From a prompt's segments to its tokens.
//!
//! What always holds: a control token in the result comes from the template, never from a message's words; and a
//! reply that this model made itself keeps the very tokens it was made of, so that the KV cache still fits it.

use std::collections::HashMap;
use std::ops::Range;

use engine::Role;
use llama_cpp_2::token::LlamaToken;

use crate::template::Segment;

/// Replies whose tokens are remembered; a conversation's last hundred or so is what can still be in the cache.
const REMEMBERED: usize = 256;

/// How a model cuts text into tokens.
pub trait Tokenizer {
    /// The tokens of `text`. Control tokens spelled out in it are recognised only if they are meant.
    fn tokenize(&self, text: &str, control: ControlTokens) -> Vec<LlamaToken>;
}

/// Whether control tokens spelled out in a text are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlTokens {
    /// They are: the text is a template's own.
    Meant,
    /// They are not: somebody wrote about them.
    Literal,
}

/// The texts of a model's control tokens, to find them in what people write.
#[derive(Debug, Clone, Default)]
pub struct ControlTexts {
    by_first_byte: HashMap<u8, Vec<Box<[u8]>>>,
}

impl ControlTexts {
    /// From the texts of all control tokens.
    pub fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut by_first_byte: HashMap<u8, Vec<Box<[u8]>>> = HashMap::new();
        for text in texts {
            if let Some(&first) = text.first() {
                by_first_byte.entry(first).or_default().push(text.into());
            }
        }
        Self { by_first_byte }
    }

    /// Whether a control token is spelled in `text` in such a way that it touches `range`.
    fn touch(&self, text: &[u8], range: &Range<usize>) -> bool {
        let longest = self.by_first_byte.values().flatten().map(|text| text.len()).max().unwrap_or(0);
        let start = (range.start + 1).saturating_sub(longest);
        (start..range.end).any(|at| {
            self.by_first_byte.get(&text[at]).is_some_and(|spellings| {
                spellings
                    .iter()
                    .any(|spelling| text[at..].starts_with(spelling) && at + spelling.len() > range.start)
            })
        })
    }
}

/// The tokens of the model's own latest replies, by their text.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    by_text: HashMap<String, Vec<LlamaToken>>,
    /// The texts, oldest first.
    order: std::collections::VecDeque<String>,
}

impl Replies {
    /// Remembers what a reply is made of; blank space around it is no part of what it is known by.
    pub fn remember(&mut self, text: &str, tokens: Vec<LlamaToken>) {
        let text = text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        if self.by_text.insert(text.clone(), tokens).is_none() {
            self.order.push_back(text);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_text.remove(&oldest);
        }
    }

    fn tokens(&self, text: &str) -> Option<&[LlamaToken]> {
        self.by_text.get(text.trim()).map(Vec::as_slice)
    }
}

/// The prompt's tokens, without a "begin of text" that the template did not write.
pub fn assemble(
    segments: &[Segment<'_>],
    tokenizer: &impl Tokenizer,
    control: &ControlTexts,
    replies: &Replies,
) -> Vec<LlamaToken> {
    let mut run = Run::default();
    let mut tokens = Vec::new();
    for segment in segments {
        match segment {
            Segment::Template(text) => run.text.push_str(text),
            Segment::Words { role, text } => {
                let own = (*role == Role::Assistant).then(|| replies.tokens(text)).flatten();
                if let Some(own) = own {
                    run.finish(tokenizer, control, &mut tokens);
                    tokens.extend_from_slice(own);
                } else {
                    let start = run.text.len();
                    run.text.push_str(text);
                    run.words.push(start..run.text.len());
                }
            }
        }
    }
    run.finish(tokenizer, control, &mut tokens);
    tokens
}

/// Text that is cut into tokens as a whole: at the borders between template and words tokens may grow together, as
/// they did when the model learned.
#[derive(Default)]
struct Run {
    text: String,
    words: Vec<Range<usize>>,
}

impl Run {
    fn finish(&mut self, tokenizer: &impl Tokenizer, control: &ControlTexts, tokens: &mut Vec<LlamaToken>) {
        let Self { text, words } = std::mem::take(self);
        let mut done = 0;
        for range in words.into_iter().filter(|range| control.touch(text.as_bytes(), range)) {
            // These words spell a control token, alone or with what stands beside them: they are cut out.
            add(tokenizer, &text[done..range.start], ControlTokens::Meant, tokens);
            add(tokenizer, &text[range.clone()], ControlTokens::Literal, tokens);
            done = range.end;
        }
        add(tokenizer, &text[done..], ControlTokens::Meant, tokens);
    }
}

fn add(tokenizer: &impl Tokenizer, text: &str, control: ControlTokens, tokens: &mut Vec<LlamaToken>) {
    if !text.is_empty() {
        tokens.extend(tokenizer.tokenize(text, control));
    }
}

/// How many tokens two prompts share at the front.
pub fn common_prefix(one: &[LlamaToken], other: &[LlamaToken]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::cell::RefCell;

    use super::*;

    /// One token a byte; `<x>` is a control token, number 1000. Remembers what it was given.
    #[derive(Default)]
    struct Bytes(RefCell<Vec<String>>);

    impl Tokenizer for Bytes {
        fn tokenize(&self, text: &str, control: ControlTokens) -> Vec<LlamaToken> {
            self.0.borrow_mut().push(text.to_owned());
            let mut tokens = Vec::new();
            let mut rest = text;
            while let Some(byte) = rest.bytes().next() {
                if control == ControlTokens::Meant && rest.starts_with("<x>") {
                    tokens.push(LlamaToken(1000));
                    rest = &rest[3..];
                } else {
                    tokens.push(LlamaToken(byte.into()));
                    rest = &rest[1..];
                }
            }
            tokens
        }
    }

    fn template(text: &str) -> Segment<'_> {
        Segment::Template(text.into())
    }

    fn words(role: Role, text: &str) -> Segment<'_> {
        Segment::Words { role, text: Cow::Borrowed(text) }
    }

    /// The pieces that were cut into tokens, and how many control tokens came out.
    fn pieces(segments: &[Segment<'_>], replies: &Replies) -> (Vec<String>, usize) {
        let tokenizer = Bytes::default();
        let control = ControlTexts::new([b"<x>".to_vec()]);
        let tokens = assemble(segments, &tokenizer, &control, replies);
        (tokenizer.0.into_inner(), tokens.iter().filter(|token| token.0 == 1000).count())
    }

    #[track_caller]
    fn check(segments: &[Segment<'_>], expect: &[&str], control: usize) {
        let (pieces, found) = pieces(segments, &Replies::default());
        assert_eq!(
            (pieces.iter().map(String::as_str).collect::<Vec<_>>(), found),
            (expect.to_vec(), control)
        );
    }

    #[test]
    fn harmless_words_are_cut_together_with_the_template() {
        check(
            &[template("<x>user\n"), words(Role::User, "hi < x"), template("<x>")],
            &["<x>user\nhi < x<x>"],
            2,
        );
    }

    #[test]
    fn a_control_token_in_words_stays_text() {
        check(&[template("<x>"), words(Role::User, "a<x>b"), template("<x>")], &["<x>", "a<x>b", "<x>"], 2);
    }

    #[test]
    fn words_cannot_complete_a_control_token_with_their_neighbours() {
        check(&[words(Role::User, "a<"), template("x>")], &["a<", "x>"], 0);
        check(&[template("<x"), words(Role::User, ">")], &["<x", ">"], 0);
        check(&[words(Role::User, "<"), words(Role::User, "x>")], &["<", "x>"], 0);
    }

    #[test]
    fn the_templates_own_control_tokens_beside_words_are_no_reason_to_cut() {
        check(&[template("<x>"), words(Role::User, "a"), template("<x>")], &["<x>a<x>"], 2);
        check(&[template("<x>"), words(Role::User, ""), template("<x>")], &["<x><x>"], 2);
    }

    #[test]
    fn an_own_reply_keeps_its_tokens() {
        let mut replies = Replies::default();
        replies.remember(" yes ", vec![LlamaToken(7), LlamaToken(8)]);
        let (pieces, _) = pieces(&[template("a:"), words(Role::Assistant, "yes"), template("<x>")], &replies);
        assert_eq!(pieces, ["a:", "<x>"]);
        let (pieces, _) = super::tests::pieces(&[template("u:"), words(Role::User, "yes")], &replies);
        assert_eq!(pieces, ["u:yes"], "only the model's own");
    }

    #[test]
    fn old_replies_are_forgotten() {
        let mut replies = Replies::default();
        for at in 0..=REMEMBERED {
            replies.remember(&at.to_string(), vec![]);
        }
        assert!(replies.tokens("0").is_none());
        assert!(replies.tokens("1").is_some());
    }

    #[test]
    fn prefixes_are_compared_by_token() {
        let tokens = |list: &[i32]| list.iter().map(|&id| LlamaToken(id)).collect::<Vec<_>>();
        assert_eq!(common_prefix(&tokens(&[1, 2, 3]), &tokens(&[1, 2, 4, 5])), 2);
        assert_eq!(common_prefix(&tokens(&[]), &tokens(&[1])), 0);
    }
}
