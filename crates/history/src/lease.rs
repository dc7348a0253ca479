//! Which process is writing a reply: a locked file beside the database, gone (or unlocked) when the process is.
//!
//! A lock outlives no process, however it ends, and unlike a process number it is never given to another one. So a
//! reply that is still streaming can be told from one whose process died, with any number of processes at work.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Held while a history is open for writing.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    path: PathBuf,
    _locked: File,
}

impl Lease {
    /// Takes a fresh lease. None where the file system has no locks: replies then count as abandoned at any open.
    pub(crate) fn take(database: &Path) -> Option<Self> {
        // A sweep by another process may catch a lease between its creation and its lock: then take another.
        (0..4).find_map(|_| {
            let name = Uuid::now_v7().simple().to_string();
            let path = lease_path(database, &name);
            let file = File::create_new(&path).ok()?;
            file.try_lock().ok()?;
            path.exists().then_some(Self { name, path, _locked: file })
        })
    }

    /// What rows written under this lease carry.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Nothing depends on it: a lease that stays is swept by the next open.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the leases of processes that are gone, and returns the names of those that are at work.
pub(crate) fn sweep(database: &Path) -> Vec<String> {
    let prefix = file_name(database, "");
    let Some(folder) = database.parent() else { return Vec::new() };
    let Ok(entries) = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    else {
        return Vec::new();
    };
    let mut at_work = Vec::new();
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().and_then(|it| it.strip_prefix(prefix.to_str()?)) else {
            continue;
        };
        let Ok(file) = File::open(entry.path()) else { continue };
        match file.try_lock() {
            Ok(()) => drop(fs::remove_file(entry.path())),
            Err(TryLockError::WouldBlock) => at_work.push(name.to_owned()),
            Err(TryLockError::Error(_)) => {}
        }
    }
    at_work
}

fn lease_path(database: &Path, name: &str) -> PathBuf {
    database.with_file_name(file_name(database, name))
}

fn file_name(database: &Path, name: &str) -> OsString {
    let mut file_name = database.file_name().unwrap_or_default().to_owned();
    file_name.push(".writer-");
    file_name.push(name);
    file_name
}
