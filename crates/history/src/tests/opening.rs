//! Versions, migrations, several connections.

use rusqlite::Connection;
use rusqlite_migration::M;

use super::{Case, failure};
use crate::{History, HistoryError, NewMessage, OpenOptions, TimestampMs, schema};

/// What a later version might be.
const BROKEN: &[M<'_>] = &[
    M::up(include_str!("../schema/v1.sql")),
    M::up(include_str!("../schema/v2.sql")),
    M::up("CREATE TABLE later (x ANY) STRICT; DROP TABLE missing"),
];

#[test]
fn the_migrations_apply_to_an_empty_file() {
    rusqlite_migration::Migrations::from_slice(schema::VERSIONS).validate().unwrap();
}

#[test]
fn a_newer_file_is_left_untouched() {
    let mut case = Case::new();
    case.exchange("t", "q", "a");
    case.close();
    let path = case.file("history.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = failure(History::open(case.options()));
    assert!(matches!(error, HistoryError::NewerVersion { found: 99, known: 2 }));
    assert!(error.to_string().contains("update Hark"));
    assert!(matches!(failure(History::open(case.options().read_only())), HistoryError::NewerVersion { .. }));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(case.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_newer_version_in_the_write_ahead_log_is_seen() {
    let mut case = Case::new();
    // The connection stays open, so that the change stays in the log.
    let other = Connection::open(case.file("history.db")).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(failure(History::open(case.options())), HistoryError::NewerVersion { found: 99, .. }));
    case.close();
}

#[test]
fn a_migration_keeps_a_copy_of_what_was() {
    let next: &'static [M<'static>] = Box::leak(
        [schema::VERSIONS, &[M::up("CREATE TABLE later (x ANY) STRICT")]].concat().into_boxed_slice(),
    );
    let mut case = Case::new();
    let (conversation, ..) = case.exchange("t", "q", "a");
    case.close();
    let migrated = History::open_versions(case.options(), next).unwrap();
    assert_eq!(migrated.path(conversation.id).unwrap().len(), 2);
    drop(migrated);
    let copy = History::open(OpenOptions::file(case.file("history.db.before-v3"))).unwrap();
    assert_eq!(copy.path(conversation.id).unwrap().len(), 2);
    assert!(matches!(
        failure(History::open(case.options())),
        HistoryError::NewerVersion { found: 3, known: 2 }
    ));
}

#[test]
fn a_failed_migration_leaves_the_old_version() {
    let mut case = Case::new();
    let (conversation, ..) = case.exchange("t", "q", "a");
    case.close();
    assert!(matches!(failure(History::open_versions(case.options(), BROKEN)), HistoryError::Sqlite { .. }));
    case.reopen();
    assert_eq!(case.h().path(conversation.id).unwrap().len(), 2);
}

#[test]
fn two_histories_share_a_file() {
    let mut case = Case::new();
    let mut other = History::open(case.options()).unwrap();
    let (conversation, _, answered) = case.exchange("t", "q", "a");
    other
        .append_message(conversation.id, Some(answered.id), &NewMessage::user("more"), TimestampMs(5))
        .unwrap();
    assert_eq!(case.shown(&conversation), ["q", "a", "more"]);
}

#[test]
fn readers_read_while_a_write_is_open() {
    let mut case = Case::new();
    case.exchange("t", "question", "a");
    let reader = case.h().reader().unwrap().unwrap();
    let writing = case.h().begin().unwrap();
    writing.execute("UPDATE conversation SET title = 'unfinished'", []).unwrap();
    assert_eq!(reader.list(None, 5).unwrap().conversations[0].title.as_deref(), Some("t"));
    assert_eq!(reader.search("question", 5).unwrap().len(), 1);
}

#[test]
fn a_writer_that_waits_too_long_says_who_is_in_the_way() {
    let mut case = Case::new();
    let options = OpenOptions { busy_timeout: std::time::Duration::ZERO, ..case.options() };
    let mut other = History::open(options).unwrap();
    let _writing = case.h().begin().unwrap();
    let error = failure(other.create_conversation(None, TimestampMs(1)));
    assert!(matches!(error, HistoryError::Locked), "{error:?}");
    assert!(other.list(None, 5).is_ok());
}

#[test]
fn histories_and_readers_can_move_to_other_threads() {
    fn moves<T: Send>() {}
    moves::<History>();
    moves::<crate::Reader>();
}

#[test]
fn lists_and_searches_use_their_indexes() {
    let mut case = Case::new();
    case.exchange("t", "q", "a");
    let conn = &case.h().conn;
    let plan = |sql: &str| {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let unbound = statement.parameter_count();
        for n in 1..=unbound {
            statement.raw_bind_parameter(n, 1).unwrap();
        }
        let mut rows = statement.raw_query();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            lines.push(row.get::<_, String>(3).unwrap());
        }
        lines.join("\n")
    };
    let list = plan(&crate::reader::list_sql());
    assert!(list.contains("SEARCH c USING INDEX conversation_by_recency"), "{list}");
    assert!(!list.contains("TEMP B-TREE"), "{list}");
    for sql in [crate::search::MESSAGES_SQL, crate::search::TITLES_SQL] {
        let search = plan(sql);
        assert!(search.contains("SCAN f VIRTUAL TABLE INDEX") && !search.contains("TEMP B-TREE"), "{search}");
    }
    let vocabulary = plan("SELECT term FROM message_terms WHERE term >= ?1 AND term < ?2 LIMIT ?3");
    assert!(vocabulary.contains("VIRTUAL TABLE INDEX"), "{vocabulary}");
}
