//! The settings file on disk.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use crate::{
    DEFAULT_FILE, Loaded, Place, Settings, SettingsError, SettingsProblem, catalog, edit, load, migrate,
};

/// The user's file, and what it last said. Nothing is held open: the user may edit the file at any time.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    /// What the settings were when they were last read or written; changes are told from these.
    known: Settings,
    text: String,
    steps: &'static [migrate::Step],
}

impl SettingsFile {
    /// Reads the file; one that is missing is made, with every setting and its remark. It never fails: where even that
    /// cannot be done, the problem is told and the defaults hold.
    pub fn open(path: impl Into<PathBuf>) -> (Self, Loaded) {
        Self::open_with(path.into(), migrate::STEPS)
    }

    pub(crate) fn open_with(path: PathBuf, steps: &'static [migrate::Step]) -> (Self, Loaded) {
        let mut file = Self { path, known: Settings::default(), text: String::new(), steps };
        let mut untold = None;
        match read(&file.path) {
            Ok(Some(text)) => file.text = text,
            Ok(None) => {
                DEFAULT_FILE.clone_into(&mut file.text);
                untold = write(&file.path, DEFAULT_FILE).err();
            }
            Err(error) => untold = Some(error),
        }
        let mut loaded = load::parse(&file.text, steps);
        file.known = loaded.settings.clone();
        if let Some(error) = untold {
            let sentence = format!("{error} The defaults are used.");
            loaded.problems.push(SettingsProblem { path: String::new(), place: None, sentence });
        }
        (file, loaded)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again; none when it says what it said before.
    pub fn reload(&mut self) -> Result<Option<Loaded>, SettingsError> {
        let text = read(&self.path)?.unwrap_or_default();
        if text == self.text {
            return Ok(None);
        }
        let loaded = load::parse(&text, self.steps);
        self.known = loaded.settings.clone();
        self.text = text;
        Ok(Some(loaded))
    }

    /// Saves what differs from what was last read or saved. The file is read again before, so what the user changed in
    /// it meanwhile stays; the result is what holds now.
    pub fn save(&mut self, wanted: &Settings) -> Result<Loaded, SettingsError> {
        wanted.check()?;
        let text = read(&self.path)?.unwrap_or_else(|| DEFAULT_FILE.to_owned());
        let (bom, body) = match text.strip_prefix('\u{FEFF}') {
            Some(body) => ("\u{FEFF}", body),
            None => ("", text.as_str()),
        };
        let mut document: DocumentMut = body.parse().map_err(|error: toml_edit::TomlError| {
            SettingsError::Syntax { line: Place::of(body, error.span().map_or(0, |span| span.start)).line }
        })?;
        let newest = self.steps.len() as u64 + 1;
        let found = migrate::version(&document);
        if found > newest {
            return Err(SettingsError::NewerVersion { found, known: newest });
        }
        let older = migrate::to_newest(&mut document, self.steps);
        edit::put_changes(&mut document, &catalog::to_value(&self.known), &catalog::to_value(wanted));
        let new_text = format!("{bom}{document}");
        if older {
            write(&self.aside(newest), &text)?;
        }
        if new_text != text || !self.path.exists() {
            write(&self.path, &new_text)?;
        }
        let loaded = load::parse(&new_text, self.steps);
        self.known = loaded.settings.clone();
        self.text = new_text;
        Ok(loaded)
    }

    /// Where the file as it was before form `newest` is kept.
    fn aside(&self, newest: u64) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".before-v{newest}"));
        self.path.with_file_name(name)
    }
}

/// None when there is no file.
fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(match SettingsError::io(path, error) {
            SettingsError::ReadOnly => {
                SettingsError::Io { path: path.to_path_buf(), source: ErrorKind::PermissionDenied.into() }
            }
            other => other,
        }),
    }
}

/// Writes the whole file or none of it. A link is followed, the file's mode is kept, and a read-only file is refused
/// even where its folder would allow to replace it.
fn write(path: &Path, text: &str) -> Result<(), SettingsError> {
    let failed = |error| SettingsError::io(path, error);
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let permissions = fs::metadata(&target).ok().map(|it| it.permissions());
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(SettingsError::ReadOnly);
    }
    let folder = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut part = tempfile::Builder::new().prefix(".settings-").tempfile_in(folder).map_err(failed)?;
    part.write_all(text.as_bytes()).map_err(failed)?;
    if let Some(permissions) = permissions {
        part.as_file().set_permissions(permissions).map_err(failed)?;
    }
    part.as_file().sync_all().map_err(failed)?;
    part.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
