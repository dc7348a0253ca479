//! The text files of the repository: what git tracks, and what it would track (new files, not ignored).

use crate::shell;
use anyhow::{Context, Result};
use std::{fs, path::Path, process::Command};

/// A text file; `path` is from the root, with forward slashes.
pub(super) struct SourceFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    pub(super) fn has_ending(&self, endings: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }

    /// Lines counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

pub(super) struct Tree {
    pub(super) files: Vec<SourceFile>,
}

impl Tree {
    pub(super) fn of_git(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = shell::output(&mut git).context("tidy reads the file list from git")?;
        let mut files: Vec<SourceFile> = listed
            .split_terminator('\0')
            // Deleted files are still listed until they are committed, and pictures are not text.
            .filter_map(|path| {
                let text = fs::read_to_string(root.join(path)).ok()?;
                Some(SourceFile { path: path.to_owned(), text })
            })
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { files })
    }

    pub(super) fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    pub(super) fn with_ending<'a>(&'a self, endings: &'a [&'a str]) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| file.has_ending(endings))
    }
}

#[cfg(test)]
impl Tree {
    /// A tree written down in a test.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| SourceFile { path: path.to_owned(), text: text.to_owned() };
        Self { files: files.iter().map(file).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_seen_and_ignored_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        shell::run(Command::new("git").args(["init", "--quiet"]).arg(folder.path())).unwrap();
        write(".gitignore", "ignored.rs\n");
        write("new.rs", "fn a() {}\n");
        write("ignored.rs", "fn b() {}\n");
        fs::write(folder.path().join("picture.png"), [0xFF, 0xFE, 0x00]).unwrap();
        let tree = Tree::of_git(folder.path()).unwrap();
        let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".gitignore", "new.rs"]);
    }
}
