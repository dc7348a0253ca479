//! A conversation's first title: the beginning of the first thing said. It costs nothing, comes at once and is in the
//! user's own words; a person may change it.

/// Characters a title has at most.
const LONGEST: usize = 60;

/// A title from the first message: its first line with words, without Markdown marks, cut at a word's end.
pub fn title_of(text: &str) -> String {
    let line = text
        .lines()
        .map(|line| line.trim().trim_start_matches(['#', '>', '*', '-', '`', ' ']).trim())
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    let head: String = words.chars().take(LONGEST).collect();
    // Languages without spaces have no word's end to cut at.
    let cut = head.rfind(' ').filter(|&at| head[..at].chars().count() > LONGEST / 2).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::title_of;

    #[test]
    fn short_words_are_the_title() {
        assert_eq!(title_of("What is a monad?"), "What is a monad?");
    }

    #[test]
    fn the_first_line_with_words_counts() {
        assert_eq!(title_of("\n\n## Plan\nfor today"), "Plan");
    }

    #[test]
    fn long_lines_end_at_a_word() {
        let title = title_of(&"several words ".repeat(20));
        assert!(title.ends_with("words…") || title.ends_with("several…"), "{title}");
        assert!(title.chars().count() <= 61);
    }

    #[test]
    fn chinese_is_cut_between_characters() {
        assert_eq!(title_of(&"你好".repeat(50)).chars().count(), 61);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(title_of(" \n "), "");
    }
}
