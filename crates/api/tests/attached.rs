#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test may panic, and makes up colours"
)]

//! Files that go with messages: what a window may send, what the model is shown, what stays.

mod house;

use std::io::Cursor;
use std::sync::atomic::Ordering;

use api::{
    Attach, AttachedFile, AttachedKind, AttachmentView, Commands, EditMessage, ErrorCode, Export,
    ExportFormat, Import, MessageState, OneAttachment, OneConversation, PartOfDocument, Send, UiEventBody,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{EngineError, Eyes, Gate, JobError, Line, Look};
use house::{House, say};

fn picture() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let slope = image::RgbImage::from_fn(300, 200, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 9]));
    slope.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

fn sent(conversation: Option<&str>, text: &str, files: &[&AttachmentView]) -> Send {
    let attachments =
        files.iter().map(|it| AttachedFile { content: it.content.clone(), name: it.name.clone() }).collect();
    Send { conversation: conversation.map(str::to_owned), text: text.into(), attachments }
}

#[tokio::test]
async fn the_model_is_shown_pictures_and_told_files() {
    let house = House::new([vec![say("A plot.")], vec![say("Rising.")]]);
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    assert_eq!(plot.kind, AttachedKind::Picture { width: 300, height: 200 });
    let code = house.attach("/tmp/main.rs", b"fn main() {}\r\n").await.unwrap();
    assert_eq!((code.name.as_str(), code.kind), ("main.rs", AttachedKind::Text));
    let id = house.app.send(sent(None, "Explain.", &[&code, &plot])).await.unwrap().conversation;
    house.next_end().await;
    house.send_to(&id, "And the trend?").await;
    house.next_end().await;
    let told = "The file “main.rs”:\n```\nfn main() {}\n```\n\nExplain.";
    assert_eq!(house.asked(), [vec![told], vec![told, "A plot.", "And the trend?"]]);
    assert_eq!(house.shown(), [vec![1], vec![1, 0, 0]]);
    let view = house.open(&id).await;
    assert_eq!(view.messages[0].attachments, [code, plot]);
    assert!(view.messages[1].attachments.is_empty());
}

#[tokio::test]
async fn a_picture_without_a_word_is_a_message() {
    let house = House::new([vec![say("A plot.")]]);
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    let id = house.app.send(sent(None, "", &[&plot])).await.unwrap().conversation;
    house.next_end().await;
    assert_eq!((house.asked(), house.shown()), (vec![vec![String::new()]], vec![vec![1]]));
    assert_eq!(house.open(&id).await.title, "plot.png");
}

#[tokio::test]
async fn files_outlive_a_restart_an_edit_and_a_journey() {
    let house = House::new([vec![say("A plot.")], vec![say("Still.")]]);
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    let id = house.app.send(sent(None, "What?", &[&plot])).await.unwrap().conversation;
    house.next_end().await;
    let message = house.open(&id).await.messages[0].id.clone();
    house
        .app
        .edit(EditMessage { conversation: id.clone(), message, text: "What now?".into() })
        .await
        .unwrap();
    house.next_end().await;
    assert_eq!(house.shown(), [vec![1], vec![1]]);
    let export = Export { conversation: id.clone(), format: ExportFormat::Json };
    let json = std::fs::read_to_string(house.app.export(export).await.unwrap().path).unwrap();
    let house = house.closed_and_opened_again().await;
    assert_eq!(house.open(&id).await.messages[0].attachments, std::slice::from_ref(&plot));
    let one = OneAttachment { content: plot.content.clone() };
    let small = house.app.thumbnail(one.clone()).await.unwrap();
    assert_eq!(small.media_type, "image/jpeg");

    let other = House::new([]);
    other.app.import(Import { json }).await.unwrap();
    let kept = other.app.attached_file(one.clone()).await.unwrap();
    assert_eq!(kept, house.app.attached_file(one).await.unwrap());
}

