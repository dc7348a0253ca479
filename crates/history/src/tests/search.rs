//! What is found, and that nothing a user types is an error.

use proptest::prelude::*;

use super::Case;
use crate::{ReplyEnd, TimestampMs};

/// The pieces that are marked in what is found.
fn marked(case: &mut Case, query: &str) -> Vec<Vec<String>> {
    let hits = case.h().search(query, 20).unwrap();
    let marks = |snippet: &crate::Snippet| {
        snippet.pieces().into_iter().filter(|(hit, _)| *hit).map(|(_, text)| text.to_owned()).collect()
    };
    hits.iter().map(|hit| marks(&hit.snippet)).collect()
}

fn finds(text: &str, query: &str, expected: &[&str]) {
    let mut case = Case::new();
    case.exchange("123", "123", text);
    case.exchange("123", "nothing of interest", "nor here");
    let marks = marked(&mut case, query);
    assert_eq!(
        marks,
        vec![expected.iter().map(ToString::to_string).collect::<Vec<_>>()],
        "{query:?} in {text:?}"
    );
}

fn misses(text: &str, query: &str) {
    let mut case = Case::new();
    case.exchange("123", "123", text);
    assert!(case.h().search(query, 20).unwrap().is_empty(), "{query:?} in {text:?}");
}

#[test]
fn words_and_pieces_of_words_are_found() {
    finds("The Weather is fine", "weather", &["Weather"]);
    finds("The weather is fine", "eathe", &["eathe"]);
    finds("The weather is fine", "fine weather", &["weather", "fine"]);
    finds("say weather, weather", "weather", &["weather", "weather"]);
    misses("The weather is fine", "weather bad");
}

#[test]
fn short_words_are_found_at_any_place() {
    finds("Go or no", "go", &["Go"]);
    finds("it ends with xq", "xq", &["xq"]);
    finds("x", "x", &["x"]);
    misses("it ends with xq", "qx");
}

#[test]
fn chinese_is_found_by_any_piece() {
    finds("今天天气怎么样", "天气", &["天气"]);
    finds("今天天气怎么样", "样", &["样"]);
    finds("今天天气怎么样", "么样", &["么样"]);
    finds("今天天气怎么样", "天气怎么", &["天气怎么"]);
    finds("模型 model 运行", "运行 model", &["model", "运行"]);
    misses("今天天气怎么样", "气天");
}

#[test]
fn accents_and_case_do_not_matter() {
    finds("El corazón mañana", "CORAZON", &["corazón"]);
    finds("El corazon", "corazón", &["corazon"]);
    finds("Él", "el", &["Él"]);
    finds("ПРИВЕТ мир", "привет", &["ПРИВЕТ"]);
}

#[test]
fn quotes_make_a_phrase() {
    finds("to be or not to be", "\"not to\"", &["not to"]);
    misses("not now, to be", "\"not to\"");
    finds("a lone quote", "\"lone", &["lone"]);
}

#[test]
fn operators_are_words() {
    finds("this AND that NEAR there", "AND near", &["AND", "NEAR"]);
    finds("C++ (and) a* text:x", "c++", &["C++"]);
    finds("C++ (and) a* text:x", "text:x", &["text:x"]);
    finds("100% _sure_", "0% _sur", &["0%", "_sur"]);
}

#[test]
fn titles_come_first_and_each_conversation_once() {
    let mut case = Case::new();
    let (by_title, ..) = case.exchange("Garden plans", "garden", "garden garden");
    let (by_text, _, answered) = case.exchange("Other", "garden", "the garden");
    let hits = case.h().search("garden", 20).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.conversation.id).collect::<Vec<_>>(), [by_title.id, by_text.id]);
    assert_eq!(hits.iter().map(|hit| hit.message).collect::<Vec<_>>(), [None, Some(answered.id)]);
    assert_eq!(case.h().search("garden", 1).unwrap().len(), 1);
}

