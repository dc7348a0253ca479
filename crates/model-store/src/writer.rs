//! Hashing and writing beside the network, on a thread that may block.
//!
//! Always holds: at most [`QUEUE`] chunks wait (then the network side waits too); the lock of the file is held until
//! the last byte is written, even if the download's future is dropped.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::disk::{Disk, Prefix};
use crate::error::DiskError;
use crate::lock::FileLock;

/// Chunks of up to some 64 KiB each.
const QUEUE: usize = 64;

/// The writing end of one part file.
pub(crate) struct Writer {
    chunks: mpsc::Sender<Bytes>,
    thread: JoinHandle<io::Result<Prefix>>,
    part: PathBuf,
}

/// The writer has stopped; [`Writer::finish`] says why.
pub(crate) struct Stopped;

impl Writer {
    /// Goes on after `prefix`, which is what `part` holds.
    pub(crate) fn start(disk: Arc<dyn Disk>, part: PathBuf, prefix: Prefix, lock: Arc<FileLock>) -> Self {
        let (chunks, mut queue) = mpsc::channel::<Bytes>(QUEUE);
        let path = part.clone();
        let thread = tokio::task::spawn_blocking(move || {
            let _lock = lock;
            let mut prefix = prefix;
            let mut file = disk.open_part(&path, prefix.length)?;
            while let Some(chunk) = queue.blocking_recv() {
                file.append(&chunk)?;
                prefix.add(&chunk);
            }
            file.sync()?;
            Ok(prefix)
        });
        Self { chunks, thread, part }
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<(), Stopped> {
        self.chunks.send(chunk).await.map_err(|_| Stopped)
    }

    /// Waits until everything is on the disk.
    pub(crate) async fn finish(self) -> Result<Prefix, DiskError> {
        drop(self.chunks);
        match self.thread.await {
            Ok(Ok(prefix)) => Ok(prefix),
            Ok(Err(error)) => Err(DiskError::at(&self.part, error)),
            Err(error) => Err(DiskError::at(&self.part, io::Error::other(error))),
        }
    }
}
