//! What the store remembers in small JSON files: what was verified, what is half fetched, what was imported.
//!
//! Always holds: a record that cannot be read counts as none. It costs a check or a download, never a wrong file.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk::{part_of, with_suffix, write_whole};
use crate::error::DiskError;

/// How far the content of a file was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checked {
    /// Against the SHA-256 in the catalogue.
    AgainstCatalogue,
    /// Against the SHA-256 that the hub states.
    AgainstHub,
    /// Nobody stated a hash: only the size and, for a GGUF file, its header.
    SizeOnly,
}

/// Beside a fetched file, as `NAME.json`: what was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of what is there, lower-case hex.
    pub sha256: String,
    /// How far it was checked.
    pub checked: Checked,
    /// Where it came from: an address or a package.
    pub from: String,
}

/// Beside a half-fetched file, as `NAME.part.json`: what it is going to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    /// The strong entity tag that the bytes were sent under.
    pub(crate) etag: Option<String>,
    /// The SHA-256 that the whole file will have.
    pub(crate) sha256: Option<String>,
    /// Its bytes.
    pub(crate) size: Option<u64>,
}

/// In the folder of an imported model, as `imported.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportRecord {
    /// The weights, where the user keeps them.
    pub(crate) weights: PathBuf,
    /// The projector beside them.
    pub(crate) projector: Option<PathBuf>,
    /// Its name for people.
    pub(crate) name: String,
}

impl FileRecord {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        read(&with_suffix(path, ".json"))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), DiskError> {
        write(&with_suffix(path, ".json"), self)
    }
}

impl PartRecord {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        read(&Self::place(path))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), DiskError> {
        write(&Self::place(path), self)
    }

    pub(crate) fn place(path: &Path) -> PathBuf {
        with_suffix(&part_of(path), ".json")
    }
}

pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let text = fs::read(path).ok()?;
    match serde_json::from_slice(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a record of the model store is ignored");
            None
        }
    }
}

pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), DiskError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| DiskError::Other { path: path.to_path_buf(), source: error.into() })?;
    write_whole(path, &text)
}