#[test]
fn renaming_and_editing_keep_the_index_true() {
    let mut case = Case::new();
    let (conversation, asked, _) = case.exchange("First title", "original", "a");
    case.h().rename(conversation.id, Some("Second title")).unwrap();
    assert!(case.h().search("first", 5).unwrap().is_empty());
    assert_eq!(case.h().search("second", 5).unwrap().len(), 1);
    case.h().rename(conversation.id, None).unwrap();
    assert!(case.h().search("second", 5).unwrap().is_empty());
    case.h().edit(asked.id, "replacement", TimestampMs(1)).unwrap();
    assert_eq!(case.h().search("original", 5).unwrap()[0].message, Some(asked.id), "old branches are found");
    assert_eq!(case.h().search("replacement", 5).unwrap().len(), 1);
}

#[test]
fn a_reply_is_indexed_when_it_ends() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let asked = case.say(&conversation, None, "?");
    let reply = case.h().begin_reply(asked.id, None, TimestampMs(1)).unwrap();
    let rows = |case: &mut Case| -> i64 {
        case.h().conn.query_row("SELECT count(*) FROM message_fts_docsize", [], |row| row.get(0)).unwrap()
    };
    for _ in 0..5 {
        case.h().append_reply(reply.id, "growing ", "").unwrap();
    }
    assert_eq!(rows(&mut case), 1, "only the question is indexed");
    assert!(case.h().search("growing", 5).unwrap().is_empty());
    case.h().finish_reply(reply.id, ReplyEnd::Complete, None, TimestampMs(2)).unwrap();
    assert_eq!((rows(&mut case), case.h().search("growing", 5).unwrap().len()), (2, 1));
    case.h().delete(conversation.id, TimestampMs(3)).unwrap();
    case.h().purge_deleted(TimestampMs(4)).unwrap();
    assert_eq!(rows(&mut case), 0);
    case.h()
        .conn
        .execute("INSERT INTO message_fts (message_fts, rank) VALUES ('integrity-check', 1)", [])
        .unwrap();
}

#[test]
fn snippets_show_the_place() {
    let mut case = Case::new();
    let text = format!("{}\n\n# the   needle {}", "hay ".repeat(200), "straw ".repeat(200));
    case.exchange("t", &text, "a");
    let snippet = case.h().search("needle", 5).unwrap().remove(0).snippet;
    assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'), "{}", snippet.text);
    assert!(snippet.text.contains("# the needle straw"), "{}", snippet.text);
    assert!(snippet.text.chars().count() <= 182);
    assert_eq!(snippet.matches.iter().map(|it| &snippet.text[it.clone()]).collect::<Vec<_>>(), ["needle"]);
}

#[test]
fn nothing_is_found_for_nothing() {
    for query in ["", "   ", "\"", "\"\"", "\0", "\n\t"] {
        misses("some text with \" quotes", query);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_query_is_an_error(queries in prop::collection::vec(any::<String>(), 1..12)) {
        let mut case = Case::new();
        case.exchange("t", "the text \u{10FFFF} of a message", "\u{10FFFF}\u{10FFFF}");
        for query in queries.iter().map(String::as_str).chain(["\u{10FFFF}", "\"a\" OR (", "a NOT", "x:y*^-+{}[]\\'\"", "é̄"]) {
            for hit in case.h().search(query, 5).unwrap() {
                hit.snippet.pieces();
            }
        }
    }

    /// Any piece of a text finds it.
    #[test]
    fn every_piece_is_found(text in "[a-z天气模型]{1,30}", from in any::<prop::sample::Index>(), length in 1usize..8) {
        let chars: Vec<char> = text.chars().collect();
        let start = from.index(chars.len());
        let piece: String = chars[start..chars.len().min(start + length)].iter().collect();
        let mut case = Case::new();
        let conversation = case.conversation();
        case.say(&conversation, None, &text);
        let found = marked(&mut case, &piece);
        prop_assert_eq!(found.len(), 1);
        prop_assert!(found[0].iter().any(|it| it.contains(&piece)));
    }
}
