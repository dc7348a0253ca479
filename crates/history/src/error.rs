//! What can go wrong with a history, each as a sentence for the user.

use rusqlite::ErrorCode;

/// Why an operation on the history failed. The file is as it was before the operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The file was written by a newer Hark. It was not touched.
    #[error(
        "The conversation history was written by a newer version of Hark (format {found}; this version knows up to \
         {known}). Nothing was changed: update Hark, or choose another data folder."
    )]
    NewerVersion {
        /// The format of the file.
        found: u32,
        /// The newest format this version knows.
        known: u32,
    },
    /// The file is not a history, or is damaged. [`crate::History::recover`] sets it aside.
    #[error(
        "The conversation history is damaged or is not a Hark history. Nothing was changed: Hark can set the file \
         aside and start a new one, or restore it from a backup."
    )]
    Corrupt,
    /// The file or its folder cannot be written to.
    #[error(
        "The conversation history cannot be written to: its file or folder is read-only. Allow writing there, or choose another data folder."
    )]
    ReadOnly,
    /// No room is left.
    #[error(
        "The disk is full, so the conversation could not be saved. What was saved before is intact: free some space and try again."
    )]
    DiskFull,
    /// Another process held the file for longer than the busy timeout.
    #[error(
        "The conversation history is busy: another Hark is using it. Close the other one, or try again in a moment."
    )]
    Locked,
    /// The file cannot be opened at all.
    #[error("The conversation history cannot be opened. Check that its folder exists and belongs to you.")]
    CannotOpen,
    /// There is no such conversation or message (any more).
    #[error("That {what} is no longer in the history.")]
    NotFound {
        /// What was looked for: "conversation", "message".
        what: &'static str,
    },
    /// The reply is already finished, so nothing can be added to it.
    #[error("That reply is already finished.")]
    NotStreaming,
    /// The text is larger than one message may be.
    #[error("That text is too large to keep: a message may have {limit_mib} MiB.")]
    TooLarge {
        /// The limit, MiB.
        limit_mib: usize,
    },
    /// An import was refused as a whole.
    #[error("The file could not be imported: {why} Nothing was changed.")]
    InvalidImport {
        /// A sentence that says what is wrong and where; it quotes nothing of what was said.
        why: String,
    },
    /// Anything else SQLite says; its code is in <https://sqlite.org/rescode.html>.
    #[error("The conversation history failed (SQLite code {code}). Try again; if it stays, restart Hark.")]
    Sqlite {
        /// The extended result code; 0 when the failure was not SQLite's own.
        code: i32,
    },
}

/// The largest text of one message, bytes. Far above any context window; far below SQLite's own limit.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;

impl HistoryError {
    pub(crate) const CONVERSATION: Self = Self::NotFound { what: "conversation" };
    pub(crate) const MESSAGE: Self = Self::NotFound { what: "message" };

    pub(crate) fn import(why: impl Into<String>) -> Self {
        Self::InvalidImport { why: why.into() }
    }

    pub(crate) const fn too_large() -> Self {
        Self::TooLarge { limit_mib: MAX_TEXT_BYTES / (1024 * 1024) }
    }
}

/// SQLite's own messages may quote a search query, so only the code is kept.
impl From<rusqlite::Error> for HistoryError {
    fn from(error: rusqlite::Error) -> Self {
        let failure = match error {
            rusqlite::Error::SqliteFailure(failure, _) => failure,
            rusqlite::Error::SqlInputError { error, .. } => error,
            // A stored value that this crate could not have written.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => return Self::Corrupt,
            _ => return Self::Sqlite { code: 0 },
        };
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                Self::Locked
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly,
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt,
            ErrorCode::CannotOpen => Self::CannotOpen,
            ErrorCode::TooBig => Self::too_large(),
            _ => Self::Sqlite { code: failure.extended_code },
        }
    }
}

impl From<rusqlite_migration::Error> for HistoryError {
    fn from(error: rusqlite_migration::Error) -> Self {
        match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
            _ => Self::Sqlite { code: 0 },
        }
    }
}

impl From<std::io::Error> for HistoryError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::DiskFull,
            _ => Self::CannotOpen,
        }
    }
}
