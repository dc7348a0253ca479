//! One download of a file at a time, in this process and in others.
//!
//! A lock file per target, locked by the operating system: a second attempt, from another task or another process,
//! waits. The lock dies with its holder. Lock files are left lying: removing one while another process waits for it
//! would let two in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::config::Patience;
use crate::disk::make_folder;
use crate::error::{DiskError, DownloadError};
use crate::progress::{Meter, Stage};

/// The right to write one file. Dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct FileLock {
    _held: File,
}

/// Waits for the lock called `name` in `folder`.
pub(crate) async fn acquire(
    folder: &Path,
    name: &str,
    patience: &Patience,
    cancel: &CancellationToken,
    meter: &mut Meter,
) -> Result<FileLock, DownloadError> {
    make_folder(folder)?;
    let path = folder.join(format!("{name}.lock"));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| DiskError::at(&path, error))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(FileLock { _held: file }),
            Err(TryLockError::WouldBlock) => meter.stage(Stage::Waiting),
            // Some network file systems have no locks. Two downloads at once are unlikely there, and the checksum
            // still keeps a mixed-up file from being used.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(FileLock { _held: file });
            }
            Err(TryLockError::Error(error)) => return Err(DiskError::at(&path, error).into()),
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(DownloadError::Cancelled),
            () = tokio::time::sleep(patience.poll) => {}
        }
    }
}
