//! Where Hark keeps its files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_native_strategy};

use crate::{Settings, SettingsError};

/// The folders Hark uses. They need not exist: see [`Paths::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Settings.
    pub config: PathBuf,
    /// Conversations and what else cannot be had again.
    pub data: PathBuf,
    /// What can be had again.
    pub cache: PathBuf,
    /// Model files, unless the settings name another folder.
    pub models: PathBuf,
}

/// Names one folder for everything: a portable install, or a test.
const HOME_VARIABLE: &str = "HARK_HOME";

impl Paths {
    /// The platform's folders (on Linux those of the XDG base directory specification), or those under `HARK_HOME`
    /// where it is set.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::choose(std::env::var_os(HOME_VARIABLE))
    }

    pub(crate) fn choose(home: Option<OsString>) -> Result<Self, SettingsError> {
        if let Some(home) = home.filter(|home| !home.is_empty()) {
            return Ok(Self::under(home));
        }
        let names = AppStrategyArgs {
            top_level_domain: "app".to_owned(),
            author: "Hark".to_owned(),
            app_name: "hark".to_owned(),
        };
        let platform = choose_native_strategy(names).map_err(|_| SettingsError::NoHome)?;
        let data = platform.data_dir();
        Ok(Self {
            config: platform.config_dir(),
            cache: platform.cache_dir(),
            models: data.join("models"),
            data,
        })
    }

    /// Everything in one folder.
    pub fn under(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self {
            cache: folder.join("cache"),
            models: folder.join("models"),
            config: folder.clone(),
            data: folder,
        }
    }

    /// Makes the folders that are missing, for this user alone.
    pub fn create(&self) -> std::io::Result<()> {
        [&self.config, &self.data, &self.cache, &self.models]
            .into_iter()
            .try_for_each(|it| create_private(it))
    }

    /// The settings.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The conversations.
    pub fn history_file(&self) -> PathBuf {
        self.data.join("history.db")
    }

    /// Where model files are, as the settings have it. A relative folder is one in the data folder.
    pub fn models_folder(&self, settings: &Settings) -> PathBuf {
        settings.models.folder.as_ref().map_or_else(|| self.models.clone(), |folder| self.data.join(folder))
    }
}

fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
