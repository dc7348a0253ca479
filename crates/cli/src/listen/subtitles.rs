//! Subtitles: words with times become cues of at most two lines, and cues become a file.
//!
//! Always holds: cues ascend and do not overlap, none is empty or lasts no time, no line is wider than [`COLUMNS`], no
//! cue has more than [`LINES`] lines, and no word is lost. The numbers are those of the usual guides for subtitles
//! (BBC, Netflix).

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::timed::TimedWord;

/// The widest line, in columns: a Chinese character takes two.
const COLUMNS: usize = 42;
/// The most lines of a cue.
const LINES: usize = 2;
/// The longest time a cue stays.
const LONGEST_MS: u64 = 7_000;
/// The shortest, where there is time before the next.
const SHORTEST_MS: u64 = 1_000;
/// Silence of this length ends a cue.
const PAUSE_MS: u64 = 800;

/// What is shown, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cue {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) lines: Vec<String>,
}

/// The cues of these words.
pub(super) fn cues(words: &[TimedWord]) -> Vec<Cue> {
    let words = narrow(words);
    let mut cues: Vec<Cue> = Vec::new();
    let mut begin = 0;
    while let Some(first) = words.get(begin) {
        let end = end_of_cue(&words[begin..]) + begin;
        let own = &words[begin..end];
        let last_ms = own.last().map_or(first.to_ms, |last| last.to_ms);
        let next = words.get(end).map_or(u64::MAX, |next| next.from_ms);
        let from_ms = cues.last().map_or(0, |before| before.to_ms).max(first.from_ms);
        let wished = last_ms.max(from_ms + SHORTEST_MS).min(next);
        // What is said at the same moment as the next words still needs a moment of its own.
        cues.push(Cue { from_ms, to_ms: wished.max(from_ms + 1), lines: broken(own) });
        begin = end;
    }
    cues
}

/// How many words the first cue of `words` has: up to the end of a sentence or a pause; of what is too long for a cue,
/// up to a comma in its second half, if there is one.
fn end_of_cue(words: &[TimedWord]) -> usize {
    for end in 1..words.len() {
        let (own, next) = (&words[..end], &words[end]);
        if is_whole(own, next) {
            return end;
        }
        if is_full(own, next) {
            let clause = (end / 2 + 1..end).rev().find(|at| own[at - 1].word.ends_with(CLAUSE));
            return clause.unwrap_or(end);
        }
    }
    words.len()
}

const SENTENCE: [char; 7] = ['.', '!', '?', '…', '。', '！', '？'];
const CLAUSE: [char; 6] = [',', ';', ':', '，', '；', '、'];

fn is_whole(own: &[TimedWord], next: &TimedWord) -> bool {
    let Some(last) = own.last() else { return false };
    let sentence = last.word.ends_with(SENTENCE) && text(own).width() >= COLUMNS / 2;
    sentence || next.from_ms.saturating_sub(last.to_ms) >= PAUSE_MS
}

fn is_full(own: &[TimedWord], next: &TimedWord) -> bool {
    let from = own.first().map_or(next.from_ms, |first| first.from_ms);
    next.to_ms.saturating_sub(from) > LONGEST_MS || !fits(own, next)
}

fn fits(own: &[TimedWord], next: &TimedWord) -> bool {
    let all: Vec<TimedWord> = own.iter().chain([next]).cloned().collect();
    filled(&all).len() <= LINES
}

fn text(words: &[TimedWord]) -> String {
    let mut text = String::new();
    for word in words {
        if word.spaced && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.word);
    }
    text
}

/// Lines, each as full as can be.
fn filled(words: &[TimedWord]) -> Vec<&[TimedWord]> {
    let (mut lines, mut begin) = (Vec::new(), 0);
    for index in 1..words.len() {
        if text(&words[begin..=index]).width() > COLUMNS {
            lines.push(&words[begin..index]);
            begin = index;
        }
    }
    lines.push(&words[begin..]);
    lines
}

/// One line, or two that are about as long.
fn broken(words: &[TimedWord]) -> Vec<String> {
    if text(words).width() <= COLUMNS {
        return vec![text(words)];
    }
    let widest = |at: &usize| text(&words[..*at]).width().max(text(&words[*at..]).width());
    let best = (1..words.len()).min_by_key(widest).filter(|at| widest(at) <= COLUMNS);
    match best {
        Some(at) => vec![text(&words[..at]), text(&words[at..])],
        None => filled(words).into_iter().map(text).collect(),
    }
}

