//! Two halves of one message of a user who paused and went on.

use crate::speakable::is_han;

/// Words that go on with what was said before, in small letters.
const GOES_ON: &[&str] = &[
    "to", "and", "or", "but", "of", "in", "on", "at", "for", "with", "without", "from", "by", "because",
    "than", "as", "about", "into", "while", "until", "since", "although", "though", "whether", "that",
    "which", "who", "a", "an", "maybe", "instead", "y", "e", "o", "u", "pero", "sino", "de", "del", "al",
    "en", "con", "por", "para", "que", "porque", "como", "un", "una", "unos", "unas", "desde", "hasta",
    "sobre", "sin", "aunque", "mientras", "cuando",
];
/// Words that end no sentence.
const DANGLES: &[&str] = &[
    "the", "a", "an", "to", "of", "with", "from", "for", "and", "or", "but", "my", "your", "his", "her",
    "our", "their", "than", "because", "if", "that", "would", "into", "el", "la", "los", "las", "un", "una",
    "de", "del", "al", "con", "por", "para", "que", "y", "o", "pero", "mi", "tu", "su", "en", "in", "at",
    "about",
];
/// Those of them after which a capital was only that of a sentence more often than that of a name.
const ARTICLES: &[&str] = &[
    "the", "a", "an", "my", "your", "his", "her", "our", "their", "el", "la", "los", "las", "un", "una",
    "mi", "tu", "su",
];

/// Both halves as one text. The recogniser ended the first as a sentence because the user paused; where the second goes
/// on with it, that full stop and the capital after it are taken back: "I would like." and "To order a pizza." are
/// "I would like to order a pizza." Marks that were not the recogniser's doubt (`?`, `!`) stay.
///
/// Whether it goes on is judged by what it begins with: a word that was capital only as the first of a sentence (a
/// small word such as "to", "and", "que", "pero"), or a small letter. Names and "I" keep their capitals. When nothing
/// tells, both are sentences of one message.
pub fn join(first: &str, second: &str) -> String {
    let (first, second) = (first.trim(), second.trim());
    if first.is_empty() || second.is_empty() {
        return format!("{first}{second}");
    }
    let head = first.trim_end_matches(['.', '…', '。', ',', '，', '-', '—']).trim_end();
    let trailed_off = first.ends_with("...") || first.ends_with(['…', ',', '，', '-', '—']);
    let dotted = head.len() < first.len();
    let begins_small = second.starts_with(char::is_lowercase);
    let word = second.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’').next().unwrap_or_default();
    let small_word = GOES_ON.contains(&word.to_lowercase().as_str());
    let last = head.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    let dangling = DANGLES.contains(&last.as_str());
    if head.ends_with(is_han) && second.starts_with(is_han) {
        return if dotted { format!("{head}，{second}") } else { format!("{first}{second}") };
    }
    let whole = first.ends_with(['？', '！', '。']) && second.starts_with(is_han);
    if whole {
        return format!("{first}{second}");
    }
    if !dotted && first.ends_with(['?', '!', '？', '！']) {
        return format!("{first} {second}");
    }
    let comma = if first.ends_with([',', '，']) { "," } else { "" };
    if begins_small || small_word || ARTICLES.contains(&last.as_str()) {
        return format!("{head}{comma} {}", uncapital(second));
    }
    if dangling || trailed_off || !dotted {
        return format!("{head}{comma} {second}");
    }
    format!("{first} {second}")
}

/// `text` with its first letter small, unless its first word is "I".
fn uncapital(text: &str) -> String {
    let word = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if word != "I" => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[track_caller]
    fn check(first: &str, second: &str, expect: &str) {
        assert_eq!(join(first, second), expect);
    }

    #[test]
    fn english() {
        check("I would like.", "To order a pizza.", "I would like to order a pizza.");
        check("I was thinking that...", "Maybe we should go.", "I was thinking that maybe we should go.");
        check("Can you tell me the.", "Weather in Paris?", "Can you tell me the weather in Paris?");
        check("I went to.", "Paris last year.", "I went to Paris last year.");
        check("I know.", "I will do it.", "I know. I will do it.");
        check("What about tomorrow?", "And the day after?", "What about tomorrow? And the day after?");
        check("Play some music,", "and dim the lights.", "Play some music, and dim the lights.");
        check("", "Hello.", "Hello.");
        check("Hello.", " ", "Hello.");
    }

    #[test]
    fn spanish() {
        check("Quiero pedir.", "Una pizza grande.", "Quiero pedir una pizza grande.");
        check("Me gustaría.", "Que me digas la hora.", "Me gustaría que me digas la hora.");
        check("¿Qué hora es?", "Dime.", "¿Qué hora es? Dime.");
    }

    #[test]
    fn chinese() {
        check("我想要。", "点一个披萨。", "我想要，点一个披萨。");
        check("我想要", "点一个披萨。", "我想要点一个披萨。");
        check("你好吗？", "我很好。", "你好吗？我很好。");
    }
}
