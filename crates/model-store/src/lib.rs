//! Models on this machine: the catalogue, downloads, checks, licences, and what fits.
//!
//! Owns the folder of models, the catalogue, and everything that is fetched from a model hub or a package index.
//! Always holds:
//! 1. Nothing is fetched unless [`ModelStore::download`] or [`ModelStore::look_up`] is called (and never when offline).
//! 2. A file under its final name is whole and was checked; half-fetched files are called `….part`.
//! 3. Files of the user (imports, a Hugging Face cache) are used where they are: never copied, changed or deleted.
//! 4. The access token goes to the hub alone.
//! 5. A broken or hostile file ends in a sentence, never in a panic or a huge allocation.

mod catalogue;
mod config;
mod disk;
mod error;
mod fetch;
mod fit;
mod gguf;
mod hub;
mod hub_cache;
mod id;
mod lock;
mod look_up;
mod machine;
mod numbers;
mod pip;
mod progress;
mod record;
mod store;
mod writer;

pub use catalogue::{
    Ability, CatalogueEntry, CatalogueError, FileRole, Licence, ModelFile, Source, Starter, Task,
};
pub use config::{Network, Patience, Proxy, StoreConfig, Token};
pub use disk::{Disk, PartFile, RealDisk};
pub use error::{DiskError, DownloadError, ImportError};
pub use fit::{Fit, Verdict};
pub use gguf::{ChatTemplate, GgufError, GgufHeader, GgufKind, read_header};
pub use id::{BadModelId, ModelId};
pub use look_up::{BadHubReference, HubReference};
pub use machine::Machine;
pub use progress::{Progress, ProgressSink, Stage};
pub use record::{Checked, FileRecord};
pub use store::{InstalledFile, InstalledModel, ModelFiles, ModelStore, Origin, Removed};
