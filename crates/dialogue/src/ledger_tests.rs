use proptest::prelude::*;

use super::*;
use crate::heard::heard_text;
use crate::speakable::SpokenLanguage;
use crate::spoken::Splitter;

fn units(source: &str) -> Vec<SpokenUnit> {
    let mut splitter = Splitter::new(SpokenLanguage::English);
    let mut units = splitter.push(source);
    units.extend(splitter.finish());
    units
}

fn indices(ledger: &Ledger) -> std::ops::Range<usize> {
    0..ledger.units().len()
}

/// A ledger whose words begin at these samples, unit by unit, and the length of each unit.
fn ledger(source: &str, times: &[(&[u64], u64)]) -> Ledger {
    let mut ledger = Ledger::new();
    for unit in units(source) {
        let index = unit.index;
        let says: Vec<_> = unit.words.iter().map(|word| word.say.clone()).collect();
        ledger.queue(unit);
        let Some((marks, length)) = times.get(index) else { continue };
        for (say, at) in says.into_iter().zip(*marks) {
            ledger.mark(index, say, *at);
        }
        ledger.sound(index, *length);
        ledger.ended(index);
    }
    ledger.finish();
    ledger
}

#[track_caller]
fn check(ledger: &Ledger, source: &str, cases: &[(u64, &str)]) {
    for (played, expect) in cases {
        let end = ledger.heard(*played).source_end;
        assert_eq!(heard_text(source, end), *expect, "after {played}");
    }
}

#[test]
fn a_word_is_heard_when_half_of_it_was() {
    let source = "It is four. So there.";
    let ledger = ledger(source, &[(&[0, 100, 200], 400), (&[50, 100], 200)]);
    check(
        &ledger,
        source,
        &[
            (0, ""),
            (49, ""),
            (50, "It"),
            (149, "It"),
            (150, "It is"),
            (299, "It is"),
            (300, "It is four."),
            (474, "It is four."),
            (475, "It is four. So"),
            (600, "It is four. So there."),
        ],
    );
    assert_eq!(ledger.heard(549).extent, Extent::Part);
    assert_eq!(ledger.heard(600), Heard { source_end: source.len(), extent: Extent::Whole });
    assert_eq!(ledger.heard(9999).extent, Extent::Whole);
}

#[test]
fn words_without_times_last_as_long_as_their_letters() {
    let source = "ab abcd.";
    let ledger = ledger(source, &[(&[], 800)]);
    check(&ledger, source, &[(149, ""), (150, "ab"), (549, "ab"), (550, "ab abcd.")]);
}

#[test]
fn a_unit_whose_length_is_unknown_tells_only_what_is_certain() {
    let source = "one two three.";
    let mut ledger = Ledger::new();
    ledger.queue(units(source).remove(0));
    ledger.sound(0, 1000);
    check(&ledger, source, &[(900, "")]);
    ledger.mark(0, 0..3, 0);
    ledger.mark(0, 4..7, 400);
    check(&ledger, source, &[(199, ""), (200, "one"), (900, "one")]);
    ledger.ended(0);
    check(&ledger, source, &[(199, ""), (200, "one"), (1000, source)]);
}

#[test]
fn a_figure_is_one_word() {
    let source = "Pay $3.50 now.";
    let mut ledger = Ledger::new();
    let unit = units(source).remove(0);
    assert_eq!(unit.say, "Pay three dollars and fifty cents now.");
    ledger.queue(unit);
    for (say, at) in
        [(0..3, 0), (4..9, 100), (10..17, 200), (18..21, 300), (22..27, 400), (28..33, 500), (34..37, 600)]
    {
        ledger.mark(0, say, at);
    }
    ledger.sound(0, 700);
    ledger.ended(0);
    check(&ledger, source, &[(349, "Pay"), (350, "Pay $3.50")]);
    assert_eq!(ledger.resume(330), Resume { unit: 0, in_unit: 300, in_reply: 300 });
    assert_eq!(ledger.word_at(330), Some(4..9));
}

#[test]
fn marks_are_closed_in_what_was_heard() {
    let source = "It is **really quite** nice.";
    let ledger = ledger(source, &[(&[0, 100, 200, 300, 400], 500)]);
    check(&ledger, source, &[(260, "It is **really**"), (360, "It is **really quite**")]);
}

