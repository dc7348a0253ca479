//! Models that are in no catalogue: any GGUF repository of the hub, `org/repo[:quantisation]` as llama-server's `-hf`
//! takes it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use tokio_util::sync::CancellationToken;

use crate::catalogue::{Ability, CatalogueEntry, FileRole, Licence, ModelFile, Source, Task};
use crate::config::Network;
use crate::error::DownloadError;
use crate::hub::{Failure, ListedFile};
use crate::id::ModelId;
use crate::store::{ModelStore, is_gguf};

/// What to take when nothing is said, best first: small enough for most machines at little loss.
const PREFERRED: [&str; 6] = ["Q4_K_M", "Q4_0", "Q5_K_M", "Q8_0", "BF16", "F16"];
/// For projectors: they are small, and lose more.
const PREFERRED_PROJECTOR: [&str; 4] = ["Q8_0", "F16", "BF16", "F32"];

/// A repository of the hub, and perhaps a quantisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubReference {
    repo: String,
    wanted: Option<String>,
}

/// A text that names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no repository of the hub: write ORGANISATION/NAME, or ORGANISATION/NAME:Q4_K_M.")]
pub struct BadHubReference(String);

impl FromStr for HubReference {
    type Err = BadHubReference;

    fn from_str(text: &str) -> Result<Self, BadHubReference> {
        let bad = || BadHubReference(text.to_owned());
        let rest = text.trim();
        let rest = ["https://huggingface.co/", "https://hf.co/", "hf.co/"]
            .iter()
            .find_map(|start| rest.strip_prefix(start))
            .unwrap_or(rest);
        let (repo, wanted) = match rest.split_once(':') {
            Some((repo, wanted)) => (repo, Some(wanted)),
            None => (rest, None),
        };
        let plain = |part: &str| {
            let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            !part.is_empty() && letters && !part.starts_with('.')
        };
        let (org, name) = repo.trim_end_matches('/').split_once('/').ok_or_else(bad)?;
        if plain(org) && plain(name) && wanted.is_none_or(plain) {
            Ok(Self { repo: format!("{org}/{name}"), wanted: wanted.map(str::to_uppercase) })
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for HubReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repo)?;
        self.wanted.as_ref().map_or(Ok(()), |wanted| write!(f, ":{wanted}"))
    }
}

impl ModelStore {
    /// Asks the hub what a repository holds and chooses: the wanted quantisation or a sensible one, and the projector
    /// beside it. [`ModelStore::adopt`] the entry to download it.
    pub async fn look_up(
        &self,
        reference: &HubReference,
        cancel: &CancellationToken,
    ) -> Result<CatalogueEntry, DownloadError> {
        if self.config().network == Network::Offline {
            return Err(DownloadError::Offline);
        }
        let mut first_error = None;
        for endpoint in self.endpoints()? {
            let listed = tokio::select! {
                () = cancel.cancelled() => return Err(DownloadError::Cancelled),
                listed = endpoint.list(&reference.repo, "main") => listed,
            };
            match listed {
                Ok((commit, files)) => return choose(reference, &commit, &files),
                Err(Failure::Final(error) | Failure::NoAnswer(error) | Failure::Again { error, .. }) => {
                    first_error = first_error.or(Some(error));
                }
            }
        }
        Err(first_error.unwrap_or_else(|| DownloadError::Unreachable { host: "The hub".into() }))
    }
}

