//! The KV cache of a real model: what is reused, and that it never changes a reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{CacheUse, FinishReason, GenerateEvent, GenerateRequest, JobError, LoadProgress, Weigh};
use worker_llm::{Engine, IsCancelled, Listener};

use crate::common::*;

const STORY: &str = "u:Tell me about rivers.";

#[test]
fn a_follow_up_shares_the_whole_past() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let first = tell(&mut engine, &ask(&["s:You are kind.", STORY]));
    assert_eq!(first.prompt.reused_tokens, 0);
    let reply = format!("a:{}", first.text);
    let lines = ["s:You are kind.", STORY, &reply, "u:And about lakes?"];
    let second = tell(&mut engine, &ask(&lines));
    // All of the first prompt and its reply; the last token of a reply cut short is not in memory.
    assert_eq!(second.prompt.reused_tokens, first.prompt.prompt_tokens + first.made - 1);
    // And the reply is the one that a fresh memory gives.
    assert_eq!(tell(&mut load(&model), &ask(&lines)).text, second.text);
}

#[test]
fn an_edited_reply_shares_the_prompt_before_it() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let first = tell(&mut engine, &ask(&[STORY]));
    let lines = [STORY, "a:They are wet.", "u:Why?"];
    let second = tell(&mut engine, &ask(&lines));
    assert!(second.prompt.reused_tokens >= first.prompt.prompt_tokens);
    assert_eq!(tell(&mut load(&model), &ask(&lines)).text, second.text);
}

#[test]
fn making_a_reply_again_reads_one_token() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let first = tell(&mut engine, &ask(&[STORY]));
    let again = tell(&mut engine, &ask(&[STORY]));
    assert_eq!(again.prompt.reused_tokens, first.prompt.prompt_tokens - 1);
    assert_eq!(again.text, first.text);
}

#[test]
fn words_are_weighed_while_they_are_read_and_the_reply_is_the_same() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let weighed = |engine: &mut Engine, words: &str| {
        let request = GenerateRequest { weigh: Weigh::TurnEnd, ..ask(&[STORY, words]) };
        let told = tell(engine, &request);
        // Other cells of the memory make other sums, which turn a choice that hangs in the balance sooner or later.
        let begins = |text: &str| text.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
        let alone = tell(&mut load(&model), &ask(&[STORY, words]));
        assert_eq!(begins(&alone.text), begins(&told.text));
        // Again, from memory.
        let again = tell(engine, &request);
        assert_eq!(
            again.turn_end.map(|end| (end * 1e3).round()),
            told.turn_end.map(|end| (end * 1e3).round())
        );
        told.turn_end.unwrap()
    };
    let whole = weighed(&mut engine, "u:It was the age of wisdom.");
    let beginning = weighed(&mut engine, "u:It was the age of.");
    assert!(whole > 0.05 && beginning < whole / 10.0, "{whole} {beginning}");
    assert!(tell(&mut engine, &ask(&["u:Go on."])).turn_end.is_none());
}

#[test]
fn what_was_read_along_is_found_again() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let reading = |words: &str| GenerateRequest {
        weigh: Weigh::TurnEnd,
        max_tokens: Some(0),
        ..ask(&[STORY, "a:They are wet.", words])
    };
    let first = tell(&mut engine, &reading("u:It was the"));
    assert_eq!((first.text.as_str(), first.made), ("", 0));
    let second = tell(&mut engine, &reading("u:It was the age of"));
    assert_eq!(second.prompt.reused_tokens, first.prompt.prompt_tokens);
    let whole = [STORY, "a:They are wet.", "u:It was the age of wisdom."];
    let reply = tell(&mut engine, &GenerateRequest { weigh: Weigh::TurnEnd, ..ask(&whole) });
    assert_eq!(reply.prompt.reused_tokens, second.prompt.prompt_tokens);
    assert_eq!(reply.text, tell(&mut load(&model), &ask(&whole)).text);
}

