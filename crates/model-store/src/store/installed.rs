//! What is there: in the store, in caches, and imported.

use std::fs;
use std::path::{Path, PathBuf};

use super::{HIDDEN, IMPORTED, InstalledFile, InstalledModel, ModelStore, Origin};
use crate::catalogue::{Ability, CatalogueEntry, FileRole, ModelFile, Source, Task};
use crate::error::{DiskError, ImportError};
use crate::gguf::{GgufHeader, GgufKind};
use crate::hub_cache;
use crate::id::ModelId;
use crate::record::{self, FileRecord, ImportRecord};

/// A file of an entry, found.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

impl ModelStore {
    /// Every model of which the weights are, or should be, on this machine, by id.
    pub fn installed(&self) -> Vec<InstalledModel> {
        let catalogued = self.entries.iter().map(|entry| entry.id.clone());
        let folders = fs::read_dir(&self.config.folder).into_iter().flatten().flatten();
        let others = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<ModelId>().ok());
        let mut ids: Vec<ModelId> = catalogued.chain(others).collect();
        ids.sort();
        ids.dedup();
        ids.iter().filter_map(|id| self.installed_model(id)).collect()
    }

    /// One model, if its weights are, or should be, on this machine.
    pub fn installed_model(&self, id: &ModelId) -> Option<InstalledModel> {
        let folder = self.config.model_folder(id);
        if let Some(import) = record::read::<ImportRecord>(&folder.join(IMPORTED)) {
            return Some(self.imported_model(id, import));
        }
        let entry = self.entry(id)?;
        if folder.join(HIDDEN).exists() { None } else { self.entry_model(&entry) }
    }

    fn entry_model(&self, entry: &CatalogueEntry) -> Option<InstalledModel> {
        let main = entry.files.first()?;
        let weights = self.locate(entry, main);
        let gone = self.config.model_folder(&entry.id).join(&main.name);
        let problem = match &weights {
            Some(found) => fault_of(main, found),
            None => FileRecord::of(&gone).map(|_| DiskError::Gone(gone).to_string()),
        };
        if weights.is_none() && problem.is_none() {
            return None;
        }
        let mut model = InstalledModel {
            id: entry.id.clone(),
            name: entry.name.clone(),
            task: entry.task,
            abilities: entry.abilities.clone(),
            origin: weights.as_ref().map_or(Origin::Downloaded, |found| found.origin),
            files: Vec::new(),
            missing: Vec::new(),
            header: None,
            problem,
        };
        for file in &entry.files {
            match self.locate(entry, file) {
                Some(found) if model.problem.is_some() || fault_of(file, &found).is_none() => {
                    let bytes = fs::metadata(&found.path).map_or(0, |meta| meta.len());
                    model.files.push(InstalledFile { role: file.role, path: found.path, bytes });
                }
                _ => model.missing.push(file.role),
            }
        }
        self.look_inside(&mut model);
        Some(model)
    }

    fn imported_model(&self, id: &ModelId, import: ImportRecord) -> InstalledModel {
        let there = |role, path: PathBuf| {
            let meta = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(InstalledFile { role, path, bytes: meta.len() })
        };
        let weights = there(FileRole::Weights, import.weights.clone());
        let projector = import.projector.and_then(|path| there(FileRole::Projector, path));
        let mut model = InstalledModel {
            id: id.clone(),
            name: import.name,
            task: Task::Chat,
            abilities: vec![Ability::Text],
            origin: Origin::Imported,
            missing: Vec::new(),
            header: None,
            problem: weights.is_none().then(|| DiskError::Gone(import.weights).to_string()),
            files: weights.into_iter().chain(projector).collect(),
        };
        if let Some(projector) = model.path(FileRole::Projector)
            && let Ok(header) = self.header(projector)
        {
            model.abilities.extend(header.senses);
        }
        self.look_inside(&mut model);
        model
    }

    /// Reads the header of GGUF weights, and leaves out what a missing projector would give.
    fn look_inside(&self, model: &mut InstalledModel) {
        if model.missing.contains(&FileRole::Projector) {
            model.abilities.retain(|ability| *ability == Ability::Text);
        }
        let weights = model.path(FileRole::Weights).filter(|path| is_gguf(path)).map(Path::to_path_buf);
        let (Some(weights), None) = (weights, &model.problem) else { return };
        match self.check(&weights) {
            Ok(header) => model.header = Some(header),
            Err(error) => model.problem = Some(error.to_string()),
        }
    }

    /// Whether the file at `path` can be a chat model.
    pub(super) fn check(&self, path: &Path) -> Result<GgufHeader, ImportError> {
        let header = self.header(path)?;
        match header.kind {
            GgufKind::Projector => Err(ImportError::ProjectorAlone),
            GgufKind::Adapter => Err(ImportError::Adapter),
            _ if !header.is_known_architecture() => {
                Err(ImportError::UnknownArchitecture(header.architecture))
            }
            GgufKind::Vocabulary => Err(ImportError::NoWeights),
            GgufKind::Model if !all_parts_there(path, header.shards) => {
                Err(ImportError::PartsMissing(header.shards))
            }
            GgufKind::Model => Ok(header),
        }
    }

    /// Where a file of an entry is, if anywhere.
    pub(super) fn locate(&self, entry: &CatalogueEntry, file: &ModelFile) -> Option<Found> {
        let own = self.config.model_folder(&entry.id).join(&file.name);
        if own.is_file() {
            let packed = matches!(file.sources.first(), Some(Source::Pypi { .. }));
            let origin = if packed { Origin::Package } else { Origin::Downloaded };
            return Some(Found { path: own, origin });
        }
        let cached = hub_cache::find(&self.config.hub_caches, file)?;
        Some(Found { path: cached, origin: Origin::HubCache })
    }
}

/// What is wrong with a file that is there, from its size: content is checked when it is fetched.
pub(super) fn fault_of(file: &ModelFile, found: &Found) -> Option<String> {
    let length = fs::metadata(&found.path).ok()?.len();
    let expected = FileRecord::of(&found.path).map(|record| record.size).or(file.size)?;
    let (path, name) = (&found.path, &file.name);
    tracing::trace!(path = %path.display(), length, expected, "looked at a model file");
    (length != expected).then(|| {
        format!("{name} is damaged: it has {length} bytes instead of {expected}. Download the model again.")
    })
}

/// Whether a file is called like a GGUF file.
pub(crate) fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// Split models are called `NAME-00001-of-00003.gguf` and so on (llama.cpp, gguf-split).
fn all_parts_there(path: &Path, parts: u32) -> bool {
    if parts <= 1 {
        return true;
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let first = format!("-00001-of-{parts:05}.gguf");
    let Some(stem) = name.strip_suffix(&first) else { return false };
    (1..=parts).all(|part| path.with_file_name(format!("{stem}-{part:05}-of-{parts:05}.gguf")).is_file())
}
