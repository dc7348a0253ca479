//! Word error rate.
//!
//! Both texts are brought to plain words first: case and punctuation do not count, apostrophes and numbers stay as they
//! are, a hyphen parts words, and `mr` is `mister`.

/// How many words of a reference were got wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordErrors {
    /// Words changed, left out or added: the edit distance.
    pub errors: usize,
    /// Words of the reference.
    pub words: usize,
}

impl WordErrors {
    /// Errors by words; for a reference without words, 0 without errors and 1 with any.
    pub fn rate(self) -> f64 {
        match self.words {
            0 => f64::from(u8::from(self.errors > 0)),
            words => self.errors as f64 / words as f64,
        }
    }
}

impl std::ops::Add for WordErrors {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { errors: self.errors + other.errors, words: self.words + other.words }
    }
}

impl std::iter::Sum for WordErrors {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |one, other| one + other)
    }
}

/// The errors of `hypothesis` against `reference`. The rate of many is that of their sum.
pub fn wer(reference: &str, hypothesis: &str) -> WordErrors {
    let (reference, hypothesis) = (plain(reference), plain(hypothesis));
    let mut row: Vec<usize> = (0..=hypothesis.len()).collect();
    for (at, word) in reference.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in hypothesis.iter().enumerate() {
            let changed = diagonal + usize::from(word != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    WordErrors { errors: row.last().copied().unwrap_or(0), words: reference.len() }
}

fn plain(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—'));
    words
        .map(|word| {
            let word: String = word
                .chars()
                .map(|c| if c == '’' { '\'' } else { c })
                .filter(|c| c.is_alphanumeric() || *c == '\'')
                .flat_map(char::to_lowercase)
                .collect();
            let word = word.trim_matches('\'');
            if word == "mr" { "mister".into() } else { word.to_owned() }
        })
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reference: &str, hypothesis: &str, errors: usize, words: usize) {
        assert_eq!(wer(reference, hypothesis), WordErrors { errors, words }, "{reference} / {hypothesis}");
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        check("Mr. Quilter, is it?", "mister quilter is it", 0, 4);
        check("an ill disposed man", "An ill-disposed man.", 0, 4);
        check("don’t", "Don't!", 0, 1);
    }

    #[test]
    fn changed_left_out_and_added_words_count() {
        check("ten of clubs", "ten of gloves", 1, 3);
        check("ten of clubs", "ten clubs", 1, 3);
        check("ten of clubs", "ten of the clubs", 1, 3);
        check("ten of clubs", "", 3, 3);
        check("", "you", 1, 0);
    }

    #[test]
    fn rates_add_up_by_words() {
        let all: WordErrors = [wer("a b c", "a b c"), wer("d", "e")].into_iter().sum();
        assert!((all.rate() - 0.25).abs() < 1e-9);
        assert!((wer("", "you").rate() - 1.0).abs() < 1e-9);
        assert!(wer("", "").rate() < 1e-9);
    }
}
