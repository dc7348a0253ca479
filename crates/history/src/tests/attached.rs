//! What messages have attached.

use super::Case;
use crate::{
    Attachment, AttachmentKind, ExportFile, History, ImportLimits, MarkdownWords, Message, NewMessage,
    OpenOptions, TimestampMs,
};

fn picture(content: &str) -> Attachment {
    Attachment {
        content: content.into(),
        name: "plot.png".into(),
        media_type: "image/png".into(),
        bytes: 4321,
        kind: AttachmentKind::Picture { width: 640, height: 480 },
    }
}

fn text(content: &str) -> Attachment {
    Attachment {
        content: content.into(),
        name: "main.rs".into(),
        media_type: "text/plain".into(),
        bytes: 12,
        kind: AttachmentKind::Text,
    }
}

/// A question with a text and a picture, in this order.
fn asked(case: &mut Case) -> Message {
    let conversation = case.conversation();
    let question = NewMessage::user("What is this?").with(vec![text("t"), picture("p")]);
    let asked = case.h().append_message(conversation.id, None, &question, TimestampMs(5)).unwrap();
    case.reply(asked.id, "A plot.");
    asked
}

#[test]
fn files_stay_with_their_message_in_their_order() {
    let mut case = Case::new();
    let asked = asked(&mut case);
    assert_eq!(asked.attachments, [text("t"), picture("p")]);
    case.reopen();
    let path = case.h().path(asked.conversation).unwrap();
    assert_eq!(path[0].message, asked);
    assert!(path[1].message.attachments.is_empty());
    assert_eq!(case.h().messages(asked.conversation).unwrap()[0], asked);
}

#[test]
fn an_edited_question_keeps_its_files() {
    let mut case = Case::new();
    let asked = asked(&mut case);
    let edited = case.h().edit(asked.id, "And this?", TimestampMs(9)).unwrap();
    assert_eq!(edited.attachments, asked.attachments);
    case.h().switch_branch(asked.id, TimestampMs(10)).unwrap();
    assert_eq!(case.h().path(asked.conversation).unwrap()[0].message.attachments, asked.attachments);
}

#[test]
fn files_are_wanted_until_their_conversation_is_gone_for_good() {
    let mut case = Case::new();
    let asked = asked(&mut case);
    case.h().delete(asked.conversation, TimestampMs(20)).unwrap();
    assert_eq!(case.h().attached().unwrap().into_iter().collect::<Vec<_>>(), ["p", "t"]);
    assert!(case.h().is_attached("p").unwrap());
    case.h().purge_deleted(TimestampMs(21)).unwrap();
    assert!(case.h().attached().unwrap().is_empty());
    assert!(!case.h().is_attached("p").unwrap());
}

#[test]
fn an_export_tells_and_brings_them() {
    let mut case = Case::new();
    let asked = asked(&mut case);
    let exported = case.h().export(&[asked.conversation]).unwrap();
    assert_eq!(exported.attached().into_iter().collect::<Vec<_>>(), ["p", "t"]);
    let mut elsewhere = History::open(OpenOptions::memory()).unwrap();
    let json = exported.to_json();
    elsewhere.import(json.as_bytes(), &ImportLimits::default(), TimestampMs(1)).unwrap();
    assert!(elsewhere.export_all().unwrap() == exported);
    assert!(!json.contains("\"files\""), "no files were put in");
    let with_files = ExportFile { files: [("p".to_owned(), "AAAA".to_owned())].into(), ..exported };
    assert!(with_files.to_json().contains("\"files\""));
    let words = MarkdownWords::default();
    assert!(case.h().export_markdown(asked.conversation, &words).unwrap().contains("*plot.png*"));
}
