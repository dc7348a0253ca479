//! The store itself: what is known, what is there, and the ways in and out.

mod download;
mod import;
mod installed;

pub(crate) use installed::is_gguf;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Ability, CatalogueEntry, CatalogueError, FileRole, Starter, Task};
use crate::config::StoreConfig;
use crate::disk::{Disk, RealDisk, make_folder, remove_if_there, write_whole};
use crate::error::{DiskError, DownloadError};
use crate::fit::{self, Fit, Needs, Verdict};
use crate::gguf::{self, GgufError, GgufHeader};
use crate::hub::{self, Endpoint};
use crate::id::ModelId;
use crate::machine::Machine;
use crate::record;

/// In a model's folder: the entry of a model that is in no catalogue.
const ENTRY: &str = "entry.json";
/// In a model's folder: what was imported.
const IMPORTED: &str = "imported.json";
/// In a model's folder: the user does not want to see it, though a cache has it.
const HIDDEN: &str = "hidden";

/// Where the files of a model are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Fetched from the hub into the store.
    Downloaded,
    /// Fetched as a Python package into the store.
    Package,
    /// In a Hugging Face cache, used in place.
    HubCache,
    /// The user's own file, used in place.
    Imported,
}

/// One file that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFile {
    /// What it is.
    pub role: FileRole,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes.
    pub bytes: u64,
}

/// A model of which the weights are, or should be, on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledModel {
    /// Its name in the store.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub task: Task,
    /// What it takes, with the files that are there.
    pub abilities: Vec<Ability>,
    /// Where its weights are from.
    pub origin: Origin,
    /// The files that are there.
    pub files: Vec<InstalledFile>,
    /// Roles of files that are missing.
    pub missing: Vec<FileRole>,
    /// What the weights say of themselves, if they are a GGUF file.
    pub header: Option<GgufHeader>,
    /// Why it cannot be used, as a sentence.
    pub problem: Option<String>,
}

impl InstalledModel {
    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The path of the file of a role.
    pub fn path(&self, role: FileRole) -> Option<&Path> {
        self.files.iter().find(|file| file.role == role).map(|file| file.path.as_path())
    }
}

/// What a worker has to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// The weights.
    pub weights: PathBuf,
    /// The projector for images and sound.
    pub projector: Option<PathBuf>,
    /// The draft model.
    pub draft: Option<PathBuf>,
}

/// What removing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// Files of the store were deleted.
    Deleted {
        /// How many bytes that freed.
        bytes: u64,
    },
    /// The files belong to someone else and stay; the model is only no longer listed.
    Forgotten,
    /// There was nothing.
    Nothing,
}

/// A header that was read, with what tells whether it is still the same file.
type SeenHeader = (SystemTime, u64, GgufHeader);

/// The models of this machine. Cheap to share behind an `Arc`; nothing in it blocks for long except reading files.
#[derive(Debug)]
pub struct ModelStore {
    config: StoreConfig,
    entries: Vec<CatalogueEntry>,
    /// Why the user's own catalogue is not in `entries`.
    own_problem: Option<CatalogueError>,
    /// Made at the first download: reading the system's certificates takes tens of milliseconds and megabytes.
    endpoints: OnceLock<Vec<Endpoint>>,
    disk: Arc<dyn Disk>,
    /// A mutex because any thread may ask what is installed; it is held only for a look-up or an insertion.
    headers: Mutex<HashMap<PathBuf, SeenHeader>>,
}

impl ModelStore {
    /// Opens the store. Makes no folder and asks nobody anything. A mistake in the user's own catalogue does not stand
    /// in the way: see [`ModelStore::own_catalogue_problem`].
    pub fn open(config: StoreConfig) -> Result<Self, CatalogueError> {
        Self::open_on(config, Arc::new(RealDisk))
    }

    /// Opens the store on a given disk.
    pub fn open_on(config: StoreConfig, disk: Arc<dyn Disk>) -> Result<Self, CatalogueError> {
        let mut entries = catalogue::built_in()?;
        let own = config.own_catalogue.as_deref();
        let own_problem = own.and_then(|path| catalogue::add_own(&mut entries, path).err());
        Ok(Self { config, entries, own_problem, endpoints: OnceLock::new(), disk, headers: Mutex::default() })
    }

    pub(crate) fn config(&self) -> &StoreConfig {
        &self.config
    }

    pub(crate) fn endpoints(&self) -> Result<&[Endpoint], DownloadError> {
        if let Some(endpoints) = self.endpoints.get() {
            return Ok(endpoints);
        }
        let made =
            hub::endpoints(&self.config).map_err(|error| DownloadError::NoClient(error.to_string()))?;
        Ok(self.endpoints.get_or_init(|| made))
    }

    /// What is wrong with the user's own catalogue, if it could not be read. The built-in one holds nevertheless.
    pub fn own_catalogue_problem(&self) -> Option<&CatalogueError> {
        self.own_problem.as_ref()
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.config.folder
    }

