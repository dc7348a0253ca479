//! Files that the Hugging Face tools have already fetched: found and used where they are, never copied or changed.
//!
//! Layout (`huggingface_hub`, "Understand caching"): `models--ORG--NAME/snapshots/COMMIT/PATH`, usually a link to
//! `blobs/HASH`, where HASH is the SHA-256 of a large file; `refs/BRANCH` holds the commit of a branch. The tools give
//! a file its name only once it is complete.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::catalogue::{ModelFile, Source};

/// The file in one of the caches, if it is there with the published size and, where the cache tells it, hash.
pub(crate) fn find(caches: &[PathBuf], file: &ModelFile) -> Option<PathBuf> {
    file.sources.iter().find_map(|source| match source {
        Source::Hub { repo, revision, path } if is_inside(path) && is_inside(revision) => {
            caches.iter().find_map(|cache| in_cache(cache, repo, revision, path, file))
        }
        _ => None,
    })
}

fn in_cache(cache: &Path, repo: &str, revision: &str, path: &str, file: &ModelFile) -> Option<PathBuf> {
    let folder = cache.join(format!("models--{}", repo.replace('/', "--")));
    let snapshots = folder.join("snapshots");
    let commit =
        fs::read_to_string(folder.join("refs").join(revision)).unwrap_or_else(|_| revision.to_owned());
    let wanted = Some(snapshots.join(commit.trim()).join(path));
    // Another revision will do if it is provably the same file.
    let others = fs::read_dir(&snapshots).ok()?.flatten().map(|entry| entry.path().join(path));
    let others = others.filter(|_| file.sha256.is_some());
    let proven = |path: &PathBuf| blob_hash(path).is_some() && blob_hash(path) == file.sha256;
    let plausible = |path: &PathBuf| {
        let hash = blob_hash(path);
        hash.is_none() || file.sha256.is_none() || hash == file.sha256
    };
    wanted.into_iter().filter(plausible).chain(others.filter(proven)).find(|path| {
        fs::metadata(path).is_ok_and(|meta| meta.is_file() && file.size.is_none_or(|size| size == meta.len()))
    })
}

/// The SHA-256 in the name of the blob that a snapshot links to.
fn blob_hash(path: &Path) -> Option<String> {
    let blob = fs::read_link(path).ok()?;
    let name = blob.file_name()?.to_str()?;
    (name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())).then(|| name.to_ascii_lowercase())
}

/// A relative path without `..`: catalogues of users are not trusted to stay inside the cache.
fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
