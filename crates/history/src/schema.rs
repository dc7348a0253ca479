//! The schema and its versions.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::HistoryError;

/// "Hark", as in `schema/v1.sql`.
const APPLICATION_ID: i32 = 0x4861_726B;

/// One entry a version, in order; an entry that was ever released is never changed.
pub(crate) const VERSIONS: &[M<'_>] =
    &[M::up(include_str!("schema/v1.sql")), M::up(include_str!("schema/v2.sql"))];

/// Refuses what this version must not touch, reading only the file's header (<https://sqlite.org/fileformat.html>).
///
/// The header of a database whose last migration still lies in the write-ahead log is older than the database: that
/// case is met by [`check`] after opening.
pub(crate) fn check_header(path: &Path, known: u32) -> Result<(), HistoryError> {
    use std::io::Read;
    let mut header = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if header.is_empty() {
        return Ok(());
    }
    let version = header.get(60..64).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    match version {
        Some(found) if header.starts_with(b"SQLite format 3\0") => newer(found, known),
        _ => Err(HistoryError::Corrupt),
    }
}

fn newer(found: u32, known: u32) -> Result<(), HistoryError> {
    if found > known { Err(HistoryError::NewerVersion { found, known }) } else { Ok(()) }
}

/// The version of an opened database (0 when it is empty), if it is a history this Hark knows.
pub(crate) fn check(conn: &Connection, known: u32) -> Result<u32, HistoryError> {
    let found: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || found > 0) {
        return Err(HistoryError::Corrupt);
    }
    newer(found, known).map(|()| found)
}

/// How many versions `versions` makes.
pub(crate) fn known(versions: &[M<'_>]) -> u32 {
    u32::try_from(versions.len()).unwrap_or(u32::MAX)
}

/// Brings an opened database to the newest version, each step in a transaction, after copying it aside.
pub(crate) fn migrate(conn: &mut Connection, versions: &'static [M<'static>]) -> Result<(), HistoryError> {
    let (found, newest) = (check(conn, known(versions))?, known(versions));
    if found == newest {
        return Ok(());
    }
    if found > 0 {
        back_up(conn, newest)?;
    }
    match Migrations::from_slice(versions).to_latest(conn) {
        // Another process that opened the same file at the same time may have been faster.
        Err(_) if check(conn, newest)? == newest => Ok(()),
        done => Ok(done?),
    }
}

/// Copies the database to `<file>.before-v<newest>`; an older copy of that name is replaced only when the new one is
/// whole.
fn back_up(conn: &Connection, newest: u32) -> Result<(), HistoryError> {
    let Some(path) = conn.path().filter(|path| !path.is_empty()).map(PathBuf::from) else { return Ok(()) };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-v{newest}"));
    let copy = path.with_file_name(name);
    let folder = path.parent().ok_or(HistoryError::CannotOpen)?;
    let part = tempfile::Builder::new().prefix(".history-copy-").tempdir_in(folder)?;
    let partial = part.path().join("copy");
    // Through SQLite, so that what still lies in the write-ahead log is in the copy.
    conn.execute("VACUUM INTO ?1", [partial.to_str().ok_or(HistoryError::CannotOpen)?])?;
    Ok(std::fs::rename(partial, copy)?)
}
