//! Writing to the store: the part file, the checksum, and the moment a file gets its name.
//!
//! Always holds: a file appears under its final name only whole, checked, and on the disk (fsync before the rename);
//! everything before that is called `….part`.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::DiskError;

/// A file being written.
pub trait PartFile: Send {
    /// Writes all of `bytes` at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Brings everything to the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl PartFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The disk under the store. A trait so that tests can have one that is full.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Bytes free for this user in `folder`, which exists.
    fn free(&self, folder: &Path) -> io::Result<u64>;
    /// Opens `part` for writing after its first `keep` bytes; the rest is cut off.
    fn open_part(&self, part: &Path, keep: u64) -> io::Result<Box<dyn PartFile>>;
}

/// The real disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn free(&self, folder: &Path) -> io::Result<u64> {
        fs4::available_space(folder)
    }

    fn open_part(&self, part: &Path, keep: u64) -> io::Result<Box<dyn PartFile>> {
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(part)?;
        file.set_len(keep)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(file))
    }
}

/// The first bytes of a file: how many, and their checksum so far.
#[derive(Clone, Default)]
pub(crate) struct Prefix {
    pub(crate) length: u64,
    hash: Sha256,
}

impl Prefix {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// The SHA-256 of all bytes, lower-case hex.
    pub(crate) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// Reads what is there of `part`; nothing if there is no such file. Stops early once `stop` says so.
    pub(crate) fn of_file(part: &Path, stop: impl Fn() -> bool) -> io::Result<Self> {
        let mut prefix = Self::default();
        let mut file = match File::open(part) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(prefix),
            Err(error) => return Err(error),
        };
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 || stop() {
                return Ok(prefix);
            }
            prefix.add(&buffer[..count]);
        }
    }
}

/// The name of `path` while it is being written.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

/// `path` with `suffix` after its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes `folder` with everything above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // A file in the way, or nothing to make a folder in: either way this place cannot be written to.
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => {
            DiskError::NotWritable(folder.to_path_buf())
        }
        _ => DiskError::at(folder, error),
    })
}

/// Gives a complete, synced part file its final name, and makes the name durable.
pub(crate) fn publish(part: &Path, path: &Path) -> Result<(), DiskError> {
    fs::rename(part, path).map_err(|error| DiskError::at(path, error))?;
    sync_folder_of(path);
    Ok(())
}

/// Writes a small file whole: under another name first, then renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let draft = with_suffix(path, ".new");
    let write = || -> io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| {
        remove_if_there(&draft);
        DiskError::at(path, error)
    })?;
    sync_folder_of(path);
    Ok(())
}

/// Removes a file that may not be there; a failure is logged and otherwise harmless.
pub(crate) fn remove_if_there(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file of the model store could not be removed");
    }
}

/// A folder cannot be opened for syncing on Windows, where renames are durable without it.
fn sync_folder_of(path: &Path) {
    #[cfg(unix)]
    if let Some(Err(error)) = path.parent().map(|folder| File::open(folder).and_then(|f| f.sync_all())) {
        tracing::debug!(%error, "the folder of a model could not be synced");
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_to_what_is_kept_and_goes_on_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("x.part");
        fs::write(&part, "hello world").unwrap();
        let mut file = RealDisk.open_part(&part, 6).unwrap();
        file.append(b"there").unwrap();
        file.sync().unwrap();
        assert_eq!(fs::read(&part).unwrap(), b"hello there");
    }

    #[test]
    fn a_prefix_has_the_checksum_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("x.part");
        fs::write(&part, "ab").unwrap();
        let mut prefix = Prefix::of_file(&part, || false).unwrap();
        prefix.add(b"c");
        assert_eq!(prefix.length, 3);
        // FIPS 180-2, appendix B.1.
        assert_eq!(prefix.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Prefix::of_file(&folder.path().join("none"), || false).unwrap().length, 0);
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = make_folder(&file.join("models")).unwrap_err();
        assert!(matches!(error, DiskError::NotWritable(_)), "{error}");
        assert!(matches!(write_whole(&file.join("x.json"), b"{}"), Err(DiskError::Other { .. })));
    }
}
