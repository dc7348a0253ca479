//! What words alone say about a turn: nothing, "uh-huh", "stop", or something; and whether they can be all.
//!
//! English, Spanish and Chinese at once: the lists share almost no word with another meaning, and people mix languages.
//! Words are compared without case and punctuation; Chinese, which has no spaces, is taken apart by the longest entry.

mod lists;

use lists::{
    ASKS_FOR_TIME, BACKCHANNELS, FILLERS, List, NEVER_LAST, SELDOM_LAST, SOFTENERS, STOPS, UNSTOPPED_LAST,
};

/// What somebody said over a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// No word.
    Nothing,
    /// Only words that mean "go on, I am listening".
    Backchannel,
    /// It begins with words that mean "be quiet".
    StopWord,
    /// Anything else.
    Words,
}

/// How the words end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As a sentence does.
    Sentence,
    /// In a comma, or without any mark.
    Open,
    /// So that more must come.
    Unfinished,
}

/// What was said.
pub fn classify(text: &str) -> Said {
    let pieces = pieces(text);
    if pieces.is_empty() {
        return Said::Nothing;
    }
    let mut rest = pieces.as_slice();
    while let Some(taken) = longest(rest, &[&BACKCHANNELS, &FILLERS, &SOFTENERS, &STOPS]) {
        if longest(rest, &[&STOPS]) == Some(taken) {
            return Said::StopWord;
        }
        rest = &rest[taken..];
    }
    if foreign_words(&pieces) == 0 { Said::Backchannel } else { Said::Words }
}

/// How many different words there are that are neither "uh-huh" and its like nor "um": a recogniser's first guess at a
/// noise is often one word again and again. A Chinese character counts as a word.
pub fn real_words(text: &str) -> usize {
    foreign_words(&pieces(text))
}

/// Whether it is nothing but "um" and its like.
pub fn only_filler(text: &str) -> bool {
    let pieces = pieces(text);
    let mut rest = pieces.as_slice();
    while let Some(taken) = longest(rest, &[&FILLERS]) {
        rest = &rest[taken..];
    }
    rest.is_empty() && !pieces.is_empty()
}

/// Whether more must come after these words: they end in an article, a conjunction, "um", dots, or ask for time.
///
/// Speech recognisers put a full stop behind anything, so an article before one still counts as unfinished; a
/// preposition does unless the sentence is a question ("What is it for?"), an auxiliary only without any mark.
pub fn unfinished(text: &str) -> bool {
    end(text) == End::Unfinished
}

/// How these words end.
pub fn end(text: &str) -> End {
    let trimmed = text.trim_end_matches(|c: char| c.is_whitespace() || "\"'”’»)）」』".contains(c));
    let mark = trimmed.chars().next_back();
    let pieces = pieces(trimmed);
    let last_in = |list: &List| ends_with(&pieces, list);
    let trailing = trimmed.ends_with("..") || mark.is_some_and(|mark| ":-–—…：".contains(mark));
    let asked = mark.is_some_and(|mark| "?!？！".contains(mark));
    let stopped = asked || mark.is_some_and(|mark| ".。".contains(mark));
    let more_must_come = trailing
        || last_in(&NEVER_LAST)
        || last_in(&FILLERS)
        || (!asked && last_in(&SELDOM_LAST))
        || (!stopped && last_in(&UNSTOPPED_LAST))
        || longest(&pieces, &[&ASKS_FOR_TIME]).is_some_and(|taken| taken == pieces.len());
    match (more_must_come, stopped) {
        (true, _) => End::Unfinished,
        (false, true) => End::Sentence,
        (false, false) => End::Open,
    }
}

/// Whether both are the same words, whatever their case and punctuation.
pub fn same(one: &str, other: &str) -> bool {
    pieces(one) == pieces(other)
}

/// One text after another, with a space between unless Chinese touches Chinese.
pub fn join(first: &str, second: &str) -> String {
    let (first, second) = (first.trim(), second.trim());
    let touching = first.chars().next_back().is_some_and(wide) && second.chars().next().is_some_and(wide);
    let space = if first.is_empty() || second.is_empty() || touching { "" } else { " " };
    format!("{first}{space}{second}")
}

