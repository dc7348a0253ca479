//! Tells a model's thoughts from its answer in the stream of text it makes.
//!
//! What always holds: a block of thoughts is known only at the beginning of a reply, so an answer that speaks *about*
//! `<think>` keeps its words; the tags themselves and the blank space around them are never given out; the result
//! does not depend on how the text was cut into pieces.

use crate::stop::partial_match;

/// A piece of a reply; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Part of a block of thoughts.
    Thought(String),
    /// Part of the answer.
    Answer(String),
}

/// What stands around a block of thoughts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// What opens it, without blank space around it.
    pub open: String,
    /// What closes it, without blank space around it.
    pub close: String,
}

impl Tags {
    /// Tags from their texts.
    pub fn new(open: &str, close: &str) -> Self {
        Self { open: open.trim().to_owned(), close: close.trim().to_owned() }
    }
}

/// Where in a reply we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing but blank space came.
    Start,
    /// Within the block that `tags[_]` surround; nothing but blank space came since it opened.
    Opened(usize),
    /// Within the block that `tags[_]` surround.
    Thinking(usize),
    /// Nothing but blank space came since the last block.
    Closed,
    /// The answer has begun; it lasts to the end.
    Answering,
}

/// Splits one reply.
#[derive(Debug, Clone)]
pub struct ThoughtSplitter {
    tags: Vec<Tags>,
    place: Place,
    /// What came and is not decided yet: blank space, or what may become a tag.
    held: String,
}

impl ThoughtSplitter {
    /// For a reply that starts outside of any block. Without `tags` everything is answer.
    pub fn new(tags: Vec<Tags>) -> Self {
        let place = if tags.is_empty() { Place::Answering } else { Place::Start };
        Self { tags, place, held: String::new() }
    }

    /// For a reply to `prompt`: some templates open the block themselves, at the prompt's very end.
    pub fn after_prompt(tags: Vec<Tags>, prompt: &str) -> Self {
        let opened = tags.iter().position(|tags| prompt.trim_end().ends_with(&tags.open));
        let mut splitter = Self::new(tags);
        if let Some(opened) = opened {
            splitter.place = Place::Opened(opened);
        }
        splitter
    }

    /// Whether the model is within a block of thoughts.
    pub fn is_thinking(&self) -> bool {
        matches!(self.place, Place::Opened(_) | Place::Thinking(_))
    }

    /// Takes the next piece of text.
    pub fn push(&mut self, text: &str) -> Vec<Piece> {
        let mut out = Vec::new();
        self.held.push_str(text);
        while self.step(&mut out) {}
        out
    }

    /// What was held back, when the reply has ended. Blank space at the end of thoughts is dropped.
    pub fn finish(&mut self) -> Vec<Piece> {
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::new();
        match self.place {
            Place::Start | Place::Answering => give(&mut out, Piece::Answer, held),
            Place::Closed => give(&mut out, Piece::Answer, held.trim_start().to_owned()),
            Place::Opened(_) => give(&mut out, Piece::Thought, held.trim().to_owned()),
            Place::Thinking(_) => give(&mut out, Piece::Thought, held.trim_end().to_owned()),
        }
        out
    }

    /// Decides what can be decided of `held`; says whether the place changed and there is more to decide.
    fn step(&mut self, out: &mut Vec<Piece>) -> bool {
        match self.place {
            Place::Answering => {
                give(out, Piece::Answer, std::mem::take(&mut self.held));
                false
            }
            Place::Start | Place::Closed => self.look_for_opening(),
            Place::Opened(tags) => {
                self.held.drain(..blank_start(&self.held));
                if self.held.is_empty() {
                    return false;
                }
                self.place = Place::Thinking(tags);
                true
            }
            Place::Thinking(tags) => self.think(tags, out),
        }
    }

    fn look_for_opening(&mut self) -> bool {
        let blank = blank_start(&self.held);
        let rest = &self.held[blank..];
        if rest.is_empty() {
            return false;
        }
        if let Some(at) = self.tags.iter().position(|tags| rest.starts_with(&tags.open)) {
            self.held.drain(..blank + self.tags[at].open.len());
            self.place = Place::Opened(at);
            return true;
        }
        if self.tags.iter().any(|tags| tags.open.starts_with(rest)) {
            return false;
        }
        if self.place == Place::Closed {
            self.held.drain(..blank);
        }
        self.place = Place::Answering;
        true
    }