#[test]
fn an_announced_code_block_was_heard_with_its_body() {
    let source = "Look here:\n```rust\nfn a() {}\n```\nNice one.";
    let ledger = ledger(source, &[(&[0, 100], 200), (&[0], 400), (&[], 0), (&[0, 100], 200)]);
    check(
        &ledger,
        source,
        &[
            (200, "Look here:"),
            (399, "Look here:"),
            (401, "Look here:\n```rust\nfn a() {}\n```"),
            (599, "Look here:\n```rust\nfn a() {}\n```"),
            (650, "Look here:\n```rust\nfn a() {}\n```\nNice"),
        ],
    );
}

#[test]
fn a_held_reply_goes_on_at_the_beginning_of_its_word() {
    let ledger = ledger("It is four. So there.", &[(&[0, 100, 200], 400), (&[50, 100], 200)]);
    let at = |played| {
        let place = ledger.resume(played);
        (place.unit, place.in_unit, place.in_reply)
    };
    assert_eq!(at(0), (0, 0, 0));
    assert_eq!(at(199), (0, 100, 100));
    assert_eq!(at(399), (0, 200, 200));
    assert_eq!(at(400), (1, 0, 400));
    assert_eq!(at(520), (1, 100, 500));
    assert_eq!(at(700), (1, 100, 500));
    assert_eq!(Ledger::new().resume(5), Resume { unit: 0, in_unit: 0, in_reply: 0 });
}

#[test]
fn nothing_queued_is_nothing_heard() {
    let mut ledger = Ledger::new();
    assert_eq!(ledger.heard(100), Heard::default());
    ledger.finish();
    assert_eq!(ledger.heard(0).extent, Extent::Whole);
}

#[test]
fn marks_that_contradict_are_ignored() {
    let source = "one two three.";
    let mut ledger = Ledger::new();
    ledger.queue(units(source).remove(0));
    ledger.mark(0, 4..7, 400);
    ledger.mark(0, 0..3, 500);
    ledger.mark(0, 8..13, 300);
    ledger.mark(7, 8..13, 300);
    ledger.mark(0, 800..801, 500);
    ledger.sound(0, 800);
    ledger.ended(0);
    assert_eq!(ledger.heard(800).source_end, source.len());
    assert_eq!(ledger.resume(700).in_unit, 400);
}

prop_compose! {
    /// A reply and what became of it: for each unit a length and some marks, in any order.
    fn playback()(
        source in "([a-z]{1,6}[ ]|[a-z]{1,4}[.,!?] |\\*\\*|\\$5 |3%|\n- |好。){0,24}",
        lengths in prop::collection::vec(0u64..2000, 24),
        marks in prop::collection::vec((0usize..8, 0usize..60, 0u64..2000), 0..20),
        ended in prop::collection::vec(any::<bool>(), 24),
        all_ended in any::<bool>(),
    ) -> (String, Ledger) {
        let mut ledger = Ledger::new();
        for unit in units(&source) {
            ledger.queue(unit);
        }
        for (unit, say, at) in marks {
            ledger.mark(unit, say..say + 1, at);
        }
        for unit in indices(&ledger) {
            ledger.sound(unit, lengths[unit % lengths.len()]);
            if all_ended || ended[unit % ended.len()] {
                ledger.ended(unit);
            }
        }
        ledger.finish();
        (source, ledger)
    }
}

proptest! {
    #[test]
    fn heard_never_exceeds_what_was_generated_and_never_shrinks((source, ledger) in playback()) {
        let mut before = Heard::default();
        for played in (0..30_000).step_by(97) {
            let heard = ledger.heard(played);
            prop_assert!(heard.source_end <= source.len());
            prop_assert!(heard.source_end >= before.source_end && heard.extent >= before.extent);
            prop_assert!(source.is_char_boundary(heard.source_end));
            let resume = ledger.resume(played);
            prop_assert!(resume.in_reply <= played);
            before = heard;
        }
    }

    #[test]
    fn all_sound_is_all_text((source, mut ledger) in playback()) {
        for unit in indices(&ledger) {
            ledger.ended(unit);
        }
        let heard = ledger.heard(ledger.samples());
        prop_assert_eq!(heard, Heard { source_end: source.len(), extent: Extent::Whole });
        prop_assert_eq!(heard_text(&source, heard.source_end), source);
    }

    /// What becomes known later never takes back what counted as heard.
    #[test]
    fn later_knowledge_takes_nothing_back((_, mut ledger) in playback(), played in 0u64..8000) {
        let before = ledger.heard(played.min(ledger.samples())).source_end;
        for unit in indices(&ledger) {
            ledger.ended(unit);
        }
        prop_assert!(ledger.heard(played.min(ledger.samples())).source_end >= before);
    }
}