    /// The models that can be fetched by name.
    pub fn catalogue(&self) -> &[CatalogueEntry] {
        &self.entries
    }

    /// The entry of a model: of the catalogue, or one that was looked up on the hub earlier.
    pub fn entry(&self, id: &ModelId) -> Option<CatalogueEntry> {
        let known = self.entries.iter().find(|entry| entry.id == *id).cloned();
        known.or_else(|| record::read(&self.config.model_folder(id).join(ENTRY)))
    }

    /// Remembers an entry that [`ModelStore::look_up`] found, so that it can be downloaded.
    pub fn adopt(&self, entry: &CatalogueEntry) -> Result<(), DiskError> {
        let folder = self.config.model_folder(&entry.id);
        make_folder(&folder)?;
        record::write(&folder.join(ENTRY), entry)
    }

    /// The files a worker has to load; `None` if the model is not there or cannot be used.
    pub fn resolve(&self, id: &ModelId) -> Option<ModelFiles> {
        let model = self.installed_model(id).filter(|model| model.problem.is_none())?;
        let path = |role| model.path(role).map(Path::to_path_buf);
        Some(ModelFiles {
            weights: path(FileRole::Weights)?,
            projector: path(FileRole::Projector),
            draft: path(FileRole::Draft),
        })
    }

    /// Whether a model fits `machine` with a context of `n_ctx` tokens: from its file if it is there, otherwise from
    /// the catalogue. `None` for an unknown model, or one of which nobody states the size.
    pub fn fit(&self, id: &ModelId, n_ctx: u32, machine: &Machine) -> Option<Fit> {
        let needs = match self.installed_model(id) {
            Some(InstalledModel { header: Some(header), files, .. }) => {
                let beside =
                    files.iter().filter(|file| file.role != FileRole::Weights).map(|file| file.bytes).sum();
                Needs::of_header(&header, beside, n_ctx)
            }
            _ => Needs::of_entry(&self.entry(id)?, n_ctx)?,
        };
        Some(fit::judge(&needs, machine))
    }

    /// The model for a first conversation: the best chat model that is there and fits, or else the starter.
    pub fn default_chat_model(&self, machine: &Machine) -> Option<ModelId> {
        let rank = |model: &InstalledModel| {
            let fit = self.fit(&model.id, 4096, machine);
            let verdict = fit.map_or(Verdict::Slow, |fit| fit.verdict);
            (verdict, model.header.as_ref().map_or(0, |header| header.parameters))
        };
        let usable = |model: &InstalledModel| model.task == Task::Chat && model.problem.is_none();
        let best = self.installed().into_iter().filter(usable).map(|model| (rank(&model), model.id));
        let best =
            best.filter(|((verdict, _), _)| *verdict != Verdict::WillNotFit).max_by_key(|(rank, _)| *rank);
        let starter = || self.entries.iter().find(|entry| entry.starter == Some(Starter::Chat));
        best.map(|(_, id)| id).or_else(|| starter().map(|entry| entry.id.clone()))
    }

    /// Removes a model: files of the store are deleted; what is imported or in a cache is only forgotten.
    pub fn remove(&self, id: &ModelId) -> Result<Removed, DiskError> {
        let Some(model) = self.installed_model(id) else { return self.sweep(id) };
        let folder = self.config.model_folder(id);
        if model.origin == Origin::Imported {
            remove_if_there(&folder.join(IMPORTED));
            self.sweep(id)?;
            return Ok(Removed::Forgotten);
        }
        let own = model.files.iter().filter(|file| file.path.starts_with(&folder));
        let (count, bytes) = own.fold((0, 0), |(count, sum), file| (count + 1, sum + file.bytes));
        let elsewhere = count < model.files.len();
        self.sweep(id)?;
        if elsewhere {
            make_folder(&folder)?;
            write_whole(&folder.join(HIDDEN), b"")?;
        }
        Ok(if count == 0 && elsewhere { Removed::Forgotten } else { Removed::Deleted { bytes } })
    }

    /// Deletes the folder of a model, half-fetched files included.
    fn sweep(&self, id: &ModelId) -> Result<Removed, DiskError> {
        let folder = self.config.model_folder(id);
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => Ok(Removed::Deleted { bytes: 0 }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Removed::Nothing),
            Err(error) => Err(DiskError::at(&folder, error)),
        }
    }

    /// The header of a file, read again only when the file has changed.
    fn header(&self, path: &Path) -> Result<GgufHeader, GgufError> {
        let meta = std::fs::metadata(path)?;
        let stamp = (meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len());
        {
            let seen = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((modified, length, header)) = seen.get(path)
                && (*modified, *length) == stamp
            {
                return Ok(header.clone());
            }
        }
        let header = gguf::read_header(path)?;
        let mut seen = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(path.to_path_buf(), (stamp.0, stamp.1, header.clone()));
        Ok(header)
    }
}
