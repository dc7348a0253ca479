//! Where a pause can be put into a sentence: at a word boundary in mid-clause.
//!
//! Sound alone does not tell: where it is weakest, a clause ends as often as not, or a plosive closes in the middle of a
//! word. So the words until there are looked at, as the recogniser has them.

use voice_bench::parts::Clause;
use voice_bench::voices::Utterance;

use super::hearing::{Hearer, Kind, Paused};
use super::spoken::Files;
use crate::terminal::note;

impl Files {
    /// Every sentence with the weakest of its places in mid-clause; those without any are left out.
    pub(super) fn clauses(&self) -> anyhow::Result<Vec<Clause>> {
        note("looking for the words between which a pause can be put");
        self.runtime.block_on(async {
            let mut hearer = Hearer::new(self).await?;
            let mut clauses = Vec::new();
            for utterance in self.utterances()? {
                voice_bench::go_on()?;
                let Some((_, cuts)) = heard(&mut hearer, &utterance).await? else { continue };
                clauses.extend(cuts.first().map(|(cut, _)| Clause { cut: *cut, utterance }));
            }
            Ok(clauses)
        })
    }
}

/// What is known behind a sentence, and in its middle: the places in mid-clause among those where the sound is weakest,
/// weakest first. Nothing if no pause is seen behind it.
pub(super) async fn heard(
    hearer: &mut Hearer,
    sentence: &Utterance,
) -> anyhow::Result<Option<(Paused, Vec<(usize, Paused)>)>> {
    let Some(whole) = hearer.hear(Kind::Whole, sentence).await? else { return Ok(None) };
    let text = sentence.text.as_ref().unwrap_or(&whole.words).clone();
    let cuts = cuts(hearer, sentence, &text).await?;
    Ok(Some((whole, cuts)))
}

async fn cuts(
    hearer: &mut Hearer,
    sentence: &Utterance,
    whole: &str,
) -> anyhow::Result<Vec<(usize, Paused)>> {
    let mut cuts = Vec::new();
    for cut in sentence.cuts() {
        let Some(beginning) = sentence.until(cut) else { continue };
        if let Some(paused) = hearer.hear(Kind::Beginning, &beginning).await?
            && is_mid_clause(&paused.words, whole)
        {
            cuts.push((cut, paused));
        }
    }
    Ok(cuts)
}

/// Before these a clause may end, also where a transcript has no commas.
const CONJUNCTIONS: [&str; 8] = ["and", "but", "or", "so", "yet", "nor", "because", "while"];

/// Whether the beginning ends with a whole word of the sentence, about where it stands there, with more of the clause
/// behind it.
fn is_mid_clause(beginning: &str, whole: &str) -> bool {
    /// Words that a recogniser adds or leaves out of a beginning.
    const ASTRAY: usize = 2;
    let count = words(beginning).len();
    let Some(last) = words(beginning).pop() else { return false };
    let sentence: Vec<&str> = whole.split_whitespace().filter(|word| !plain(word).is_empty()).collect();
    let places = sentence.iter().enumerate().take(sentence.len().saturating_sub(1));
    places
        .filter(|(at, _)| (at + 1).abs_diff(count) <= ASTRAY)
        .filter(|(at, _)| {
            !sentence.get(at + 1).is_some_and(|next| CONJUNCTIONS.contains(&plain(next).as_str()))
        })
        .any(|(_, word)| plain(word) == last && word.ends_with(char::is_alphanumeric))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(plain).filter(|word| !word.is_empty()).collect()
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_mid_clause_has_a_whole_word_before_it_and_no_comma() {
        let whole = "It was the age of wisdom, it was the age of foolishness.";
        for beginning in ["It was the age.", "It was the,", "It was the age of wisdom, it was"] {
            assert!(is_mid_clause(beginning, whole), "{beginning}");
        }
        assert!(!is_mid_clause("he came", "he came and I went"));
        for other in ["It was the age of wisdom,", "It was the wind.", "", whole, "age"] {
            assert!(!is_mid_clause(other, whole), "{other}");
        }
    }
}
