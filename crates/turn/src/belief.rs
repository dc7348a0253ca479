//! How likely it is that a turn is over, from what two models say of it.

use media::Probability;

/// Belief from melody and words: a logistic regression, fitted to two sets that count alike. One are 83 whole sentences
/// (recorded announcements of a telephone system) and 163 of their beginnings that end at a word in the middle of a
/// clause; the other are 32 read sentences and 58 beginnings of other speakers. Melody is what Smart Turn v3.2 says of the
/// sound until the pause, words what SmolLM2-135M-Instruct says of the transcript of Moonshine tiny by itself. The areas
/// under the curve are 0.957 and 0.964 (0.952 and 0.933 where it is fitted to the other set alone); 0.94 and 0.78 for the
/// melody alone, 0.91 and 0.95 for the words alone. From 0.75 on are 83 and 72 % of the whole ones and 10 and 5 % of the
/// beginnings, nearly all sentences in themselves ("You have been removed | from the conference"); from 0.3 on 96 and
/// 97 %, 18 and 12 %.
pub(crate) fn belief(melody: Option<Probability>, words: Probability) -> Probability {
    const MELODY: f32 = 0.56;
    const WORDS: f32 = 0.98;
    const CONSTANT: f32 = 2.85;
    /// Keeps what is next to impossible finite.
    const LEAST: f32 = 0.001;
    // A melody that nobody judged speaks neither for nor against it.
    let melody = melody.map_or(0.0, |melody| logit(melody.get()));
    let score = MELODY * melody + WORDS * (words.get() + LEAST).ln() + CONSTANT;
    Probability::new(1.0 / (1.0 + (-score).exp()))
}

fn logit(probability: f32) -> f32 {
    let probability = probability.clamp(0.01, 0.99);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(melody: f32, words: f32, from: f32, to: f32) {
        let believed = belief(Some(Probability::new(melody)), Probability::new(words)).get();
        assert!((from..to).contains(&believed), "{believed}");
    }

    #[test]
    fn both_count() {
        // "All circuits are busy now.", and "All circuits are" with the voice let down.
        check(0.96, 0.639, 0.9, 1.0);
        check(0.96, 0.0001, 0.0, 0.3);
        // "The child almost hurt the small dog.", its melody not recognised.
        check(0.03, 0.435, 0.3, 0.7);
        // "Please enter the channel number followed by the".
        check(0.01, 0.0, 0.0, 0.01);
    }

    #[test]
    fn words_alone_are_enough() {
        let words = |share| belief(None, Probability::new(share)).get();
        assert!(words(0.5) > 0.6 && words(0.001) < 0.2);
    }
}
