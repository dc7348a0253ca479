//! A text cut into stretches that are made at once.
//!
//! Always holds: the stretches together are the words in order, and none has more than [`LONGEST`] tokens.

use std::ops::Range;

use engine::WordMark;

/// Tokens the model takes, less the padding at both ends.
pub(super) const LONGEST: usize = 510;
/// From this length on a stretch ends at the next punctuation: the first soon, because it is what is waited for, later
/// ones when they are worth the effort.
const FIRST: usize = 20;
const LATER: usize = 120;
/// After these a stretch may end without being heard to.
const PUNCTUATION: [char; 10] = ['.', ',', '!', '?', ';', ':', '…', '—', '。', '，'];

/// A word and its tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// Bytes of the text.
    pub(super) text: Range<usize>,
    pub(super) tokens: Vec<i64>,
    pub(super) end: WordEnd,
}

/// What follows a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordEnd {
    Punctuation,
    Word,
}

impl WordEnd {
    pub(super) fn of(phonemes: &str) -> Self {
        if phonemes.trim_end().ends_with(PUNCTUATION) { Self::Punctuation } else { Self::Word }
    }
}

/// What is made at once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Stretch {
    pub(super) tokens: Vec<i64>,
    /// The words that begin in it, and how many of its tokens come before each.
    words: Vec<(Range<usize>, usize)>,
}

impl Stretch {
    /// Where its words begin in sound that begins after `before` samples and has `samples`: in proportion to the tokens,
    /// the padding among them. The model does not tell; a mark may be off by a tenth of a second or two.
    pub(super) fn marks(&self, before: u64, samples: usize) -> Vec<WordMark> {
        let all = self.tokens.len() + 2;
        let at = |tokens: usize| before + ((tokens + 1) * samples / all) as u64;
        self.words.iter().map(|(text, tokens)| WordMark { text: text.clone(), at: at(*tokens) }).collect()
    }
}

/// A space comes between two words.
const SPACE: usize = 1;

/// Cuts words into stretches; `space` is the token between two words.
pub(super) fn cut((words, space): &(Vec<Word>, i64)) -> Vec<Stretch> {
    let mut done = Vec::new();
    let mut open = Stretch::default();
    for word in words {
        if !open.tokens.is_empty() && open.tokens.len() + SPACE + word.tokens.len() > LONGEST {
            done.push(std::mem::take(&mut open));
        }
        if !open.tokens.is_empty() {
            open.tokens.push(*space);
        }
        open.words.push((word.text.clone(), open.tokens.len()));
        let mut pieces = word.tokens.chunks(LONGEST).peekable();
        while let Some(piece) = pieces.next() {
            open.tokens.extend(piece);
            if pieces.peek().is_some() {
                done.push(std::mem::take(&mut open));
            }
        }
        let enough = if done.is_empty() { FIRST } else { LATER };
        if word.end == WordEnd::Punctuation && open.tokens.len() >= enough {
            done.push(std::mem::take(&mut open));
        }
    }
    done.push(open);
    done.retain(|stretch| !stretch.tokens.is_empty());
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of so many tokens each; a negative number has punctuation behind it.
    fn check(lengths: &[i32], expect: &[usize]) {
        let word = |(at, length): (usize, &i32)| Word {
            text: at..at + 1,
            tokens: vec![7; usize::try_from(length.unsigned_abs()).unwrap()],
            end: if *length < 0 { WordEnd::Punctuation } else { WordEnd::Word },
        };
        let words: Vec<Word> = lengths.iter().enumerate().map(word).collect();
        let stretches = cut(&(words, 16));
        assert_eq!(stretches.iter().map(|stretch| stretch.tokens.len()).collect::<Vec<_>>(), expect);
        let told = stretches.iter().flat_map(|stretch| stretch.words.iter().map(|(text, _)| text.start));
        assert!(told.eq(0..lengths.len()), "{stretches:?}");
    }

    #[test]
    fn the_first_stretch_is_short() {
        check(&[10, -10, 30, -30, 30, -30], &[21, 123]);
        check(&[-5, -5, -10, -40], &[22, 40]);
    }

    #[test]
    fn nothing_is_too_long() {
        check(&[100; 12], &[504, 504, 201]);
        check(&[1200, 3], &[510, 510, 184]);
    }

    #[test]
    fn little_and_nothing() {
        check(&[], &[]);
        check(&[4], &[4]);
        check(&[510], &[510]);
    }

    #[test]
    fn marks_are_in_proportion() {
        let word =
            |text: Range<usize>, count: usize| Word { text, tokens: vec![7; count], end: WordEnd::Word };
        let stretches = cut(&(vec![word(0..5, 3), word(6..9, 4)], 16));
        let marks = stretches[0].marks(1000, 100);
        assert_eq!(marks, [WordMark { text: 0..5, at: 1010 }, WordMark { text: 6..9, at: 1050 }]);
    }

    #[test]
    fn punctuation_is_seen() {
        assert_eq!(WordEnd::of("nˈoʊ?"), WordEnd::Punctuation);
        assert_eq!(WordEnd::of("kʊd "), WordEnd::Word);
    }
}
