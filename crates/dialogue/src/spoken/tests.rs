use proptest::prelude::*;

use super::*;

fn units(pieces: &[&str], language: SpokenLanguage) -> Vec<SpokenUnit> {
    let mut splitter = Splitter::new(language);
    let mut units: Vec<SpokenUnit> = pieces.iter().flat_map(|piece| splitter.push(piece)).collect();
    units.extend(splitter.finish());
    units
}

/// The source of each unit, silent ones too, with outer blank space left out.
#[track_caller]
fn check(source: &str, expect: &[&str]) {
    let language = speakable::language_of(source).unwrap_or_default();
    let found = units(&[source], language);
    let texts: Vec<&str> = found.iter().map(|unit| source[unit.source.clone()].trim()).collect();
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, expect);
}

#[test]
fn the_first_unit_is_short() {
    check(
        "Of course, I can help you with that today. Which one?",
        &["Of course,", "I can help you with that today.", "Which one?"],
    );
    check("Sure! It is four.", &["Sure!", "It is four."]);
    check("Well, it is the capital of France.", &["Well, it is the capital of France."]);
    check(
        "The weather today looks really quite nice for a walk in the park.",
        &["The weather today looks really quite", "nice for a walk in the park."],
    );
    check(
        "My favourite city in Europe is probably the city of Prague.",
        &["My favourite city in Europe", "is probably the city of Prague."],
    );
    check(
        "The formula we need is $x = a b c d e f g h$ here.",
        &["The formula we need", "is $x = a b c d e f g h$ here."],
    );
    check(
        "I think I can help with that by setting a timer now.",
        &["I think I can help", "with that by setting a timer now."],
    );
    check("It is four.", &["It is four."]);
    check("好的，我来帮你看看。今天天气很好！", &["好的，我来帮你看看。", "今天天气很好！"]);
    check("没有问题，我来帮你看看今天的天气。", &["没有问题，", "我来帮你看看今天的天气。"]);
    check(
        "Por supuesto, te ayudo con eso. ¿Cuál quieres?",
        &["Por supuesto,", "te ayudo con eso.", "¿Cuál quieres?"],
    );
}

#[test]
fn what_looks_like_an_end_is_none() {
    let first = "Yes. ";
    for sentence in [
        "Pi is 3.14 and a bit.",
        "Ask Mr. Smith, e.g. today.",
        "It is in the U.S. since 1990.",
        "See https://example.com/a.html?b=c now.",
        "Fish, chips etc. are good.",
        "At 5 p.m. sharp.",
        "Wait... there is more.",
        "It is J. R. Tolkien of course.",
        "Use `a. b. c` here.",
        "See [the. book](http://a.b/c. d) here.",
        "That is $a. b$ here.",
        "Take No. 5 then.",
        "The formula is $x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$ of course.",
    ] {
        check(&format!("{first}{sentence}"), &[first.trim(), sentence]);
    }
    check("Yes. It opens at 5 p.m. Then it closes.", &["Yes.", "It opens at 5 p.m.", "Then it closes."]);
    check("Yes. He said \"go.\" Then he left.", &["Yes.", "He said \"go.\"", "Then he left."]);
    check("Yes. It is **bold.** Then not.", &["Yes.", "It is **bold.**", "Then not."]);
    check("是的。他说：“走吧。”然后走了。", &["是的。", "他说：“走吧。”", "然后走了。"]);
}

#[test]
fn lines_and_blocks_are_units() {
    check(
        "# Plan\n\nTwo things:\n- one\n- two\n\n1. first\n2. second",
        &["# Plan", "Two things:", "- one", "- two", "1. first", "2. second"],
    );
    check(
        "Yes.\nIt goes\non here. And **so**\n**on**.",
        &["Yes.", "It goes\non here.", "And **so**\n**on**."],
    );
    check(
        "Look:\n```rust\nfn a() {}\n\n// b. C\n```\nDone.",
        &["Look:", "```rust", "fn a() {}\n\n// b. C\n```", "Done."],
    );
    check(
        "A table:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nDone.",
        &["A table:", "| a | b |\n|---|---|\n| 1 | 2 |\n", "Done."].map(str::trim),
    );
    check("One.\n\n---\n\nTwo.", &["One.", "---", "Two."]);
}

