//! Which words of a new pass are already known, and which are sure.
//!
//! The rule is `LocalAgreement-2` (Liu et al. 2020; Macháček et al. 2023, "Turning Whisper into Real-Time Transcription
//! System"): what two passes in a row say alike is sure.

use crate::words::{PassWord, key};

/// How far two texts that begin together go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// Words of the first text.
    pub(crate) first: usize,
    /// The words of the second that say the same.
    pub(crate) second: usize,
}

/// Puts the texts beside each other from their beginnings; one of them is used up, the rest of the other is left over.
/// Words may be missing, added or heard differently on the way (an alignment with a free end, 1 for a word that is the
/// same, -1 for any difference).
pub(crate) fn overlap(first: &[PassWord], second: &[PassWord]) -> Overlap {
    let first: Vec<String> = first.iter().map(key).collect();
    let second: Vec<String> = second.iter().map(key).collect();
    let (rows, columns) = (first.len(), second.len());
    let mut scores: Vec<i32> = (0..=columns).map(|at| -clamp(at)).collect();
    let mut best = Best::default();
    best.consider(scores[columns], 0, columns);
    if rows == 0 {
        return Overlap { first: 0, second: 0 };
    }
    for row in 1..=rows {
        let mut diagonal = scores[0];
        scores[0] = -clamp(row);
        for column in 1..=columns {
            let same = if first[row - 1] == second[column - 1] { 1 } else { -1 };
            let score = (diagonal + same).max(scores[column] - 1).max(scores[column - 1] - 1);
            diagonal = std::mem::replace(&mut scores[column], score);
        }
        if row < rows {
            best.consider(scores[columns], row, columns);
        }
    }
    for (column, score) in scores.iter().enumerate() {
        best.consider(*score, rows, column);
    }
    best.at
}

/// How many words at the beginning of both are alike.
pub(crate) fn agreed(before: &[PassWord], now: &[PassWord]) -> usize {
    before.iter().zip(now).take_while(|(before, now)| key(before) == key(now)).count()
}

struct Best {
    score: i32,
    at: Overlap,
}

impl Default for Best {
    fn default() -> Self {
        Self { score: i32::MIN, at: Overlap { first: 0, second: 0 } }
    }
}

impl Best {
    /// Of equals the one that takes word for word, and the later one of these.
    fn consider(&mut self, score: i32, first: usize, second: usize) {
        let uneven = |at: Overlap| at.first.abs_diff(at.second);
        let at = Overlap { first, second };
        if score > self.score || (score == self.score && uneven(at) <= uneven(self.at)) {
            *self = Self { score, at };
        }
    }
}

fn clamp(words: usize) -> i32 {
    i32::try_from(words).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::PassText;

    fn check(first: &str, second: &str, expect: (usize, usize)) {
        let at = overlap(&PassText::plain(first).words, &PassText::plain(second).words);
        assert_eq!((at.first, at.second), expect, "{first:?} and {second:?}");
    }

    #[test]
    fn known_words_are_found_again() {
        check("", "a b", (0, 0));
        check("a b", "", (0, 0));
        check("a b", "a b c", (2, 2));
        check("a b c", "a b", (2, 2));
        check("no no no", "no no no no", (3, 3));
    }

    #[test]
    fn a_word_heard_differently_is_not_told_twice() {
        check("a b c", "a b x d e", (3, 3));
        check("i scream loud", "ice cream loud now", (3, 3));
        check("an ice cream please", "an i scream please now", (4, 4));
        check("we will see", "we see it", (3, 2));
        check("we see", "we will see it", (2, 3));
    }

    #[test]
    fn agreement_ends_at_the_first_difference() {
        let words = |text| PassText::plain(text).words;
        assert_eq!(agreed(&words("The house is"), &words("the House, is red")), 3);
        assert_eq!(agreed(&words("a b c"), &words("a x c")), 1);
    }
}
