//! From a prompt's segments to its tokens, and the pictures between them.
//!
//! What always holds: a control token in the result comes from the template, never from a message's words; and a
//! reply that this model made itself keeps the very tokens it was made of, so that the KV cache still fits it.

use std::collections::HashMap;
use std::ops::Range;

use engine::{Image, Role};
use llama_cpp_2::token::LlamaToken;

use crate::template::Segment;
use crate::units::Unit;

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

/// A reply that the model made itself.
#[derive(Debug, Clone)]
struct Own {
    tokens: Vec<LlamaToken>,
    begins: Begins,
}

/// What a reply begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    WithSpace,
    Without,
}

/// The tokens of the model's own latest replies, by their text.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    by_text: HashMap<String, Own>,
    /// The texts, oldest first.
    order: std::collections::VecDeque<String>,
}

impl Replies {
    /// Remembers what a reply is made of; blank space around it is no part of what it is known by.
    pub fn remember(&mut self, text: &str, tokens: Vec<LlamaToken>) {
        let begins = if text.starts_with(' ') { Begins::WithSpace } else { Begins::Without };
        let text = text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        if self.by_text.insert(text.clone(), Own { tokens, begins }).is_none() {
            self.order.push_back(text);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_text.remove(&oldest);
        }
    }

    fn of(&self, text: &str) -> Option<&Own> {
        self.by_text.get(text.trim())
    }
}

/// The prompt, without a "begin of text" that the template did not write. `shown` says what a picture is in it.
pub fn assemble(
    segments: &[Segment<'_>],
    tokenizer: &impl Tokenizer,
    control: &ControlTexts,
    replies: &Replies,
    shown: impl Fn(&Image) -> Vec<Unit>,
) -> Vec<Unit> {
    let mut run = Run::default();
    let mut units = Vec::new();
    for segment in segments {
        match segment {
            Segment::Template(text) => run.text.push_str(text),
            Segment::Words { role, text } => {
                let own = (*role == Role::Assistant).then(|| replies.of(text)).flatten();
                if let Some(Own { tokens: own, begins }) = own {
                    if *begins == Begins::WithSpace {
                        run.give_space();
                    }
                    run.finish(tokenizer, control, &mut units);
                    units.extend(own.iter().copied().map(Unit::Token));
                } else {
                    let start = run.text.len();
                    run.text.push_str(text);
                    run.words.push(start..run.text.len());
                }
            }
            Segment::Picture(image) => {
                run.finish(tokenizer, control, &mut units);
                units.extend(shown(image));
            }
        }
    }
    run.finish(tokenizer, control, &mut units);
    units
}

/// Text that is cut into tokens as a whole: at the borders between template and words tokens may grow together, as
/// they did when the model learned.
#[derive(Default)]
struct Run {
    text: String,
    words: Vec<Range<usize>>,
}

impl Run {
    /// Leaves out the template's space at the end: what follows has one of its own, as it had when the model made it.
    fn give_space(&mut self) {
        let is_templates = self.words.last().is_none_or(|words| words.end < self.text.len());
        if is_templates && self.text.ends_with(' ') {
            self.text.pop();
        }
    }

    fn finish(&mut self, tokenizer: &impl Tokenizer, control: &ControlTexts, units: &mut Vec<Unit>) {
        let Self { text, words } = std::mem::take(self);
        let mut done = 0;
        for range in words.into_iter().filter(|range| control.touch(text.as_bytes(), range)) {
            // These words spell a control token, alone or with what stands beside them: they are cut out.
            add(tokenizer, &text[done..range.start], ControlTokens::Meant, units);
            add(tokenizer, &text[range.clone()], ControlTokens::Literal, units);
            done = range.end;
        }
        add(tokenizer, &text[done..], ControlTokens::Meant, units);
    }
}

fn add(tokenizer: &impl Tokenizer, text: &str, control: ControlTokens, units: &mut Vec<Unit>) {
    if !text.is_empty() {
        units.extend(tokenizer.tokenize(text, control).into_iter().map(Unit::Token));
    }
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
        let units = assemble(segments, &tokenizer, &control, replies, |_| Vec::new());
        let found = units.iter().filter_map(Unit::token).filter(|token| token.0 == 1000).count();
        (tokenizer.0.into_inner(), found)
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
    fn a_reply_that_brings_its_space_takes_the_templates_place() {
        let mut replies = Replies::default();
        replies.remember(" yes", vec![LlamaToken(7)]);
        let own = words(Role::Assistant, "yes");
        assert_eq!(pieces(&[template("Assistant: "), own.clone()], &replies).0, ["Assistant:"]);
        assert_eq!(pieces(&[words(Role::User, "u "), own.clone()], &replies).0, ["u "], "not the user's");
        replies.remember("no", vec![LlamaToken(8)]);
        assert_eq!(pieces(&[template("A: "), words(Role::Assistant, "no")], &replies).0, ["A: "]);
    }

    #[test]
    fn old_replies_are_forgotten() {
        let mut replies = Replies::default();
        for at in 0..=REMEMBERED {
            replies.remember(&at.to_string(), vec![]);
        }
        assert!(replies.of("0").is_none());
        assert!(replies.of("1").is_some());
    }

    #[test]
    fn a_picture_parts_the_text_around_it() {
        let image = Image::new(1, 1, vec![0; 3]).unwrap();
        let (pieces, _) = pieces(
            &[template("<x>u:"), Segment::Picture(&image), words(Role::User, "what?"), template("<x>")],
            &Replies::default(),
        );
        assert_eq!(pieces, ["<x>u:", "what?<x>"]);
    }
}
