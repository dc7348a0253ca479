//! Opening a history: checks, migrations, what a dead process left over, and setting a damaged file aside.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags, params};
use rusqlite_migration::M;

use crate::lease::{self, Lease};
use crate::{HistoryError, Reader, schema};

/// Where a history lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this file; it is made when it is missing, its folder is not.
    File(PathBuf),
    /// Nowhere: it is gone when it is dropped.
    Memory,
}

/// What may be done with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    ReadWrite,
    /// Reading; works on a read-only medium too. Every change fails with [`HistoryError::ReadOnly`].
    ReadOnly,
}

/// How to open a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Where it lies.
    pub place: Place,
    /// What may be done with it.
    pub access: Access,
    /// How long to wait for another process that is writing before giving up with [`HistoryError::Locked`].
    pub busy_timeout: Duration,
}

impl OpenOptions {
    /// The file at `path`, to read and write, with a wait of five seconds for other processes.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::File(path.into()),
            access: Access::ReadWrite,
            busy_timeout: Duration::from_secs(5),
        }
    }

    /// A history that is never written anywhere.
    pub fn memory() -> Self {
        Self { place: Place::Memory, access: Access::ReadWrite, busy_timeout: Duration::ZERO }
    }

    /// The same, for reading only.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { access: Access::ReadOnly, ..self }
    }
}

/// An open history: everything a [`Reader`] can do, and every change. One per process and file.
pub struct History {
    reader: Reader,
    options: OpenOptions,
    lease: Option<Lease>,
}

impl Deref for History {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl History {
    /// Opens a history, bringing an older one up to date (a copy is kept as `<file>.before-v<N>`) and marking the
    /// replies of dead processes as interrupted.
    ///
    /// # Errors
    /// [`HistoryError::NewerVersion`] and [`HistoryError::Corrupt`], both without having changed the file;
    /// [`HistoryError::ReadOnly`], [`HistoryError::CannotOpen`], [`HistoryError::DiskFull`], [`HistoryError::Locked`].
    pub fn open(options: OpenOptions) -> Result<Self, HistoryError> {
        Self::open_versions(options, schema::VERSIONS)
    }

    pub(crate) fn open_versions(
        options: OpenOptions,
        versions: &'static [M<'static>],
    ) -> Result<Self, HistoryError> {
        if let Place::File(path) = &options.place {
            schema::check_header(path, schema::known(versions))?;
        }
        if options.access == Access::ReadOnly {
            let conn = connect_read_only(&options)?;
            check_current(&conn, schema::known(versions))?;
            return Ok(Self { reader: Reader { conn }, options, lease: None });
        }
        let opened = connect(&options).and_then(|conn| {
            schema::check(&conn, schema::known(versions))?;
            Ok(conn)
        });
        let mut conn = opened.map_err(|error| why_not_read(&options, error))?;
        // Fails quietly where the file system has no shared memory; the journal is then SQLite's default one.
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        // What is purged must not stay readable in the file.
        conn.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0))?;
        schema::migrate(&mut conn, versions)?;
        let lease = end_abandoned_replies(&conn, &options)?;
        Ok(Self { reader: Reader { conn }, options, lease })
    }

    /// Sets a damaged file aside and opens a new, empty history in its place. Nothing is deleted: the file and its
    /// journals are renamed to the returned path, `<file>.corrupt-<n>` (journals with their usual endings).
    pub fn recover(path: &Path) -> Result<(Self, PathBuf), HistoryError> {
        let aside = set_aside(path)?;
        Ok((Self::open(OpenOptions::file(path))?, aside))
    }

    /// A second, read-only connection for another thread: it reads while this one writes. None for a history in
    /// memory, whose only connection is this one.
    pub fn reader(&self) -> Result<Option<Reader>, HistoryError> {
        match self.options.place {
            Place::Memory => Ok(None),
            Place::File(_) => Ok(Some(Reader { conn: connect_read_only(&self.options)? })),
        }
    }

    pub(crate) fn conn_mut(&mut self) -> &mut Connection {
        &mut self.reader.conn
    }

    pub(crate) fn lease_name(&self) -> Option<&str> {
        self.lease.as_ref().map(Lease::name)
    }
}