/// Words in lower case, and Chinese characters one by one.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if han(c) {
            pieces.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            pieces.push(c.to_string());
        } else if c.is_alphanumeric() || (matches!(c, '\'' | '’') && !word.is_empty()) {
            word.push(if c == '’' { '\'' } else { c });
        } else if !word.is_empty() {
            pieces.push(std::mem::take(&mut word));
        }
    }
    pieces.extend(Some(word).filter(|word| !word.is_empty()));
    for piece in &mut pieces {
        let length = piece.trim_end_matches('\'').len();
        piece.truncate(length);
    }
    pieces
}

fn han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn wide(c: char) -> bool {
    han(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// How many pieces at the beginning are the longest entry of these lists that fits.
fn longest(pieces: &[String], lists: &[&List]) -> Option<usize> {
    lists.iter().flat_map(|list| list.iter()).filter(|entry| pieces.starts_with(entry)).map(Vec::len).max()
}

fn ends_with(pieces: &[String], list: &List) -> bool {
    list.iter().any(|entry| pieces.ends_with(entry))
}

fn foreign_words(pieces: &[String]) -> usize {
    let mut rest = pieces;
    let mut foreign = std::collections::HashSet::new();
    while !rest.is_empty() {
        if let Some(taken) = longest(rest, &[&BACKCHANNELS, &FILLERS]) {
            rest = &rest[taken..];
        } else {
            foreign.insert(&rest[0]);
            rest = &rest[1..];
        }
    }
    foreign.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts with bars between them.
    fn says(said: Said, texts: &str) {
        for text in texts.split('|') {
            assert_eq!(classify(text), said, "{text:?}");
        }
    }

    #[test]
    fn what_is_said_over_a_reply() {
        says(Said::Nothing, "| |...|—|。");
        says(
            Said::Backchannel,
            "Uh-huh.|uh huh|Mm-hmm.|Mhm|Yeah.|yeah, yeah|Okay.|OK|Right.|I see.|Oh!|Hmm.|Ah, okay.|Um",
        );
        says(Said::Backchannel, "All right.|Got it.|Yes.|Ha ha!|No way!|No problem.");
        says(
            Said::Backchannel,
            "Sí.|ajá|vale, vale|Claro.|ya veo|嗯。|对对对|好的，好的。|是的|不错|哦，这样",
        );
        says(
            Said::StopWord,
            "Stop.|stop it|Wait|Wait, what about|No|no, I meant Monday|Hold on.|hang on a second",
        );
        says(Said::StopWord, "Okay, stop.|uh, wait|please stop|Shut up!|That's enough.");
        says(
            Said::StopWord,
            "Espera|para|¡Basta!|no, no|un momento|停|停一下|等等|等一下，|不对|好了，停|别说了",
        );
        says(
            Said::Words,
            "What about tomorrow?|yeah but what|nothing|Nobody|waiting|okay tell me more about it|stopped",
        );
        says(Said::Words, "sí pero cuándo|parado|今天天气怎么样|对，但是|I don't know.|7");
    }

    #[test]
    fn words_that_need_more() {
        let more = "I went to the|I went to the.|and|I would like to, um|Um|because|it is about|We go to.|tell me the|I am not.|We all can't|So I,|\
                    Well...|my|what is|Can you|Wait.|hold on|quiero ir a|y|El coche de mi|porque|un momento|\
                    我想去买苹果和|因为|那个|等等";
        for text in more.split('|') {
            assert!(unfinished(text), "{text:?}");
        }
        let all = "What time is it?|What is it for?|Yes, I am.|I think it is.|Turn the light on.|Stop.|Hello|tell me a story|\
                   ¿Qué hora es?|Quiero un café|今天天气怎么样？|我喜欢苹果||7";
        for text in all.split('|') {
            assert!(!unfinished(text), "{text:?}");
        }
        assert_eq!(end("What time is it?\" "), End::Sentence);
        assert_eq!(end("What time is it"), End::Open);
        assert_eq!(end("你好。"), End::Sentence);
    }

    #[test]
    fn counting_and_joining() {
        assert_eq!(real_words("Yeah, what about it?"), 3);
        assert_eq!(real_words("uh-huh, okay"), 0);
        assert_eq!(real_words("J. J. J."), 1);
        assert!(only_filler("Um, uh...") && !only_filler("okay") && !only_filler(""));
        assert!(same("What time is it", "what time is it?") && !same("What time", "What time is it"));
        assert_eq!(join("What is", "the time?"), "What is the time?");
        assert_eq!(join("今天", "天气"), "今天天气");
        assert_eq!(join("", " so "), "so");
    }
}
