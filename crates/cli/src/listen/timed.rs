//! Words with the times they were said at, from what a recogniser told.
//!
//! Always holds: times ascend, no word ends before it begins or after the next one begins, and the words with their
//! spaces are the text.

use std::ops::Range;

use engine::{SPEECH_RATE, Transcript};
use serde::Serialize;

/// A word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TimedWord {
    /// With its punctuation.
    pub(super) word: String,
    /// Milliseconds from the beginning of the recording.
    pub(super) from_ms: u64,
    /// Likewise.
    pub(super) to_ms: u64,
    /// How sure the recogniser is, 0..=1; none where it cannot tell when words are said.
    pub(super) probability: Option<f32>,
    /// Whether there is a space in front of it.
    #[serde(skip)]
    pub(super) spaced: bool,
}

/// So much of the text had been said when so much sound had been heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Bytes of text.
    pub(super) bytes: usize,
    /// Samples of sound.
    pub(super) through: u64,
}

/// The words of a transcript of sound that begins at sample `offset` of the recording. Where the recogniser tells no
/// times, they are estimated: between two anchors everybody speaks evenly.
pub(super) fn words(transcript: &Transcript, anchors: &[Anchor], sound: Range<u64>) -> Vec<TimedWord> {
    let told = &transcript.words;
    let mut words = if told.is_empty() {
        estimated(&transcript.text, anchors, sound.end.saturating_sub(sound.start))
    } else {
        measured(transcript)
    };
    let mut earliest = ms(sound.start);
    for index in 0..words.len() {
        let next = words.get(index + 1).map(|next| next.from_ms + ms(sound.start));
        let word = &mut words[index];
        word.from_ms = (word.from_ms + ms(sound.start)).max(earliest);
        word.to_ms = (word.to_ms + ms(sound.start)).max(word.from_ms);
        if let Some(next) = next {
            word.to_ms = word.to_ms.min(next.max(word.from_ms));
        }
        earliest = word.to_ms;
    }
    words
}

fn ms(samples: u64) -> u64 {
    samples * 1000 / u64::from(SPEECH_RATE)
}

fn measured(transcript: &Transcript) -> Vec<TimedWord> {
    let mut at = 0;
    let mut place = |word: &str| {
        let rest = &transcript.text[at..];
        let Some(found) = rest.find(word) else { return true };
        let spaced = rest[..found].contains(char::is_whitespace);
        at += found + word.len();
        spaced
    };
    let timed = transcript.words.iter().map(|told| TimedWord {
        word: told.word.clone(),
        from_ms: ms(told.samples.start),
        to_ms: ms(told.samples.end),
        probability: Some(told.probability),
        spaced: place(&told.word),
    });
    timed.collect()
}

fn estimated(text: &str, anchors: &[Anchor], samples: u64) -> Vec<TimedWord> {
    let end = Anchor { bytes: text.len(), through: samples };
    let mut known = vec![Anchor { bytes: 0, through: 0 }];
    for anchor in anchors.iter().copied().chain([end]) {
        let last = known[known.len() - 1];
        if anchor.bytes > last.bytes && anchor.bytes <= end.bytes && anchor.through >= last.through {
            known.push(anchor);
        }
    }
    let time = |bytes: usize| {
        let after = known.iter().position(|anchor| anchor.bytes >= bytes).unwrap_or(known.len() - 1).max(1);
        let (Some(before), Some(after)) = (known.get(after - 1), known.get(after)) else { return 0 };
        let part = (bytes - before.bytes.min(bytes)) as u64;
        let whole = (after.bytes - before.bytes).max(1) as u64;
        ms(before.through + (after.through - before.through) * part / whole)
    };
    let mut words = Vec::new();
    let mut at = 0;
    for piece in pieces(text) {
        let Some(found) = text[at..].find(piece) else { continue };
        let (from, to) = (at + found, at + found + piece.len());
        words.push(TimedWord {
            word: piece.to_owned(),
            from_ms: time(from),
            to_ms: time(to),
            probability: None,
            spaced: text[at..from].contains(char::is_whitespace),
        });
        at = to;
    }
    words
}

/// The words of a text; in a script without spaces every character is one, with the punctuation that follows it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let mut begin = 0;
        for (at, character) in word.char_indices() {
            if at > begin && is_word_by_itself(character) {
                pieces.push(&word[begin..at]);
                begin = at;
            }
        }
        pieces.push(&word[begin..]);
    }
    pieces
}

/// Kana and Han characters.
fn is_word_by_itself(character: char) -> bool {
    matches!(u32::from(character), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use engine::WordTime;

    use super::*;

    /// The words as `from-to word`, with `_` where there is no space in front.
    fn shown(words: &[TimedWord]) -> String {
        let one = |word: &TimedWord| {
            let space = if word.spaced { "" } else { "_" };
            format!("{}-{} {space}{}", word.from_ms, word.to_ms, word.word)
        };
        words.iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    fn transcript(text: &str, told: &[(&str, u64, u64)]) -> Transcript {
        let word = |(word, from, to): &(&str, u64, u64)| WordTime {
            word: (*word).to_owned(),
            samples: from * 16..to * 16,
            probability: 0.5,
        };
        Transcript { text: text.into(), words: told.iter().map(word).collect(), ..Transcript::default() }
    }

    #[test]
    fn times_count_from_the_beginning_of_the_recording() {
        let told = transcript("Hello there.", &[("Hello", 100, 400), ("there.", 500, 900)]);
        assert_eq!(shown(&words(&told, &[], 16_000..32_000)), "1100-1400 _Hello | 1500-1900 there.");
    }

    #[test]
    fn words_do_not_overlap() {
        let told = transcript("a b c", &[("a", 0, 400), ("b", 300, 350), ("c", 200, 500)]);
        assert_eq!(shown(&words(&told, &[], 0..16_000)), "0-300 _a | 300-300 b | 300-500 c");
    }

    #[test]
    fn times_are_estimated_between_what_is_known() {
        let text = transcript("aaaa bbbb cccc", &[]);
        assert_eq!(shown(&words(&text, &[], 0..14 * 16)), "0-4 _aaaa | 5-9 bbbb | 10-14 cccc");
        let anchors = [Anchor { bytes: 4, through: 16 * 100 }, Anchor { bytes: 2, through: 16 * 300 }];
        assert_eq!(shown(&words(&text, &anchors, 0..16 * 200)), "0-100 _aaaa | 110-150 bbbb | 160-200 cccc");
    }

    #[test]
    fn chinese_has_no_spaces() {
        let text = transcript("你好，世界", &[]);
        assert_eq!(shown(&words(&text, &[], 0..15 * 16)), "0-3 _你 | 3-9 _好， | 9-12 _世 | 12-15 _界");
    }
}
