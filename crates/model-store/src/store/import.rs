//! Taking in the user's own files, where they are.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{HIDDEN, IMPORTED, InstalledModel, ModelStore, is_gguf};
use crate::disk::{make_folder, remove_if_there};
use crate::error::{DiskError, ImportError};
use crate::gguf::GgufKind;
use crate::id::ModelId;
use crate::record::{self, ImportRecord};

impl ModelStore {
    /// Imports a GGUF file in place: it is neither copied nor moved. A projector beside it (a file called `mmproj…`)
    /// is taken along. Importing the same file again gives the same model.
    pub fn import(&self, path: &Path) -> Result<InstalledModel, ImportError> {
        let weights = fs::canonicalize(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ImportError::NotFound(path.to_path_buf()),
            _ => ImportError::Disk(DiskError::at(path, error)),
        })?;
        let header = self.check(&weights)?;
        let stem = weights.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let id = self.free_id(&stem, &weights);
        let import = ImportRecord {
            projector: self.projector_beside(&weights),
            weights,
            name: header.name.filter(|name| !name.trim().is_empty()).unwrap_or(stem),
        };
        let folder = self.config.model_folder(&id);
        make_folder(&folder)?;
        record::write(&folder.join(IMPORTED), &import)?;
        remove_if_there(&folder.join(HIDDEN));
        let model = self.installed_model(&id);
        model.ok_or_else(|| ImportError::Disk(DiskError::Gone(folder.join(IMPORTED))))
    }

    /// The name under which this file is, or can be, imported.
    fn free_id(&self, stem: &str, weights: &Path) -> ModelId {
        let plain = ModelId::from_words(stem).map_or_else(|| "model".to_owned(), String::from);
        let names = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}-{n}")));
        let mut ids = names.filter_map(|name| name.parse::<ModelId>().ok());
        let free =
            ids.find(|id| match record::read::<ImportRecord>(&self.config.model_folder(id).join(IMPORTED)) {
                Some(import) => import.weights == weights,
                None => self.entry(id).is_none(),
            });
        // The names never end; this is for the type only.
        free.unwrap_or_else(|| {
            ModelId::from_words("model").unwrap_or_else(|| unreachable!("a fixed valid name"))
        })
    }

    /// The projector in the same folder: the one that bears the model's name, or the only one if the folder holds
    /// one model only.
    fn projector_beside(&self, weights: &Path) -> Option<PathBuf> {
        let entries = fs::read_dir(weights.parent()?).ok()?.flatten().map(|entry| entry.path());
        let (projectors, models): (Vec<_>, Vec<_>) =
            entries.filter(|path| is_gguf(path)).partition(|path| lower_name(path).contains("mmproj"));
        let family = lower_name(weights);
        let family = family.split(['-', '_', '.']).take(2).collect::<Vec<_>>().join("-");
        let named = |path: &&PathBuf| lower_name(path).replace(['_', '.'], "-").contains(&family);
        let only = || projectors.first().filter(|_| projectors.len() == 1 && models.len() == 1);
        let found = projectors.iter().find(named).or_else(only)?;
        let is_projector = self.header(found).is_ok_and(|header| header.kind == GgufKind::Projector);
        is_projector.then(|| found.clone())
    }
}

fn lower_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}