/// Chooses among the files of a repository.
fn choose(
    reference: &HubReference,
    commit: &str,
    files: &[ListedFile],
) -> Result<CatalogueEntry, DownloadError> {
    let nothing = || DownloadError::NoSuchQuantisation {
        repo: reference.repo.clone(),
        wanted: reference.wanted.clone(),
    };
    let ggufs = files.iter().filter(|file| is_gguf(Path::new(&file.path)));
    let (projectors, others): (Vec<_>, Vec<_>) = ggufs.partition(|file| file_name(file).contains("MMPROJ"));
    // Draft heads and parts of split files are no models by themselves.
    let models: Vec<_> = others
        .into_iter()
        .filter(|f| !file_name(f).starts_with("MTP-") && !upper(f).contains("-OF-0"))
        .collect();
    let weights = match &reference.wanted {
        Some(wanted) => models.iter().find(|file| has_quantisation(file, wanted)),
        None => preferred(&models, &PREFERRED).or_else(|| models.iter().min_by_key(|file| file.size)),
    };
    let weights = *weights.ok_or_else(nothing)?;
    let projector = preferred(&projectors, &PREFERRED_PROJECTOR).or_else(|| projectors.first()).copied();
    let name = weights.path.rsplit('/').next().unwrap_or(&weights.path);
    let id = ModelId::from_words(&format!("{} {}", reference.repo, name.trim_end_matches(".gguf")));
    let file = |role, listed: &ListedFile| ModelFile {
        role,
        name: listed.path.rsplit('/').next().unwrap_or(&listed.path).to_owned(),
        size: Some(listed.size),
        sha256: listed.sha256(),
        hash_source: Some("the hub, when it was looked up".into()),
        sources: vec![Source::Hub {
            repo: reference.repo.clone(),
            revision: commit.to_owned(),
            path: listed.path.clone(),
        }],
    };
    let mut chosen = vec![file(FileRole::Weights, weights)];
    chosen.extend(projector.map(|projector| file(FileRole::Projector, projector)));
    let abilities =
        if projector.is_some() { vec![Ability::Text, Ability::Image] } else { vec![Ability::Text] };
    let entry = CatalogueEntry {
        id: id.ok_or_else(nothing)?,
        name: name.trim_end_matches(".gguf").to_owned(),
        task: Task::Chat,
        abilities,
        starter: None,
        parameters: None,
        active_parameters: None,
        context_length: None,
        kv_bytes_per_token: None,
        memory_bytes: None,
        licence: Licence {
            spdx: "LicenseRef-see-link".into(),
            link: format!("https://huggingface.co/{}", reference.repo),
        },
        note: None,
        files: chosen,
    };
    // A name in a repository may be anything; ours are plain.
    if crate::catalogue::fault(&entry).is_some() { Err(nothing()) } else { Ok(entry) }
}

fn upper(file: &ListedFile) -> String {
    file.path.to_uppercase()
}

fn file_name(file: &ListedFile) -> String {
    upper(file).rsplit('/').next().unwrap_or_default().to_owned()
}

/// `…-Q4_0.gguf` and `…Q4_0-v2.gguf` have the quantisation `Q4_0`; `…-Q4_0_4_4.gguf` and `…-IQ4_0.gguf` have not.
fn has_quantisation(file: &ListedFile, wanted: &str) -> bool {
    let name = file_name(file);
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
    name.match_indices(wanted)
        .any(|(at, _)| edge(name[..at].chars().next_back()) && edge(name[at + wanted.len()..].chars().next()))
}

fn preferred<'a, 'f>(files: &'a [&'f ListedFile], order: &[&str]) -> Option<&'a &'f ListedFile> {
    order.iter().find_map(|wanted| files.iter().find(|file| has_quantisation(file, wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Vec<ListedFile> {
        let one =
            |path: &&str| serde_json::from_value(serde_json::json!({ "path": path, "size": path.len() }));
        paths.iter().map(|path| one(path).unwrap()).collect()
    }

    /// The names chosen from `paths`, joined; or the error.
    fn chosen(reference: &str, paths: &[&str]) -> String {
        match choose(&reference.parse().unwrap(), "c0ffee", &listing(paths)) {
            Ok(entry) => entry.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(" + "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn references_are_written_as_for_llama_server() {
        let read = |text: &str| text.parse::<HubReference>().map(|r| r.to_string());
        assert_eq!(read("a/b").unwrap(), "a/b");
        assert_eq!(read("https://huggingface.co/a/b:q8_0").unwrap(), "a/b:Q8_0");
        for bad in ["", "a", "a/b/c", "../b", "a/b:", "a/..", "a b/c", "a/b?x=1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sensible_file_and_its_projector_are_chosen() {
        let gemma = [
            "README.md",
            "m-F16.gguf",
            "m-Q4_0.gguf",
            "m-Q8_0.gguf",
            "mmproj-m-F16.gguf",
            "mmproj-m-Q8_0.gguf",
            "mtp-m-Q4_0.gguf",
        ];
        assert_eq!(chosen("a/b", &gemma), "m-Q4_0.gguf + mmproj-m-Q8_0.gguf");
        assert_eq!(chosen("a/b:q8_0", &gemma), "m-Q8_0.gguf + mmproj-m-Q8_0.gguf");
        assert_eq!(chosen("a/b", &["x/m-Q4_K_M.gguf", "m-Q4_0.gguf"]), "m-Q4_K_M.gguf");
        assert_eq!(chosen("a/b", &["m-long-name-IQ2_XS.gguf", "m-IQ1_S.gguf"]), "m-IQ1_S.gguf");
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(chosen("a/b", &["model.safetensors"]), "a/b has no GGUF file that can be used.");
        assert_eq!(
            chosen("a/b:Q4_0", &["m-IQ4_0.gguf"]),
            "a/b has no GGUF file that can be used called Q4_0."
        );
        assert_eq!(chosen("a/b", &["m-Q4_0-00001-of-00002.gguf"]), "a/b has no GGUF file that can be used.");
    }
}
