//! The application with scripted parts: what a window sees when people talk to it.

mod house;

use api::{
    Commands, EditMessage, ErrorCode, MessageState, Nothing, OneConversation, OneMessage, UiEventBody,
};
use engine::{EngineError, Gate, Line};
use house::{House, say};

#[tokio::test]
async fn a_message_is_answered_and_kept() {
    let house = House::new([vec![say("It is"), say(" four.")]]);
    let id = house.send("What is 2 + 2?").await;
    let reply = house.next_end().await;
    assert_eq!((reply.text.as_str(), &reply.state), ("It is four.", &MessageState::Complete));
    let view = house.open(&id).await;
    assert_eq!(house::texts(&view), ["What is 2 + 2?", "It is four."]);
    assert_eq!(view.title, "What is 2 + 2?");
    assert!(reply.details.is_some());
}

#[tokio::test]
async fn what_streams_is_what_is_kept() {
    let house = House::new([vec![say("one "), say("two "), say("three")]]);
    let id = house.send("Count").await;
    let events = house.until_end().await;
    let told: String = events
        .iter()
        .filter_map(|event| match &event.body {
            UiEventBody::Delta { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, "one two three");
    assert_eq!(house::texts(&house.open(&id).await)[1], told);
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[tokio::test]
async fn the_model_sees_the_whole_branch_and_nothing_else() {
    let house = House::new([vec![say("A1")], vec![say("A2")], vec![say("A3")]]);
    let id = house.send("Q1").await;
    house.next_end().await;
    house.send_to(&id, "Q2").await;
    house.next_end().await;
    let first = house.open(&id).await.messages[0].id.clone();
    let edit = EditMessage { conversation: id.clone(), message: first, text: "Q1 anew".into() };
    house.app.edit(edit).await.unwrap();
    house.next_end().await;
    assert_eq!(house.asked(), [vec!["Q1"], vec!["Q1", "A1", "Q2"], vec!["Q1 anew"]]);
    let view = house.open(&id).await;
    assert_eq!(house::texts(&view), ["Q1 anew", "A3"]);
    assert_eq!(view.messages[0].versions.len(), 2);
}

#[tokio::test]
async fn regenerating_keeps_the_old_reply_as_a_version() {
    let house = House::new([vec![say("first")], vec![say("second")]]);
    let id = house.send("Q").await;
    let old = house.next_end().await;
    house.app.regenerate(OneMessage { conversation: id.clone(), message: old.id.clone() }).await.unwrap();
    house.next_end().await;
    let view = house.open(&id).await;
    assert_eq!(house::texts(&view), ["Q", "second"]);
    assert_eq!(view.messages[1].versions.len(), 2);
    house.app.switch_branch(OneMessage { conversation: id.clone(), message: old.id }).await.unwrap();
    assert_eq!(house::texts(&house.open(&id).await), ["Q", "first"]);
}

#[tokio::test]
async fn typing_while_a_reply_streams_queues() {
    let house = House::new([vec![say("on"), Line::UntilCancelled], vec![say("done")]]);
    let id = house.send("First").await;
    house.until(|body| matches!(body, UiEventBody::Delta { .. })).await;
    assert!(house.send_to(&id, "Second").await.queued);
    assert_eq!(house.open(&id).await.queue[0].text, "Second");
    house.app.stop(OneConversation { conversation: id.clone() }).await.unwrap();
    assert_eq!(house.next_end().await.state, MessageState::Stopped);
    assert_eq!(house.next_end().await.text, "done");
    assert_eq!(house::texts(&house.open(&id).await), ["First", "on", "Second", "done"]);
}

#[tokio::test]
async fn a_dead_engine_leaves_the_partial_reply_marked_and_the_next_message_works() {
    let gone = EngineError::Gone { reason: "killed by signal 9".into() };
    let house = House::new([vec![say("It was a dark"), Line::Fail(gone)], vec![say("Back.")]]);
    let id = house.send("Tell a story").await;
    let cut = house.next_end().await;
    assert_eq!((cut.text.as_str(), cut.state), ("It was a dark", MessageState::Interrupted));
    house.send_to(&id, "Go on").await;
    assert_eq!(house.next_end().await.text, "Back.");
}

#[tokio::test]
async fn a_failed_reply_says_why_and_what_waits_becomes_a_draft() {
    let failure = EngineError::Unreachable { reason: "127.0.0.1:9 cannot be reached.".into() };
    let gate = Gate::default();
    let house = House::new([vec![say("It"), Line::Wait(gate.clone()), Line::Fail(failure)]]);
    let id = house.send("Hello").await;
    house.until(|body| matches!(body, UiEventBody::Delta { .. })).await;
    assert!(house.send_to(&id, "And then?").await.queued);
    gate.open();
    let failed = house.next_end().await;
    match failed.state {
        MessageState::Failed { error } => {
            assert_eq!(error.code, ErrorCode::Server);
            assert_eq!(error.message, "127.0.0.1:9 cannot be reached.");
        }
        other => panic!("{other:?}"),
    }
    house.until(|body| matches!(body, UiEventBody::Draft { text, .. } if text == "And then?")).await;
    let view = house.open(&id).await;
    assert_eq!(house::texts(&view), ["Hello", "It"]);
    assert_eq!((view.draft.as_str(), view.queue.len()), ("And then?", 0));
}

#[tokio::test]
async fn without_a_model_the_question_is_kept_and_the_answer_says_what_to_do() {
    let house = House::without_model();
    let id = house.send("Anyone?").await;
    let view = house.open(&id).await;
    match &view.messages[1].state {
        MessageState::Failed { error } => assert_eq!(error.code, ErrorCode::NoModel),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_window_that_opens_in_mid_reply_sees_all_that_was_said() {
    let house = House::new([vec![say("half"), Line::UntilCancelled]]);
    let id = house.send("Q").await;
    house.until(|body| matches!(body, UiEventBody::Delta { .. })).await;
    let view = house.open(&id).await;
    assert_eq!(view.messages[1].text, "half");
    assert_eq!(view.messages[1].state, MessageState::Streaming);
    let snapshot = house.app.snapshot(Nothing {}).await.unwrap();
    assert!(snapshot.conversations.items[0].replying);
    assert!(snapshot.seq >= view.seq);
}

#[tokio::test]
async fn a_closed_application_leaves_an_interrupted_reply() {
    let house = House::new([vec![say("half"), Line::UntilCancelled]]);
    let id = house.send("Q").await;
    house.until(|body| matches!(body, UiEventBody::Delta { .. })).await;
    let house = house.closed_and_opened_again().await;
    let view = house.open(&id).await;
    assert_eq!(
        (view.messages[1].text.as_str(), &view.messages[1].state),
        ("half", &MessageState::Interrupted)
    );
}

#[tokio::test]
async fn deleting_can_be_undone_and_search_finds() {
    let house = House::new([vec![say("The capital is Paris.")]]);
    let id = house.send("France?").await;
    house.next_end().await;
    let found = house.search("pari").await;
    assert_eq!(found.len(), 1);
    let (start, end) = found[0].matches[0];
    assert_eq!(&found[0].snippet[start as usize..end as usize], "Pari");
    house.app.delete(OneConversation { conversation: id.clone() }).await.unwrap();
    assert!(house.search("pari").await.is_empty());
    house.app.undelete(OneConversation { conversation: id }).await.unwrap();
    assert_eq!(house.search("pari").await.len(), 1);
}
