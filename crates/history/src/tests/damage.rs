//! Full disks, read-only places, files that are no history.

use super::{Case, failure};
use crate::{History, HistoryError, MessageState, NewMessage, OpenOptions, ReplyEnd, TimestampMs};

#[test]
fn a_full_disk_is_said_and_what_was_saved_stays() {
    let mut case = Case::new();
    let (conversation, asked, answered) = case.exchange("t", "q", "a");
    let reply = case.h().begin_reply(asked.id, None, TimestampMs(1)).unwrap();
    case.h().append_reply(reply.id, "saved", "").unwrap();
    let pages: i64 = case.h().conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    case.h().conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let large = "more ".repeat(20_000);
    let error = failure(case.h().append_reply(reply.id, &large, ""));
    assert!(matches!(error, HistoryError::DiskFull), "{error:?}");
    assert!(error.to_string().contains("free some space"));
    let said =
        case.h().append_message(conversation.id, Some(answered.id), &NewMessage::user(large), TimestampMs(2));
    assert!(matches!(failure(said), HistoryError::DiskFull));
    assert_eq!(case.h().message(reply.id).unwrap().text, "saved");
    case.reopen();
    assert_eq!(case.h().message(reply.id).unwrap().state, MessageState::Interrupted);
    assert_eq!(case.h().messages(conversation.id).unwrap().len(), 3);
    let room =
        case.h().append_message(conversation.id, None, &NewMessage::user("room again"), TimestampMs(3));
    assert!(room.is_ok());
}

#[test]
fn a_file_that_is_no_database_is_set_aside_only_when_asked() {
    for content in ["this is not a database, but a text of some length".repeat(9), "short".to_owned()] {
        let mut case = Case::new();
        case.close();
        let path = case.file("history.db");
        std::fs::write(&path, &content).unwrap();
        assert!(matches!(failure(History::open(case.options())), HistoryError::Corrupt));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "opening changed it");
        let (mut fresh, aside) = History::recover(&path).unwrap();
        assert_eq!(aside, case.file("history.db.corrupt-1"));
        assert_eq!(std::fs::read_to_string(aside).unwrap(), content);
        fresh.create_conversation(None, TimestampMs(1)).unwrap();
        drop(fresh);
        let (_, second) = History::recover(&path).unwrap();
        assert_eq!(second, case.file("history.db.corrupt-2"));
    }
}

#[test]
fn a_database_of_another_program_is_refused() {
    let mut case = Case::new();
    case.close();
    let path = case.file("other.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(failure(History::open(OpenOptions::file(&path))), HistoryError::Corrupt));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_page_is_an_error_and_not_a_panic() {
    let mut case = Case::new();
    for n in 0..200 {
        case.exchange("title", &format!("question {n}"), "answer");
    }
    case.close();
    let path = case.file("history.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[4096..end].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let error = failure(History::open(case.options()).and_then(|it| it.list(None, 50)));
    assert!(matches!(error, HistoryError::Corrupt), "{error:?}");
}

#[test]
fn an_empty_file_becomes_a_history() {
    let mut case = Case::new();
    case.close();
    std::fs::write(case.file("empty.db"), "").unwrap();
    assert!(History::open(OpenOptions::file(case.file("empty.db"))).is_ok());
}

#[test]
fn a_missing_folder_is_said() {
    let case = Case::new();
    let missing = OpenOptions::file(case.file("no/such/folder/history.db"));
    assert!(matches!(failure(History::open(missing)), HistoryError::CannotOpen));
}

#[test]
fn read_only_access_reads_and_refuses_changes() {
    let mut case = Case::new();
    let (conversation, _, answered) = case.exchange("t", "question", "a");
    case.close();
    let mut history = History::open(case.options().read_only()).unwrap();
    assert_eq!(history.path(conversation.id).unwrap().len(), 2);
    assert_eq!(history.search("question", 5).unwrap().len(), 1);
    assert!(matches!(failure(history.rename(conversation.id, Some("x"))), HistoryError::ReadOnly));
    let said =
        history.append_message(conversation.id, Some(answered.id), &NewMessage::user("x"), TimestampMs(1));
    assert!(matches!(failure(said), HistoryError::ReadOnly));
    let end = history.finish_reply(answered.id, ReplyEnd::Complete, None, TimestampMs(1));
    assert!(matches!(failure(end), HistoryError::ReadOnly));
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_said_and_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let mut case = Case::new();
    let (conversation, ..) = case.exchange("t", "q", "a");
    case.close();
    let allow =
        |mode| std::fs::set_permissions(case.folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    std::fs::set_permissions(case.file("history.db"), std::fs::Permissions::from_mode(0o444)).unwrap();
    if std::fs::write(case.file("probe"), "").is_ok() {
        println!("skipped: permissions do not bind this user (root)");
        allow(0o755);
        return;
    }
    let existing = failure(History::open(case.options()));
    let new = failure(History::open(OpenOptions::file(case.file("new.db"))));
    let read = History::open(case.options().read_only()).and_then(|it| it.path(conversation.id));
    allow(0o755);
    assert!(matches!(existing, HistoryError::ReadOnly), "{existing:?}");
    assert!(matches!(new, HistoryError::ReadOnly), "{new:?}");
    assert_eq!(read.unwrap().len(), 2);
}

#[test]
fn text_that_is_too_large_is_refused() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let huge = NewMessage::user("x".repeat(65 << 20));
    let said = case.h().append_message(conversation.id, None, &huge, TimestampMs(1));
    assert!(matches!(failure(said), HistoryError::TooLarge { limit_mib: 64 }));
    let large = NewMessage::user("long words ".repeat(500_000));
    let kept = case.h().append_message(conversation.id, None, &large, TimestampMs(1)).unwrap();
    assert_eq!(kept.text.len(), 5_500_000);
}

#[test]
fn nothing_that_was_typed_is_in_an_error_or_a_debug_line() {
    let mut case = Case::new();
    let (conversation, asked, _) = case.exchange("t", "private words", "a");
    let strange = case.h().import(
        b"{\"format\": \"private words\", \"version\": {}}",
        &crate::ImportLimits::default(),
        TimestampMs(1),
    );
    let error = failure(strange);
    assert!(!format!("{error:?} {error}").contains("private"));
    assert!(!format!("{asked:?} {:?}", case.h().path(conversation.id).unwrap()).contains("private"));
}