#[test]
fn long_sentences_are_cut_at_clauses() {
    let clause = "and then they went on to the next village by the river, ";
    let source = format!("Yes. Once upon a time. {}", clause.repeat(6));
    let found = units(&[&source], SpokenLanguage::English);
    assert!(found.len() > 4);
    for unit in &found {
        assert!(unit.words.len() <= 30, "{}", unit.say);
    }
    assert!(found[2].say.ends_with("river,"), "{}", found[2].say);
}

#[test]
fn code_is_announced_as_soon_as_it_begins() {
    let mut splitter = Splitter::new(SpokenLanguage::English);
    let found = splitter.push("Look at this:\n```rust\n");
    assert_eq!(found.last().unwrap().say, "Here is some Rust code; it is on the screen.");
    let body = splitter.push("fn a() {}\n```\n");
    assert!(body.iter().all(SpokenUnit::is_silent));
    assert_eq!(body.len(), 1);
}

#[test]
fn a_unit_comes_as_soon_as_it_is_certain() {
    let mut splitter = Splitter::new(SpokenLanguage::English);
    assert!(splitter.push("It is four.").is_empty());
    assert_eq!(splitter.push(" ").len(), 1);
    assert!(splitter.push("The weather today looks really quite nice").is_empty());
}

#[test]
fn units_are_spoken_in_their_language() {
    let found = units(&["Of course. In Spanish it is:\n\n¿Dónde está la estación?"], SpokenLanguage::English);
    let languages: Vec<SpokenLanguage> = found.iter().map(|unit| unit.language).collect();
    assert_eq!(languages.last(), Some(&SpokenLanguage::Spanish));
    assert_eq!(languages[0], SpokenLanguage::English);
}

/// Text with much that has a meaning for the splitter.
fn markdown() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,8} ",
        "[a-z]{1,5}[.!?,;:] ",
        "[0-9]{1,3}[.,)]? ",
        "[。，！你好世界]{1,6}",
        prop::sample::select(vec![
            "\n",
            "\n\n",
            "- ",
            "* ",
            "# ",
            "> ",
            "1. ",
            "```",
            "```rust\n",
            "| a | b |\n",
            "|---|\n",
            "`",
            "$",
            "**",
            "_",
            "[a](b)",
            "[",
            "](",
            "...",
            "e.g. ",
            "U.S. ",
            "https://a.b/c ",
            "😀",
            "---\n",
            "\\(",
            "\\)",
            "<b>",
            "¿",
            "\"",
            "~~",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn cutting_changes_nothing(source in markdown(), cuts in prop::collection::vec(0usize..400, 0..12)) {
        let whole = units(&[&source], SpokenLanguage::English);
        let mut at: Vec<usize> = cuts.into_iter().filter(|&at| source.is_char_boundary(at)).collect();
        at.extend([0, source.len()]);
        at.sort_unstable();
        let pieces: Vec<&str> = at.windows(2).map(|pair| &source[pair[0]..pair[1]]).collect();
        prop_assert_eq!(units(&pieces, SpokenLanguage::English), whole);
    }

    #[test]
    fn units_cover_the_source(source in markdown()) {
        let mut at = 0;
        for (index, unit) in units(&[&source], SpokenLanguage::Spanish).iter().enumerate() {
            prop_assert_eq!(unit.index, index);
            prop_assert_eq!(unit.source.start, at);
            prop_assert!(unit.source.end > at);
            let (mut say, mut from) = (0, unit.source.start);
            for word in &unit.words {
                prop_assert!(word.say.start >= say && word.source.start >= from);
                prop_assert!(unit.say.get(word.say.clone()).is_some() && source.get(word.source.clone()).is_some());
                (say, from) = (word.say.end, word.source.end);
            }
            prop_assert!(from <= unit.source.end);
            at = unit.source.end;
        }
        prop_assert_eq!(at, source.len());
    }
}
