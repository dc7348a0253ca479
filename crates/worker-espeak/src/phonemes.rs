//! How the words of a text are pronounced, each by itself.
//!
//! The library tells phonemes in two ways: word by word without stress (events), and with stress for a whole clause,
//! where words may run together ("of the" is one). The first is laid along the second.

use worker_kit::protocols::WordPhonemes;

use crate::words::Words;

/// Phonemes without stress, of the word that the library said begins at a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bare {
    pub(crate) character: usize,
    pub(crate) phonemes: String,
}

/// The words of a text with their phonemes. Words that the library speaks as one are one here. `stressed` is what it
/// says of the whole text.
pub(crate) fn assign(words: &Words<'_>, bare: &[Bare], stressed: &str) -> Vec<WordPhonemes> {
    let stressed = without_languages(stressed);
    let mut groups: Vec<(usize, String)> = Vec::new();
    for bare in bare {
        let phonemes = without_languages(&bare.phonemes);
        match (words.at_character(bare.character), groups.last_mut()) {
            // Digits of one number are several words to the library.
            (Some(word), Some((last, told))) if word <= *last => told.push_str(&phonemes),
            (None, Some((_, told))) => told.push_str(&phonemes),
            (word, _) => groups.push((word.unwrap_or(0), phonemes)),
        }
    }
    groups.retain(|(_, phonemes)| !phonemes.is_empty());
    let spoken = lay_along(&groups, &stressed);
    let ends = groups.iter().skip(1).map(|(next, _)| *next).chain([words.ranges().len()]);
    let ranges = words.ranges();
    groups
        .iter()
        .zip(ends)
        .zip(spoken)
        .filter_map(|(((word, _), next), phonemes)| {
            let last = next.saturating_sub(1).max(*word);
            let text = ranges.get(*word)?.start..ranges.get(last)?.end;
            Some(WordPhonemes { text, phonemes: phonemes + &words.punctuation_after(last) })
        })
        .collect()
}

/// For each group its part of `stressed`; without stress where the two do not say the same.
fn lay_along(groups: &[(usize, String)], stressed: &str) -> Vec<String> {
    let same = groups.iter().flat_map(|(_, bare)| bare.chars().filter(|c| is_sound(*c)));
    if !same.eq(stressed.chars().filter(|c| is_sound(*c))) {
        // Tones are in the stressed form alone.
        let tokens: Vec<String> = stressed.split_whitespace().map(str::to_owned).collect();
        let bare = || groups.iter().map(|(_, bare)| bare.clone()).collect();
        return if tokens.len() == groups.len() { tokens } else { bare() };
    }
    let mut rest = stressed.trim_start();
    groups
        .iter()
        .map(|(_, bare)| {
            let mut left = bare.chars().filter(|c| is_sound(*c)).count();
            // Up to the sound after the last one; the stress in front of that is the next word's.
            let mut end = 0;
            for (at, c) in rest.char_indices() {
                if is_sound(c) {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    end = at + c.len_utf8();
                }
            }
            let (own, after) = rest.split_at(end);
            rest = after.trim_start();
            own.trim().to_owned()
        })
        .collect()
}

/// Neither stress nor a space.
fn is_sound(c: char) -> bool {
    !matches!(c, 'ˈ' | 'ˌ' | '_' | '|' | '.' | '\u{200d}') && !c.is_whitespace()
}

/// Without the marks `(en)` around words that another language's rules pronounce.
fn without_languages(phonemes: &str) -> String {
    let mut plain = String::new();
    let mut rest = phonemes;
    while let Some((before, after)) = rest.split_once('(') {
        plain.push_str(before);
        match after.split_once(')') {
            Some((_, next)) => rest = next,
            None => return plain,
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, bare: &[(usize, &str)], stressed: &str, expect: &[(&str, &str)]) {
        let bare: Vec<Bare> =
            bare.iter().map(|(at, told)| Bare { character: *at, phonemes: (*told).into() }).collect();
        let found = assign(&Words::of(text), &bare, stressed);
        let found: Vec<(&str, &str)> =
            found.iter().map(|word| (&text[word.text.clone()], word.phonemes.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn words_have_their_stress_and_punctuation() {
        let bare = [(0, "həloʊ"), (6, "ðɛɹ"), (13, "haʊ")];
        let expect = [("Hello", "həlˈoʊ"), ("there", "ðˈɛɹ,"), ("how", "hˈaʊ?")];
        check("Hello there, how?", &bare, "həlˈoʊ ðˈɛɹ hˈaʊ ", &expect);
    }

    #[test]
    fn words_spoken_as_one_are_one() {
        let bare = [(0, "aɪɐm"), (5, "faɪn")];
        check("I am fine.", &bare, "aɪɐm fˈaɪn ", &[("I am", "aɪɐm"), ("fine", "fˈaɪn.")]);
    }

    #[test]
    fn a_number_is_one_word() {
        let bare = [(0, "twɛnti"), (1, "faɪv"), (3, "kæts")];
        check("25 cats", &bare, "twˈɛnti fˈaɪv kˈæts", &[("25", "twˈɛnti fˈaɪv"), ("cats", "kˈæts")]);
    }

    #[test]
    fn tones_are_kept() {
        check("你好", &[(0, "ni"), (1, "χɑu")], "nˈiɜ χˈɑu2 ", &[("你", "nˈiɜ"), ("好", "χˈɑu2")]);
    }

    #[test]
    fn without_agreement_the_bare_phonemes_stand() {
        check("a b", &[(0, "ɐ"), (2, "biː")], "something else here", &[("a", "ɐ"), ("b", "biː")]);
        check("ok", &[(0, "(en)oʊkeɪ(es)")], "(en)oʊkˈeɪ(es)", &[("ok", "oʊkˈeɪ")]);
    }
}
