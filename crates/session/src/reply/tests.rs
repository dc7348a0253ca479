use std::sync::Arc;

use engine::{Line, ScriptedModel, Thinking};
use proptest::prelude::*;

use super::*;

fn request() -> GenerateRequest {
    GenerateRequest {
        messages: Vec::new(),
        sampling: engine::Sampling::default(),
        max_tokens: None,
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: engine::CacheUse::Reuse,
        weigh: engine::Weigh::Nothing,
    }
}

fn say(text: &str) -> Line {
    Line::Say(text.into())
}

async fn play(script: Vec<Line>) -> Vec<ReplyEvent> {
    let (out, mut inbox) = mpsc::channel(1024);
    reply(&ScriptedModel::new([script]), request(), CancellationToken::new(), out).await;
    let mut events = Vec::new();
    while let Some(event) = inbox.recv().await {
        events.push(event);
    }
    events
}

fn end(events: &[ReplyEvent]) -> &ReplyEnd {
    match events.last() {
        Some(ReplyEvent::Ended(outcome)) => &outcome.end,
        other => panic!("the last event is {other:?}"),
    }
}

fn said(events: &[ReplyEvent]) -> (String, String) {
    let mut all = (String::new(), String::new());
    for event in events {
        if let ReplyEvent::Said { answer, thinking } = event {
            all.0.push_str(answer);
            all.1.push_str(thinking);
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn the_first_piece_comes_at_once_and_the_rest_gathered() {
    let events = play(vec![say("One"), say(" two"), say(" three")]).await;
    let pieces: Vec<_> = events.iter().filter(|event| matches!(event, ReplyEvent::Said { .. })).collect();
    assert_eq!(pieces.len(), 2, "{events:?}");
    assert_eq!(said(&events).0, "One two three");
    assert_eq!(end(&events), &ReplyEnd::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_dead_engine_leaves_what_was_said() {
    let gone = EngineError::Gone { reason: "killed by signal 9".into() };
    let events = play(vec![Line::Think("Hm".into()), say("It is"), Line::Fail(gone.clone())]).await;
    assert_eq!(said(&events), ("It is".into(), "Hm".into()));
    assert_eq!(end(&events), &ReplyEnd::Interrupted(gone));
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_a_reply_that_would_go_on_for_ever() {
    let model = Arc::new(ScriptedModel::new([vec![say("On"), Line::UntilCancelled]]));
    let cancel = CancellationToken::new();
    let (out, mut inbox) = mpsc::channel(8);
    let running = tokio::spawn({
        let (model, cancel) = (model.clone(), cancel.clone());
        async move { reply(model.as_ref(), request(), cancel, out).await }
    });
    assert!(matches!(inbox.recv().await, Some(ReplyEvent::Said { .. })));
    cancel.cancel();
    let last = inbox.recv().await;
    assert!(
        matches!(&last, Some(ReplyEvent::Ended(outcome)) if outcome.end == ReplyEnd::Stopped),
        "{last:?}"
    );
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_leaves_cancels_the_job() {
    let (out, inbox) = mpsc::channel(1);
    drop(inbox);
    // Without the cancellation this would never return.
    reply(
        &ScriptedModel::new([vec![say("On"), say(" and"), say(" on")]]),
        request(),
        CancellationToken::new(),
        out,
    )
    .await;
}

proptest! {
    #[test]
    fn every_reply_ends_once_and_tells_all(words in prop::collection::vec("[a-zé]{1,6}", 0..40), fails: bool) {
        let mut script: Vec<Line> = words.iter().map(|word| say(word)).collect();
        if fails {
            script.push(Line::Fail(EngineError::Gone { reason: "gone".into() }));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let events = runtime.block_on(play(script));
        prop_assert_eq!(said(&events).0, words.concat());
        prop_assert_eq!(events.iter().filter(|event| matches!(event, ReplyEvent::Ended(_))).count(), 1);
        prop_assert!(matches!(end(&events), ReplyEnd::Interrupted(_)) == fails);
    }
}