    fn think(&mut self, tags: usize, out: &mut Vec<Piece>) -> bool {
        let close = &self.tags[tags].close;
        if let Some(at) = self.held.find(close.as_str()) {
            let rest = self.held.split_off(at + close.len());
            let thought = self.held[..at].trim_end().to_owned();
            give(out, Piece::Thought, thought);
            self.held = rest;
            self.place = Place::Closed;
            return true;
        }
        // What may become the closing tag is kept, and the blank space before it with it.
        let tag = self.held.len() - partial_match(&self.held, close);
        let decided = self.held[..tag].trim_end().len();
        let kept = self.held.split_off(decided);
        give(out, Piece::Thought, std::mem::replace(&mut self.held, kept));
        false
    }
}

/// Bytes of blank space at the beginning.
fn blank_start(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn give(out: &mut Vec<Piece>, of: impl Fn(String) -> Piece, text: String) {
    if !text.is_empty() {
        out.push(of(text));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stop::tests::cut;

    fn think() -> Vec<Tags> {
        vec![Tags::new("<think>", "</think>"), Tags::new("<|channel>thought", "<channel|>")]
    }

    /// All thoughts and the whole answer.
    fn split(mut splitter: ThoughtSplitter, pieces: &[&str]) -> (String, String) {
        let mut all: Vec<Piece> = pieces.iter().flat_map(|piece| splitter.push(piece)).collect();
        all.extend(splitter.finish());
        let (mut thought, mut answer) = (String::new(), String::new());
        for piece in all {
            match piece {
                Piece::Thought(text) => thought.push_str(&text),
                Piece::Answer(text) => answer.push_str(&text),
            }
        }
        (thought, answer)
    }

    #[track_caller]
    fn check(text: &str, thought: &str, answer: &str) {
        let whole = split(ThoughtSplitter::new(think()), &[text]);
        assert_eq!(whole, (thought.to_owned(), answer.to_owned()));
    }

    #[test]
    fn plain_text_is_answer() {
        check("Hello <b>you</b>", "", "Hello <b>you</b>");
        check("  two blanks stay", "", "  two blanks stay");
        check("", "", "");
    }

    #[test]
    fn a_block_at_the_start_is_thought() {
        check("<think>\nhm, well \n</think>\n\nYes.", "hm, well", "Yes.");
        check("\n <think>x</think>Yes.", "x", "Yes.");
        check("<|channel>thought\nhm\n<channel|>Yes.", "hm", "Yes.");
        check("<think></think>Yes.", "", "Yes.");
    }

    #[test]
    fn talk_about_tags_is_answer() {
        check(
            "The tag <think> opens it, </think> closes it.",
            "",
            "The tag <think> opens it, </think> closes it.",
        );
    }

    #[test]
    fn a_reply_may_end_anywhere() {
        check("<thi", "", "<thi");
        check("<think>half a tho", "half a tho", "");
        check("<think>done</thi", "done</thi", "");
        check("<think>done</think>  ", "done", "");
    }

    #[test]
    fn blocks_may_follow_each_other() {
        check("<think>a</think><think>b</think>c", "ab", "c");
    }

    #[test]
    fn a_template_may_have_opened_the_block() {
        let opened = |prompt| ThoughtSplitter::after_prompt(think(), prompt);
        assert_eq!(
            split(opened("<|assistant|><think>\n"), &["\nhm</think>", "\nYes"]),
            ("hm".into(), "Yes".into())
        );
        assert_eq!(split(opened("<think>\n\n</think>\n\n"), &["Yes"]), (String::new(), "Yes".into()));
        assert!(opened("<think>").is_thinking());
        assert!(!opened("<|im_start|>assistant\n").is_thinking());
    }

    #[test]
    fn the_answer_is_never_held_back() {
        let mut splitter = ThoughtSplitter::new(think());
        assert_eq!(
            splitter.push("<think>a</think> b"),
            [Piece::Thought("a".into()), Piece::Answer("b".into())]
        );
        assert_eq!(splitter.push(" <"), [Piece::Answer(" <".into())]);
    }

    proptest! {
        /// However the text is cut, thoughts and answer are the same.
        #[test]
        fn cutting_changes_nothing(
            parts in prop::collection::vec(
                prop::sample::select(vec!["<think>", "</think>", "<thi", "</", " ", "\n", "é", "word", "<|channel>thought", "<channel|>"]),
                0..10,
            ),
            opened in any::<bool>(),
            cuts in prop::collection::vec(0usize..60, 0..12),
        ) {
            let text = parts.concat();
            let splitter = || ThoughtSplitter::after_prompt(think(), if opened { "<think>" } else { "" });
            prop_assert_eq!(split(splitter(), &[&text]), split(splitter(), &cut(&text, &cuts)));
        }
    }
}
