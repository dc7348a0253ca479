//! Stamps: a step is skipped when the files it reads are as they were when it last ended well.
//!
//! A stamp holds a hash of names and contents, never times: a fresh checkout or a branch switched forth and back does
//! not repeat work. The hash is 64 bits of `SipHash`, enough to notice a change, and no promise against forgery.

use anyhow::{Context, Result};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// A named stamp in our target folder.
pub(crate) struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// Hashes `inputs` (files, or folders taken whole) except what `skip` names.
    pub(crate) fn of(folder: &Path, name: &str, inputs: &[PathBuf], skip: &[&str]) -> Result<Self> {
        let mut files = Vec::new();
        for input in inputs {
            collect(input, skip, &mut files)?;
        }
        files.sort();
        let mut hasher = DefaultHasher::new();
        for file in files {
            file.hash(&mut hasher);
            fs::read(&file).with_context(|| format!("reading {}", file.display()))?.hash(&mut hasher);
        }
        Ok(Self { file: folder.join(format!("{name}.stamp")), hash: format!("{:016x}", hasher.finish()) })
    }

    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.hash)
    }

    /// Remembers that the work was done for these inputs.
    pub(crate) fn keep(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.hash).with_context(|| format!("writing {}", self.file.display()))
    }
}

/// Files below `path`. Names in `skip` are left out wherever they are; a missing path counts as empty.
fn collect(path: &Path, skip: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
    } else if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
            let entry = entry?;
            if !skip.iter().any(|name| entry.file_name() == *name) {
                collect(&entry.path(), skip, files)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(folder: &Path) -> Stamp {
        Stamp::of(&folder.join("stamps"), "ui", &[folder.join("in")], &["node_modules"]).unwrap()
    }

    fn write(folder: &Path, file: &str, text: &str) {
        let file = folder.join("in").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn fresh_until_a_content_changes() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a/b.ts", "1");
        assert!(!stamp(folder.path()).is_fresh());
        stamp(folder.path()).keep().unwrap();
        assert!(stamp(folder.path()).is_fresh());
        write(folder.path(), "a/b.ts", "1");
        assert!(stamp(folder.path()).is_fresh(), "the same text written again is no change");
        write(folder.path(), "a/b.ts", "2");
        assert!(!stamp(folder.path()).is_fresh());
    }

    #[test]
    fn a_new_or_renamed_file_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.ts", "1");
        stamp(folder.path()).keep().unwrap();
        write(folder.path(), "b.ts", "");
        assert!(!stamp(folder.path()).is_fresh());
        fs::remove_file(folder.path().join("in/b.ts")).unwrap();
        fs::rename(folder.path().join("in/a.ts"), folder.path().join("in/c.ts")).unwrap();
        assert!(!stamp(folder.path()).is_fresh());
    }

    #[test]
    fn skipped_names_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.ts", "1");
        stamp(folder.path()).keep().unwrap();
        write(folder.path(), "node_modules/x/index.js", "2");
        assert!(stamp(folder.path()).is_fresh());
    }
}
