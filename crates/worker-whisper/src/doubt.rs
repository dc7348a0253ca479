//! Words that nobody said. Whisper was trained on subtitles: over silence it writes what stands at the end of many
//! films, and sometimes it goes round in a circle.

use listening::PassWord;

/// What it writes over silence in the languages of its largest training sets, in letters alone (Koenecke et al. 2024,
/// "Careless Whisper"; whisper.cpp's issues on hallucination).
const STOCK: &[&str] = &[
    "thank you",
    "thanks",
    "thanks for watching",
    "thank you for watching",
    "thank you very much",
    "thank you so much for watching",
    "please subscribe",
    "like and subscribe",
    "see you next time",
    "see you in the next video",
    "bye",
    "bye bye",
    "you",
    "okay",
    "so",
    "the end",
    "gracias",
    "gracias por ver el video",
    "subtítulos realizados por la comunidad de amaraorg",
    "sous titres réalisés para la communauté damaraorg",
    "sous titrage st 501",
    "untertitel der amaraorg community",
    "vielen dank",
    "ご視聴ありがとうございました",
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    "字幕由amaraorg社区提供",
    "продолжение следует",
    "спасибо за просмотр",
];

/// A stock phrase with more than this chance of silence was not said. It is half of what Whisper itself takes for
/// silence (0.6): alone the phrase is no proof, and people do say thank you.
const STOCK_SILENCE: f32 = 0.3;
/// With more than this chance of silence nothing was said, however sure the words are.
const SILENCE: f32 = 0.9;

/// Words in a circle, and how often round is too often.
const CIRCLES: &[(usize, usize)] =
    &[(1, 7), (2, 5), (3, 4), (4, 4), (5, 3), (6, 3), (7, 3), (8, 3), (10, 3), (12, 3)];

/// How much a text is to be doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It was said.
    None,
    /// Only if there is a voice in the sound.
    Voice,
    /// It was not said.
    Invented,
}

/// What to think of `text` where the model gives this chance of silence.
pub(crate) fn about(text: &str, no_speech: f32) -> Doubt {
    let stock = is_stock(text);
    if no_speech > SILENCE || (stock && no_speech > STOCK_SILENCE) {
        Doubt::Invented
    } else if stock || no_speech > STOCK_SILENCE {
        Doubt::Voice
    } else {
        Doubt::None
    }
}

fn is_stock(text: &str) -> bool {
    let letters: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c == '-' { ' ' } else { c })
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    let plain = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    STOCK.contains(&plain.as_str())
}

/// Leaves one round of a circle that the words end in.
pub(crate) fn without_circle(words: &mut Vec<PassWord>) {
    let same = |one: &PassWord, other: &PassWord| {
        let letters = |word: &PassWord| word.text.to_lowercase().trim().to_owned();
        letters(one) == letters(other)
    };
    for &(length, often) in CIRCLES {
        let count = words.len();
        let mut rounds = 1;
        while (rounds + 1) * length <= count
            && (0..length).all(|at| same(&words[count - 1 - at], &words[count - 1 - at - rounds * length]))
        {
            rounds += 1;
        }
        if rounds >= often {
            words.truncate(count - (rounds - 1) * length);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use listening::PassText;

    #[test]
    fn stock_phrases_are_doubted_in_silence_alone() {
        assert_eq!(about("Thank you.", 0.5), Doubt::Invented);
        assert_eq!(about("Thank you.", 0.05), Doubt::Voice);
        assert_eq!(about("Thank you for the fish.", 0.05), Doubt::None);
        assert_eq!(about("Thank you for the fish.", 0.5), Doubt::Voice);
        assert_eq!(about("Turn the light off.", 0.95), Doubt::Invented);
        assert_eq!(about("ご視聴ありがとうございました。", 0.4), Doubt::Invented);
    }

    #[test]
    fn circles_are_cut() {
        let check = |text: &str, expect: &str| {
            let mut words = PassText::plain(text).words;
            without_circle(&mut words);
            let left: String = words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(left.trim(), expect);
        };
        check("no no no no, wait", "no no no no, wait");
        check("no no no no", "no no no no");
        check(&format!("well{}", " no".repeat(40)), "well no");
        check(&format!("I said{}", " the big cat".repeat(12)), "I said the big cat");
        check(&"好".repeat(30), "好");
        check("", "");
    }
}
