//! What can be wrong with settings, each as a sentence for the user.

use std::path::PathBuf;

use serde::Serialize;

/// A place in the settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Place {
    /// The place of byte `at` in `text`.
    pub(crate) fn of(text: &str, at: usize) -> Self {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// Something that could not be used. What it concerns has its default; all else holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{sentence}")]
pub struct SettingsProblem {
    /// The setting, as in `model.temperature`; empty when it concerns the file.
    pub path: String,
    /// Where in the file; none when it did not come from there.
    pub place: Option<Place>,
    /// What is wrong and what is done about it. It does not quote values the user wrote.
    pub sentence: String,
}

/// Why settings could not be read or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file is from a newer Hark, so it was not written to.
    #[error(
        "The settings were written by a newer version of Hark (form {found}; this version knows up to {known}), so \
         they were not changed. Update Hark to change them."
    )]
    NewerVersion {
        /// The form of the file.
        found: u64,
        /// The newest form this version knows.
        known: u64,
    },
    /// The file has a mistake that makes it unsafe to write to.
    #[error(
        "The settings were not saved: line {line} of the settings file cannot be read. Correct it there first."
    )]
    Syntax {
        /// From 1.
        line: usize,
    },
    /// The file or its folder is read-only.
    #[error("The settings were not saved: the file is read-only. Allow writing to it, or change it by hand.")]
    ReadOnly,
    /// No room is left.
    #[error("The settings were not saved: the disk is full. Free some space and try again.")]
    DiskFull,
    /// A value that is not allowed.
    #[error(transparent)]
    Invalid(#[from] SettingsProblem),
    /// The system says where no home is.
    #[error("Hark cannot tell which folder is yours. Set HARK_HOME to a folder for Hark's files.")]
    NoHome,
    /// Anything else about the file.
    #[error("The settings file {} cannot be used: {source}.", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl SettingsError {
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io { path: path.to_path_buf(), source },
        }
    }
}
