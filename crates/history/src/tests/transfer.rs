//! Export and import.

use super::{Case, failure};
use crate::{
    ConversationId, ExportFile, History, HistoryError, ImportLimits, MarkdownWords, MessageState,
    OpenOptions, ReplyEnd, TimestampMs,
};

/// A conversation with branches and every state.
fn branched(case: &mut Case) -> ConversationId {
    let (conversation, asked, answered) = case.exchange("Trees", "first", "answer");
    case.h().regenerate(answered.id, Some("other"), TimestampMs(9)).unwrap();
    let edited = case.h().edit(asked.id, "edited", TimestampMs(10)).unwrap();
    let failed = case.h().begin_reply(edited.id, None, TimestampMs(11)).unwrap();
    let end = ReplyEnd::Failed { reason: "No memory.".to_owned() };
    case.h().finish_reply(failed.id, end, Some(&crate::Usage::default()), TimestampMs(12)).unwrap();
    case.h().save_draft(Some(conversation.id), "draft").unwrap();
    case.h().set_pinned(conversation.id, true).unwrap();
    conversation.id
}

fn import(history: &mut History, json: &str) -> Result<Vec<ConversationId>, HistoryError> {
    history.import(json.as_bytes(), &ImportLimits::default(), TimestampMs(77))
}

#[test]
fn an_export_comes_back_the_same_elsewhere() {
    let mut case = Case::new();
    let id = branched(&mut case);
    let exported = case.h().export(&[id]).unwrap();
    let mut elsewhere = History::open(OpenOptions::memory()).unwrap();
    assert_eq!(import(&mut elsewhere, &exported.to_json()).unwrap(), [id]);
    let mut back = elsewhere.export_all().unwrap();
    let streaming =
        exported.conversations[0].messages.iter().position(|it| it.state == MessageState::Streaming);
    let message = &mut back.conversations[0].messages[streaming.unwrap()];
    assert_eq!(message.state, MessageState::Interrupted, "nothing streams in a file");
    message.state = MessageState::Streaming;
    assert!(back == exported);
    assert_eq!(elsewhere.search("edited", 5).unwrap().len(), 1);
}

#[test]
fn a_second_import_is_a_copy_with_ids_of_its_own() {
    let mut case = Case::new();
    let id = branched(&mut case);
    let json = case.h().export(&[id]).unwrap().to_json();
    let copy = import(case.h(), &json).unwrap()[0];
    assert_ne!(copy, id);
    let texts = |case: &mut Case, id| {
        case.h().path(id).unwrap().into_iter().map(|it| (it.message.text, it.position)).collect::<Vec<_>>()
    };
    assert_eq!(texts(&mut case, copy), texts(&mut case, id));
    assert_eq!(case.h().messages(copy).unwrap().len(), case.h().messages(id).unwrap().len());
}

#[test]
fn children_may_come_before_their_parents() {
    let mut case = Case::new();
    let id = branched(&mut case);
    let mut file = case.h().export(&[id]).unwrap();
    file.conversations[0].messages.reverse();
    let mut elsewhere = History::open(OpenOptions::memory()).unwrap();
    import(&mut elsewhere, &file.to_json()).unwrap();
    assert_eq!(elsewhere.path(id).unwrap().len(), 2);
}

/// What is said of an export changed by `change`, with nothing of it taken.
fn refused(change: impl FnOnce(&mut ExportFile)) -> String {
    let mut case = Case::new();
    let id = branched(&mut case);
    let (other, ..) = case.exchange("Other", "q", "a");
    let mut file = case.h().export(&[other.id, id]).unwrap();
    change(&mut file);
    let mut elsewhere = History::open(OpenOptions::memory()).unwrap();
    let limits = ImportLimits { text_bytes: 1 << 20, messages: 50, file_bytes: 10 << 20 };
    let error = failure(elsewhere.import(file.to_json().as_bytes(), &limits, TimestampMs(1)));
    assert!(matches!(error, HistoryError::InvalidImport { .. }), "{error:?}");
    assert!(elsewhere.list(None, 9).unwrap().conversations.is_empty());
    error.to_string()
}

