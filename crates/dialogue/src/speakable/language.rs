//! Which language a text is in, and small words that tell.

use super::SpokenLanguage;

/// Words of English that Spanish does not have, and the other way round; all common.
const ENGLISH: &[&str] = &[
    "the", "an", "and", "or", "but", "of", "to", "in", "on", "at", "for", "with", "from", "by", "is", "are",
    "was", "were", "be", "it", "this", "that", "these", "those", "you", "i", "we", "they", "he", "she", "my",
    "your", "not", "can", "could", "would", "will", "should", "have", "has", "do", "does", "what", "which",
    "who", "how", "when", "where", "because", "if", "so", "than", "then", "as", "about", "there", "here",
    "their", "its", "into", "also", "just", "while", "maybe", "until", "since", "although", "though",
    "whether", "am",
];
const SPANISH: &[&str] = &[
    "el", "la", "los", "las", "un", "una", "unos", "unas", "pero", "de", "del", "al", "en", "con", "por",
    "para", "que", "qué", "es", "son", "está", "están", "ser", "hay", "se", "lo", "le", "su", "sus", "mi",
    "tu", "si", "sí", "más", "muy", "como", "cómo", "cuando", "cuándo", "donde", "dónde", "porque", "este",
    "esta", "esto", "eso", "yo", "tú", "usted", "nosotros", "también", "desde", "hasta", "sobre", "sin",
    "era", "fue", "tiene", "puede", "hola", "gracias", "aquí", "entonces", "aunque", "mientras", "quizá",
    "quizás", "cuál", "quién",
];
/// Words before which a phrase may be cut, or that never end one.
const CONNECTORS: &[&str] = &[
    "and", "or", "but", "of", "to", "in", "on", "at", "for", "with", "from", "by", "that", "which", "who",
    "because", "if", "so", "than", "then", "as", "about", "into", "while", "when", "where", "the", "a", "an",
    "this", "these", "those", "my", "your", "his", "her", "our", "their", "its", "is", "are", "was", "were",
    "can", "will", "until", "since", "y", "o", "pero", "de", "del", "al", "en", "con", "por", "para", "que",
    "porque", "como", "cuando", "donde", "el", "la", "los", "las", "un", "una", "unos", "unas", "su", "sus",
    "mi", "tu", "es", "son", "desde", "hasta", "sobre", "sin", "aunque", "mientras", "si", "se", "lo",
];
/// Abbreviations that end in a dot and do not end a sentence, without that dot, in small letters.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "e.g", "i.e", "eg", "ie", "cf", "fig", "figs",
    "vol", "pp", "p", "approx", "ca", "gen", "col", "sgt", "capt", "lt", "rev", "hon", "gov", "dept", "univ",
    "inc", "ltd", "co", "corp", "est", "ave", "blvd", "mt", "jan", "feb", "apr", "aug", "sept", "sep", "oct",
    "nov", "dec", "dra", "sra", "srta", "sres", "ud", "uds", "vd", "pág", "págs", "p.ej", "ej", "avda", "av",
    "lic", "ing", "arq", "tel", "núm", "art", "cap", "ee", "aprox", "máx", "mín", "max", "min",
];

pub(crate) fn is_connector(word: &str) -> bool {
    CONNECTORS.contains(&word.to_lowercase().as_str())
}

pub(crate) fn is_abbreviation(token: &str) -> bool {
    ABBREVIATIONS.contains(&token.to_lowercase().as_str())
}

/// Whether this is a Chinese character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}')
}

/// The language of a text, when it is plain: Chinese by its characters (Japanese, which has kana, is not Chinese),
/// English and Spanish by their small words and letters. Names, figures and single words tell nothing.
pub fn language_of(text: &str) -> Option<SpokenLanguage> {
    let han = text.chars().filter(|&c| is_han(c)).count();
    let latin = text.split(|c: char| !c.is_alphabetic() || is_han(c)).filter(|word| !word.is_empty()).count();
    if text.chars().any(is_kana) {
        return None;
    }
    if han > 0 && han >= latin {
        return Some(SpokenLanguage::Chinese);
    }
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let count = |of: &[&str]| words.iter().filter(|word| of.contains(&word.as_str())).count();
    let marks = text.chars().filter(|c| matches!(c, 'ñ' | '¿' | '¡' | 'Ñ')).count();
    let (english, spanish) = (count(ENGLISH), count(SPANISH) + 2 * marks);
    if english >= 2 && english >= 2 * spanish {
        Some(SpokenLanguage::English)
    } else if spanish >= 2 && spanish >= 2 * english {
        Some(SpokenLanguage::Spanish)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        use SpokenLanguage::{Chinese, English, Spanish};
        for (text, expect) in [
            ("The capital of France is Paris.", Some(English)),
            ("La capital de Francia es París.", Some(Spanish)),
            ("¿Quieres café?", Some(Spanish)),
            ("法国的首都是巴黎。", Some(Chinese)),
            ("你可以用 Python 写。", Some(Chinese)),
            ("The word 你好 is a greeting in the language.", Some(English)),
            ("パリはフランスの首都です", None),
            ("Paris", None),
            ("42", None),
            ("", None),
        ] {
            assert_eq!(language_of(text), expect, "{text}");
        }
    }
}