/// The words, those that are wider than a line in pieces.
fn narrow(words: &[TimedWord]) -> Vec<TimedWord> {
    let mut narrow = Vec::with_capacity(words.len());
    for word in words {
        let mut rest = word.clone();
        while rest.word.width() > COLUMNS {
            let mut columns = 0;
            let cut = rest.word.char_indices().find(|(_, character)| {
                columns += character.width().unwrap_or(0);
                columns > COLUMNS
            });
            let Some((at, _)) = cut else { break };
            let tail = rest.word.split_off(at);
            let head = std::mem::replace(&mut rest.word, tail);
            narrow.push(TimedWord { word: head, to_ms: rest.from_ms, ..rest.clone() });
            rest.spaced = false;
        }
        narrow.push(rest);
    }
    narrow
}

/// The `index`th cue, from 1, of a `SubRip` file.
pub(super) fn srt(index: usize, cue: &Cue) -> String {
    let (from, to) = (clock(cue.from_ms, ','), clock(cue.to_ms, ','));
    format!("{index}\n{from} --> {to}\n{}\n\n", cue.lines.join("\n"))
}

/// The beginning of a `WebVTT` file.
pub(super) const VTT_HEAD: &str = "WEBVTT\n\n";

/// A cue of a `WebVTT` file.
pub(super) fn vtt(cue: &Cue) -> String {
    let (from, to) = (clock(cue.from_ms, '.'), clock(cue.to_ms, '.'));
    let text = cue.lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("{from} --> {to}\n{text}\n\n")
}

fn clock(ms: u64, point: char) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word lasts `each` ms, with as much silence after it as `gap` says.
    fn said(text: &str, each: u64, gap: u64) -> Vec<TimedWord> {
        let word = |(index, word): (usize, &str)| {
            let from_ms = index as u64 * (each + gap);
            let (word, to_ms) = (word.to_owned(), from_ms + each);
            TimedWord { word, from_ms, to_ms, probability: None, spaced: index > 0 }
        };
        text.split_whitespace().enumerate().map(word).collect()
    }

    fn file(words: &[TimedWord]) -> String {
        cues(words).iter().enumerate().map(|(index, cue)| srt(index + 1, cue)).collect()
    }

    const LONG: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was \
                        the age of foolishness, it was the epoch of belief, it was the epoch of incredulity.";

    #[test]
    fn subrip() {
        insta::assert_snapshot!(file(&said(LONG, 250, 50)), @r"
        1
        00:00:00,000 --> 00:00:05,350
        It was the best of times, it was the
        worst of times, it was the age of wisdom,

        2
        00:00:05,400 --> 00:00:08,950
        it was the age of foolishness,
        it was the epoch of belief,

        3
        00:00:09,000 --> 00:00:10,750
        it was the epoch of incredulity.
        ");
    }

    #[test]
    fn webvtt() {
        let cue = Cue { from_ms: 3_661_001, to_ms: 3_662_000, lines: vec!["a < b & c".into(), "d".into()] };
        assert_eq!(vtt(&cue), "01:01:01.001 --> 01:01:02.000\na &lt; b &amp; c\nd\n\n");
    }

    #[test]
    fn a_pause_or_the_end_of_a_sentence_ends_a_cue() {
        let two = cues(&said("one two", 300, PAUSE_MS));
        assert_eq!(two.len(), 2);
        let sentences = cues(&said("This is a sentence of some length. And this is the next.", 200, 20));
        assert_eq!(sentences[0].lines, ["This is a sentence of some length."]);
        // A short one does not stand alone.
        assert_eq!(cues(&said("Yes. I know.", 200, 20)).len(), 1);
    }

    #[test]
    fn what_every_file_keeps_to() {
        let word = "incomprehensibilities".repeat(4);
        let texts = [LONG, "a", "", &word, &format!("x {word} y")];
        for text in texts {
            for (each, gap) in [(200, 20), (1, 0), (0, 0), (4000, 10), (300, 5000)] {
                let words = said(text, each, gap);
                let cues = cues(&words);
                let mut last = 0;
                for cue in &cues {
                    assert!(cue.from_ms >= last && cue.to_ms > cue.from_ms, "{cue:?} after {last}");
                    assert!((1..=LINES).contains(&cue.lines.len()), "{cue:?}");
                    assert!(
                        cue.lines.iter().all(|line| line.width() <= COLUMNS && !line.is_empty()),
                        "{cue:?}"
                    );
                    last = cue.to_ms;
                }
                let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                let shown: String =
                    cues.iter().flat_map(|cue| &cue.lines).map(|line| letters(line)).collect();
                assert_eq!(shown, letters(text));
            }
        }
    }
}
