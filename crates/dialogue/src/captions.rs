//! Captions of a reply that is being spoken.

use std::ops::Range;

use crate::ledger::Ledger;

/// A reply's source text as it stands at one moment; byte ranges, ascending and disjoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caption {
    /// What was said.
    pub said: Range<usize>,
    /// The word that is being said, if it is not part of `said` yet.
    pub saying: Option<Range<usize>>,
    /// What will be said next: the rest of the text that is queued.
    pub ahead: Range<usize>,
}

/// The caption when `played` samples of the reply's sound have been played.
pub fn caption(ledger: &Ledger, played: u64) -> Caption {
    let said = ledger.heard(played).source_end;
    let queued = ledger.units().last().map_or(0, |unit| unit.source.end);
    let saying = ledger.word_at(played).filter(|word| word.start >= said);
    let ahead = saying.as_ref().map_or(said, |word| word.end);
    Caption { said: 0..said, saying, ahead: ahead.min(queued)..queued }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speakable::SpokenLanguage;
    use crate::spoken::Splitter;

    #[test]
    fn a_caption_moves_with_the_voice() {
        let source = "One two three. ";
        let mut ledger = Ledger::new();
        for unit in Splitter::new(SpokenLanguage::English).push(source) {
            ledger.queue(unit);
        }
        ledger.sound(0, 14);
        ledger.ended(0);
        let at = |played| {
            let caption = caption(&ledger, played);
            (&source[caption.said], caption.saying.map(|word| &source[word]), &source[caption.ahead])
        };
        assert_eq!(at(0), ("", Some("One"), " two three. "));
        assert_eq!(at(3), ("One", None, " two three. "));
        assert_eq!(at(4), ("One", Some("two"), " three. "));
        assert_eq!(at(14), ("One two three. ", None, ""));
    }
}