#[test]
fn bad_trees_are_refused_with_the_place() {
    let cycle = refused(|file| {
        let last = file.conversations[1].messages.last().unwrap().id;
        let edited = file.conversations[1].messages.iter_mut().find(|it| it.text == "edited").unwrap();
        edited.parent = Some(last);
    });
    assert!(cycle.contains("in conversation 2, message 4 is its own ancestor."), "{cycle}");
    let own =
        refused(|file| file.conversations[0].messages[0].parent = Some(file.conversations[0].messages[0].id));
    assert!(own.contains("in conversation 1, message 1 is its own ancestor."), "{own}");
    let orphan = refused(|file| drop(file.conversations[1].messages.remove(0)));
    assert!(orphan.contains("is missing"), "{orphan}");
    let foreign =
        refused(|file| file.conversations[1].messages[0].parent = Some(file.conversations[0].messages[0].id));
    assert!(foreign.contains("is missing"), "{foreign}");
    let head = refused(|file| file.conversations[0].head = file.conversations[1].head);
    assert!(head.contains("the head is none of its messages"), "{head}");
    let twice = refused(|file| file.conversations[1].messages[1].id = file.conversations[1].messages[0].id);
    assert!(twice.contains("message 2 has the id of an earlier message"), "{twice}");
    let same = refused(|file| file.conversations[1].id = file.conversations[0].id);
    assert!(same.contains("the id is that of an earlier conversation"), "{same}");
}

#[test]
fn bad_files_are_refused_with_a_sentence() {
    assert!(refused(|file| file.version = 9).contains("newer version of Hark"));
    assert!(refused(|file| file.format = "x".to_owned()).contains("not an export"));
    assert!(
        refused(|file| file.conversations[0].messages[0].text = "x".repeat(2 << 20))
            .contains("larger than 1 MiB")
    );
    let many = refused(|file| {
        let message = file.conversations[0].messages[0].clone();
        file.conversations[0].messages.extend(std::iter::repeat_n(message, 60));
    });
    assert!(many.contains("50 are allowed"), "{many}");
    let mut case = Case::new();
    for (json, part) in [
        ("", "not valid JSON (line 1, column 0)"),
        ("{", "not valid JSON"),
        ("[1]", "not what an export holds"),
        (
            "{\"format\": \"hark.conversations\", \"version\": 1, \"conversations\": [{\"id\": 3}]}",
            "(line 1, column",
        ),
    ] {
        let said = failure(import(case.h(), json)).to_string();
        assert!(said.contains(part), "{json}: {said}");
    }
    let small = ImportLimits { file_bytes: 1 << 20, ..ImportLimits::default() };
    let large = failure(case.h().import(&vec![b' '; 2 << 20], &small, TimestampMs(1))).to_string();
    assert!(large.contains("larger than 1 MiB"), "{large}");
}

#[test]
fn what_may_be_left_out_of_a_file_is_left_out() {
    let json = r#"{"format": "hark.conversations", "version": 1, "conversations": [
        {"id": "019a0000-0000-7000-8000-000000000001", "created": 1, "updated": 2, "messages": [
            {"id": "019a0000-0000-7000-8000-000000000002", "role": "user", "text": "hi", "state": "complete", "created": 1}
        ]}]}"#;
    let mut case = Case::new();
    let id = import(case.h(), json).unwrap()[0];
    assert_eq!(case.h().path(id).unwrap()[0].message.text, "hi");
}

#[test]
fn markdown_says_who_speaks_and_how_replies_ended() {
    let mut case = Case::new();
    let (conversation, _, answered) =
        case.exchange("A  title\nwith lines", "Why?", "Because:\n\n```rust\nfn main() {");
    let more = case.say(&conversation, Some(answered.id), "And?");
    let failed = case.h().begin_reply(more.id, None, TimestampMs(1)).unwrap();
    case.h().append_reply(failed.id, "Well", "").unwrap();
    let end = ReplyEnd::Failed { reason: "The model stopped.".to_owned() };
    case.h().finish_reply(failed.id, end, None, TimestampMs(2)).unwrap();
    let stopped = case.h().begin_reply(failed.id, None, TimestampMs(3)).unwrap();
    case.h().finish_reply(stopped.id, ReplyEnd::Stopped, None, TimestampMs(4)).unwrap();
    let document = case.h().export_markdown(conversation.id, &MarkdownWords::default()).unwrap();
    let expected = "# A title with lines\n\n## You\n\nWhy?\n\n## Assistant (model)\n\nBecause:\n\n```rust\nfn main() {\n```\n\n\
                    ## You\n\nAnd?\n\n## Assistant\n\nWell\n\n> *This reply failed: The model stopped.*\n\n\
                    ## Assistant\n\n> *This reply was stopped.*\n";
    assert_eq!(document, expected);
}
