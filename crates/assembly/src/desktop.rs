//! What only the desktop can do.

use std::path::{Path, PathBuf};

use api::{ApiError, Desktop, ErrorCode};

pub(crate) struct SystemDesktop {
    /// Where exported files go when the system names no such folder.
    pub(crate) fallback: PathBuf,
}

impl Desktop for SystemDesktop {
    fn open_file(&self, path: &Path) -> Result<(), ApiError> {
        open::that_detached(path).map_err(|_| {
            let words =
                format!("No program could be found to open {}. Open it in an editor.", path.display());
            ApiError::new(ErrorCode::Other, words)
        })
    }

    fn downloads(&self) -> PathBuf {
        dirs::download_dir().or_else(dirs::document_dir).unwrap_or_else(|| self.fallback.clone())
    }
}