#[test]
fn an_aside_leaves_the_conversation_in_memory() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let first = tell(&mut engine, &ask(&["s:You are kind.", STORY]));
    let reply = format!("a:{}", first.text);
    let title = GenerateRequest {
        cache: CacheUse::Aside,
        max_tokens: Some(12),
        ..ask(&["s:You are kind.", STORY, &reply, "u:A title for this?"])
    };
    let aside = tell(&mut engine, &title);
    assert!(aside.prompt.reused_tokens >= first.prompt.prompt_tokens, "an aside shares the past too");
    let lines = ["s:You are kind.", STORY, &reply, "u:And about lakes?"];
    let second = tell(&mut engine, &ask(&lines));
    assert_eq!(second.prompt.reused_tokens, first.prompt.prompt_tokens + first.made - 1);
    assert_eq!(tell(&mut load(&model), &ask(&lines)).text, second.text);
    // The aside itself is the same as without company.
    let alone = GenerateRequest { cache: CacheUse::Reuse, ..title };
    assert_eq!(tell(&mut load(&model), &alone).text, aside.text);
}

#[test]
fn an_aside_without_room_takes_it_from_the_conversation() {
    let model = model_or_skip!();
    let mut engine = load_with_context(&model, 512);
    let long = format!("u:{}", long_text(330));
    let main = GenerateRequest { max_tokens: Some(8), ..ask(&[&long]) };
    tell(&mut engine, &main);
    let other = format!("u:{} Why?", long_text(300).replace("river", "ocean"));
    let aside = GenerateRequest { cache: CacheUse::Aside, max_tokens: Some(64), ..ask(&[&other]) };
    let told = tell(&mut engine, &aside);
    assert!(told.made > 0);
    // Nothing is wrong afterwards.
    let again = tell(&mut engine, &main);
    assert_eq!(again.text, tell(&mut load_with_context(&model, 512), &main).text);
}

#[test]
fn a_cancelled_reading_goes_on_where_it_was() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let long = format!("u:{}", long_text(600));
    let ear = Ear::cancelling(|event| matches!(event, GenerateEvent::Prefill { .. }));
    let told = told(&mut engine, &ask(&[&long]), ear).unwrap();
    assert_eq!((told.reason, told.made), (FinishReason::Cancelled, 0));
    let again = tell(&mut engine, &ask(&[&long]));
    assert!(again.prompt.reused_tokens > 0 && again.prompt.reused_tokens < again.prompt.prompt_tokens);
    assert_eq!(again.text, tell(&mut load(&model), &ask(&[&long])).text);
}

/// Cancels when it has been asked forty times: the engine asks once before a step, all the rest is within it.
struct Late(Arc<AtomicUsize>);

impl Listener for Late {
    fn event(&mut self, _: GenerateEvent) {}

    fn loading(&mut self, _: LoadProgress) {}

    fn is_cancelled(&self) -> IsCancelled {
        let asked = Arc::clone(&self.0);
        Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) >= 40)
    }
}

#[test]
fn a_step_that_is_broken_off_leaves_the_memory_right() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let long = format!("u:{}", long_text(600));
    let asked = Arc::default();
    let generated = engine.generate(&ask(&[&long]), &mut Late(Arc::clone(&asked))).unwrap();
    assert_eq!(generated.reason, FinishReason::Cancelled);
    assert!(asked.load(Ordering::Relaxed) > 40, "nobody asked within the step");
    let again = tell(&mut engine, &ask(&[&long]));
    assert_eq!(again.prompt.reused_tokens, 0, "the first step was given up");
    assert_eq!(again.text, tell(&mut load(&model), &ask(&[&long])).text);
}