#[tokio::test]
async fn what_is_refused_is_a_sentence_and_nothing_is_kept() {
    let house = House::new([]);
    let error = house.attach("photo.png", b"\x7fELF\x01\x00").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadRequest);
    assert!(error.message.starts_with("The file is neither a picture nor text"), "{}", error.message);
    let unknown = AttachedFile { content: "ab".repeat(32), name: String::new() };
    let send = Send { conversation: None, text: "What?".into(), attachments: vec![unknown] };
    assert_eq!(house.app.send(send).await.unwrap_err().code, ErrorCode::NotFound);
    let bad = OneAttachment { content: "../../settings.toml".into() };
    assert_eq!(house.app.attached_file(bad).await.unwrap_err().code, ErrorCode::NotFound);
    let code = house.attach("a", b"one").await.unwrap();
    let many = vec![&code; api::MOST_ATTACHMENTS + 1];
    assert_eq!(house.app.send(sent(None, "", &many)).await.unwrap_err().code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn a_file_is_removed_unless_a_message_has_it() {
    let gate = Gate::default();
    let house = House::new([vec![Line::Wait(gate.clone()), say("1")], vec![say("2")]]);
    let one = house.attach("one", b"first").await.unwrap();
    let two = house.attach("two", b"second").await.unwrap();
    let three = house.attach("three", b"third").await.unwrap();
    let id = house.app.send(sent(None, "One", &[&one])).await.unwrap().conversation;
    let sent = house.app.send(sent(Some(&id), "Two", &[&two])).await.unwrap();
    assert!(sent.queued);
    assert_eq!(house.open(&id).await.queue[0].attachments, std::slice::from_ref(&two));
    for it in [&one, &two, &three] {
        house.app.detach(OneAttachment { content: it.content.clone() }).await.unwrap();
    }
    let there = async |it: &AttachmentView| {
        house.app.attached_file(OneAttachment { content: it.content.clone() }).await.is_ok()
    };
    assert!(there(&one).await && there(&two).await && !there(&three).await);
    gate.open();
    house.next_end().await;
    house.next_end().await;
    assert_eq!(house.open(&id).await.messages[2].attachments, [two]);
}

#[tokio::test]
async fn what_waited_comes_back_with_its_files() {
    let gate = Gate::default();
    let error = EngineError::Job(JobError::OutOfMemory { reason: "8 GB".into() });
    let house = House::new([vec![Line::Wait(gate.clone()), Line::Fail(error)]]);
    let code = house.attach("main.rs", b"fn main() {}").await.unwrap();
    let id = house.send("One").await;
    house.app.send(sent(Some(&id), "Two", &[&code])).await.unwrap();
    gate.open();
    let events = house.until(|body| matches!(body, UiEventBody::Draft { .. })).await;
    let Some(UiEventBody::Draft { text, attachments, .. }) = events.last().map(|it| it.body.clone()) else {
        panic!("{events:?}")
    };
    assert_eq!((text.as_str(), attachments), ("Two", vec![code]));
}

#[tokio::test]
async fn a_model_that_cannot_see_costs_the_question_and_is_told_so() {
    let blind = EngineError::Job(JobError::CannotSee { model: "Small".into() });
    let house = House::new([vec![Line::Fail(blind)]]);
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    house.app.send(sent(None, "What?", &[&plot])).await.unwrap();
    let MessageState::Failed { error } = house.next_end().await.state else { panic!("it failed") };
    assert_eq!(error.code, ErrorCode::CannotSee);
    assert!(error.message.starts_with("Small cannot see pictures. "), "{}", error.message);
}

#[tokio::test]
async fn a_file_that_was_removed_does_not_end_the_conversation() {
    let house = House::new([vec![say("1")], vec![say("2")]]);
    let code = house.attach("main.rs", b"fn main() {}").await.unwrap();
    let id = house.app.send(sent(None, "What?", &[&code])).await.unwrap().conversation;
    house.next_end().await;
    house.remove_attachments();
    house.send_to(&id, "And?").await;
    assert_eq!(house.next_end().await.text, "2");
    assert!(house.asked()[1][0].contains("no longer there"));
    let one = OneConversation { conversation: id };
    assert_eq!(house.app.open_conversation(one).await.unwrap().messages[0].attachments, [code]);
}

#[tokio::test]
async fn a_picture_is_looked_at_when_it_is_added() {
    let house = House::with_local(Eyes::Quick).await;
    house.attach("plot.png", &picture()).await.unwrap();
    assert!(matches!(house.first_look().await, Look::Done(_)));
    // What a model sees with lies beside its weights, and is loaded with them.
    let load = house.loads.lock().unwrap().last().cloned().unwrap();
    assert!(load.projector.is_some(), "{load:?}");
}

#[tokio::test]
async fn a_picture_that_is_taken_away_is_looked_at_no_longer() {
    let house = House::with_local(Eyes::UntilCancelled).await;
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    house.app.detach(OneAttachment { content: plot.content }).await.unwrap();
    assert!(matches!(house.first_look().await, Look::Cancelled(_)));
}

#[tokio::test]
async fn that_the_model_cannot_see_is_said_when_a_picture_is_added() {
    let house = House::with_local(Eyes::None).await;
    let attach = |name: &str, bytes: &[u8]| Attach {
        conversation: None,
        name: name.into(),
        data: STANDARD.encode(bytes),
    };
    let told = house.app.attach(attach("main.rs", b"fn main() {}")).await.unwrap();
    assert_eq!(told.caution, None);
    let told = house.app.attach(attach("plot.png", &picture())).await.unwrap();
    assert_eq!(told.attachments.len(), 1, "another model can be chosen");
    let caution = told.caution.unwrap();
    assert_eq!(caution.code, ErrorCode::CannotSee);
    assert!(caution.message.contains("cannot see pictures. "), "{}", caution.message);
}

#[tokio::test]
async fn a_document_is_its_text_or_its_pages() {
    let house = House::new([vec![say("1")]]);
    let paper = house.attach("paper.pdf", b"%PDF-text Tides rise twice a day.").await.unwrap();
    assert_eq!((paper.name.as_str(), paper.kind), ("paper.pdf", AttachedKind::Text));
    let scan =
        Attach { conversation: None, name: "scan.pdf".into(), data: STANDARD.encode(b"%PDF-1.7 scan") };
    let attached = house.app.attach(scan).await.unwrap();
    assert_eq!(attached.part, Some(PartOfDocument { read: 2, pages: 3 }));
    let pages = attached.attachments;
    let names: Vec<_> = pages.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(names, ["scan.pdf (1)", "scan.pdf (2)"]);
    let all: Vec<_> = std::iter::once(&paper).chain(&pages).collect();
    house.app.send(sent(None, "Compare.", &all)).await.unwrap();
    house.next_end().await;
    assert_eq!(house.shown(), [vec![2]]);
    assert_eq!(house.asked()[0][0], "The file “paper.pdf”:\n```\nTides rise twice a day.\n```\n\nCompare.");
}

#[tokio::test]
async fn a_picture_of_a_phone_is_read_by_the_system_and_kept_as_any_other() {
    let house = House::new([]);
    let photo = house.attach("IMG_1.heic", b"\0\0\0\x18ftypheic").await.unwrap();
    assert_eq!(
        (photo.media_type.as_str(), photo.kind),
        ("image/png", AttachedKind::Picture { width: 8, height: 6 })
    );
}

#[tokio::test]
async fn a_model_that_cannot_see_is_told_the_text_in_a_picture() {
    let house = House::with_local(Eyes::None).await;
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    house.app.send(sent(None, "What is it?", &[&plot])).await.unwrap();
    house.next_end().await;
    let told = "A picture was shown here. You cannot see it, but this is the text in it:\n```\ny = 2x\n```\n\nWhat is it?";
    assert_eq!((house.asked(), house.shown()), (vec![vec![told.to_owned()]], vec![vec![0]]));
}

fn unreadable() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::new(40, 1).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

#[tokio::test]
async fn a_picture_whose_text_cannot_be_read_is_said_and_costs_no_other_its_text() {
    let house = House::with_local(Eyes::None).await;
    let smudge = house.attach("smudge.png", &unreadable()).await.unwrap();
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    let id = house.app.send(sent(None, "What is it?", &[&smudge])).await.unwrap().conversation;
    let events = house.until(|body| matches!(body, UiEventBody::Notice { .. })).await;
    let Some(UiEventBody::Notice { notice }) = events.last().map(|it| &it.body) else { panic!("{events:?}") };
    assert_eq!(notice.error.message, "The text in the picture cannot be read: no.");
    house.next_end().await;
    // The reply was empty: the next question comes in one message with this one and its picture.
    house.app.send(sent(Some(&id), "And this?", &[&plot])).await.unwrap();
    house.next_end().await;
    let asked = house.asked();
    let unread = "(A picture was shown here. You cannot see pictures, and the text in it could not be read.)";
    assert_eq!(asked[0], [format!("{unread}\n\nWhat is it?")]);
    let told = asked[1].concat();
    assert!(told.starts_with(unread) && told.contains("```\ny = 2x\n```"), "{told}");
    assert!(house.shown().concat().iter().all(|&pictures| pictures == 0), "{:?}", house.shown());
}

#[tokio::test]
async fn a_question_after_one_that_failed_for_its_picture_is_answered() {
    let house = House::with_local(Eyes::None).await;
    house.reads.store(false, Ordering::SeqCst);
    let plot = house.attach("plot.png", &picture()).await.unwrap();
    let id = house.app.send(sent(None, "What is it?", &[&plot])).await.unwrap().conversation;
    house.next_end().await;
    assert_eq!(house.shown(), [vec![1]], "the engine says that it cannot see");
    house.send_to(&id, "Then tell me a joke.").await;
    house.next_end().await;
    assert_eq!(house.shown().last().unwrap().iter().sum::<usize>(), 0);
    assert!(house.asked().last().unwrap().last().unwrap().ends_with("Then tell me a joke."));
}