/// The most memory a connection keeps pages in; negative for KiB (<https://sqlite.org/pragma.html#pragma_cache_size>).
const CACHE_KIB: i32 = -16_000;

fn connect(options: &OpenOptions) -> Result<Connection, HistoryError> {
    let conn = match &options.place {
        Place::Memory => Connection::open_in_memory()?,
        Place::File(path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags).map_err(|error| why_not_opened(path, error))?
        }
    };
    conn.busy_timeout(options.busy_timeout)?;
    conn.pragma_update(None, "cache_size", CACHE_KIB)?;
    if conn.is_readonly(MAIN_DB)? { Err(HistoryError::ReadOnly) } else { Ok(conn) }
}

/// SQLite says "cannot open" for a folder in which it may not create the file.
fn why_not_opened(path: &Path, error: rusqlite::Error) -> HistoryError {
    match (HistoryError::from(error), path.parent().map(std::fs::metadata)) {
        (HistoryError::CannotOpen, Some(Ok(folder))) if folder.is_dir() && !path.is_dir() => {
            HistoryError::ReadOnly
        }
        (other, _) => other,
    }
}

/// A history with a write-ahead log needs files beside it, and SQLite says "cannot open" where it may not make them.
fn why_not_read(options: &OpenOptions, error: HistoryError) -> HistoryError {
    match (error, &options.place) {
        (HistoryError::CannotOpen, Place::File(path)) if path.is_file() => HistoryError::ReadOnly,
        (other, _) => other,
    }
}

fn connect_read_only(options: &OpenOptions) -> Result<Connection, HistoryError> {
    let Place::File(path) = &options.place else { return connect(options) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(options.busy_timeout)?;
    conn.pragma_update(None, "cache_size", CACHE_KIB)?;
    let probe = conn.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    match probe.map_err(HistoryError::from) {
        Ok(_) => Ok(conn),
        // A write-ahead log needs a file beside the database; on a read-only medium nobody can be changing it.
        Err(HistoryError::CannotOpen | HistoryError::ReadOnly) => {
            let conn = Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)?;
            Ok(conn)
        }
        Err(other) => Err(other),
    }
}

/// <https://sqlite.org/uri.html>: everything but the plainest characters is escaped.
fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write;
    let mut uri = String::from("file:");
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let text = path.to_string_lossy().replace('\\', "/");
    if !text.starts_with('/') {
        uri.push_str("///");
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => {
                uri.push(char::from(byte));
            }
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// A history that cannot be written cannot be brought up to date either.
fn check_current(conn: &Connection, known: u32) -> Result<(), HistoryError> {
    if schema::check(conn, known)? < known { Err(HistoryError::ReadOnly) } else { Ok(()) }
}

/// Ends, as interrupted, the replies whose writers are gone; takes a lease for this process's own.
fn end_abandoned_replies(conn: &Connection, options: &OpenOptions) -> Result<Option<Lease>, HistoryError> {
    let Place::File(path) = &options.place else { return Ok(None) };
    let at_work = lease::sweep(path);
    let writers: Vec<Option<String>> = conn
        .prepare("SELECT DISTINCT writer FROM message WHERE state = 'streaming'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for writer in writers {
        if writer.as_ref().is_some_and(|it| at_work.contains(it)) {
            continue;
        }
        let ended = conn.execute(
            "UPDATE message SET state = 'interrupted', writer = NULL WHERE state = 'streaming' AND writer IS ?1",
            params![writer],
        )?;
        tracing::info!(ended, "replies of a process that is gone were marked as interrupted");
    }
    Ok(Lease::take(path))
}

fn set_aside(path: &Path) -> Result<PathBuf, HistoryError> {
    let with_ending = |ending: &str| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        path.with_file_name(name)
    };
    let free = |n: &u32| !with_ending(&format!(".corrupt-{n}")).exists();
    let n = (1..10_000).find(free).ok_or(HistoryError::CannotOpen)?;
    let aside = with_ending(&format!(".corrupt-{n}"));
    std::fs::rename(path, &aside)?;
    for journal in ["-wal", "-shm", "-journal"] {
        match std::fs::rename(with_ending(journal), with_ending(&format!(".corrupt-{n}{journal}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(aside)
}