#[test]
fn a_cancelled_reply_can_be_taken_up() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let mut heard = 0;
    let ear = Ear::cancelling(move |event| {
        heard += usize::from(matches!(event, GenerateEvent::Delta(_)));
        heard == 5
    });
    let request = GenerateRequest { max_tokens: None, ..ask(&[STORY]) };
    let half = told(&mut engine, &request, ear).unwrap();
    assert_eq!(half.reason, FinishReason::Cancelled);
    assert!(half.made >= 5 && !half.text.is_empty());
    let reply = format!("a:{}", half.text);
    let lines = [STORY, &reply, "u:Go on."];
    let next = tell(&mut engine, &ask(&lines));
    assert!(next.prompt.reused_tokens >= half.prompt.prompt_tokens + half.made - 1);
    assert_eq!(tell(&mut load(&model), &ask(&lines)).text, next.text);
}

#[test]
fn a_job_that_was_cancelled_before_it_began_says_so() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let ear = Ear::default();
    ear.cancel.store(true, Ordering::Relaxed);
    let told = told(&mut engine, &ask(&[STORY]), ear).unwrap();
    assert_eq!((told.reason, told.made), (FinishReason::Cancelled, 0));
}

#[test]
fn old_turns_leave_when_the_context_is_full_and_the_next_turns_share_the_rest() {
    let model = model_or_skip!();
    let mut engine = load_with_context(&model, 512);
    let mut lines = vec!["s:You are kind.".to_owned()];
    let mut reports = Vec::new();
    for turn in 0..9 {
        lines.push(format!("u:{turn} {}", long_text(50)));
        let request = GenerateRequest {
            max_tokens: Some(8),
            ..ask(&lines.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let told = tell(&mut engine, &request);
        assert!(told.prompt.prompt_tokens <= 512 - 8);
        lines.push(format!("a:{}", told.text));
        reports.push(told.prompt);
    }
    let cuts: Vec<u32> = reports.iter().map(|report| report.dropped_messages).collect();
    assert_eq!(cuts[0], 0);
    assert!(*cuts.last().unwrap() > 0, "nothing left: {cuts:?}");
    assert!(cuts.is_sorted() && cuts.iter().all(|cut| cut % 2 == 0), "whole turns, in order: {cuts:?}");
    // Between two cuts everything is shared: only the new turn is read.
    let mut shared = 0;
    for pair in reports.windows(2) {
        if pair[0].dropped_messages == pair[1].dropped_messages {
            assert!(pair[1].reused_tokens >= pair[0].prompt_tokens, "{pair:?}");
            shared += u32::from(pair[1].dropped_messages > 0);
        }
    }
    assert!(shared > 0, "every turn after the first cut was cut again: {cuts:?}");
}

#[test]
fn a_message_that_cannot_fit_is_refused_with_numbers() {
    let model = model_or_skip!();
    let mut engine = load_with_context(&model, 512);
    let long = format!("u:{}", long_text(2000));
    let error = told(&mut engine, &ask(&["u:Hi", "a:Hello", &long]), Ear::default()).unwrap_err();
    assert!(matches!(error, JobError::PromptTooLong { needed, limit: 488 } if needed > 1500), "{error:?}");
    // Five megabytes of a single word, which no tokenizer likes.
    let huge = format!("u:{}", "a".repeat(5 << 20));
    let error = told(&mut engine, &ask(&[&huge]), Ear::default()).unwrap_err();
    assert!(matches!(error, JobError::PromptTooLong { needed, .. } if needed > 10_000), "{error:?}");
    assert!(tell(&mut engine, &ask(&["u:Hi"])).made > 0);
}

#[test]
fn a_reply_ends_where_the_context_does() {
    let model = model_or_skip!();
    let mut engine = load_with_context(&model, 512);
    // A form without an end, so that the model cannot stop by itself.
    let request = GenerateRequest {
        constraint: Some(engine::Constraint::Grammar("root ::= \"a\" root".into())),
        max_tokens: None,
        ..ask(&[&format!("u:{}", long_text(250))])
    };
    let told = tell(&mut engine, &request);
    assert_eq!(told.reason, FinishReason::ContextFull);
    assert_eq!(told.prompt.prompt_tokens + told.made, 512);
    assert!(tell(&mut engine, &ask(&["u:Hi"])).made > 0);
}
