//! Nothing of one machine in the tree: no working folders, no package mirrors.
//!
//! A mirror's name cannot be written here, so it is asked for: the hosts that this machine's package clients are set up
//! with, unless they are the public ones, may appear in no file.

use super::{
    Complaint, ask,
    tree::{SourceFile, Tree},
};
use std::{env, fs, path::PathBuf};
use toml::{Table, Value};

/// Spelled in two parts, or this file would be its own first complaint.
const WORKING_FOLDER: &str = concat!("/wo", "rk/");

const PUBLIC_HOSTS: &[&str] = &[
    "crates.io",
    "index.crates.io",
    "static.crates.io",
    "github.com",
    "registry.npmjs.org",
    "pypi.org",
    "files.pythonhosted.org",
    "huggingface.co",
    "localhost",
    "127.0.0.1",
];

/// Lock files name the registry that a package came from: it must be the public one.
const LOCKED_FROM: &[(&str, &str, &str)] = &[
    ("Cargo.lock", "source = \"", "registry+https://github.com/rust-lang/crates.io-index"),
    ("package-lock.json", "\"resolved\": \"", "https://registry.npmjs.org/"),
];

pub(super) fn find(tree: &Tree, private_hosts: &[String]) -> Vec<Complaint> {
    tree.files.iter().flat_map(|file| of_file(file, private_hosts)).collect()
}

fn of_file(file: &SourceFile, private_hosts: &[String]) -> Vec<Complaint> {
    let locked = LOCKED_FROM.iter().find(|(name, _, _)| file.path.rsplit('/').next() == Some(name));
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        if names_folder(line) {
            complaints.push(Complaint::at(&file.path, number, "names a working folder of one machine"));
        }
        if private_hosts.iter().any(|host| line.contains(host.as_str())) {
            complaints.push(Complaint::at(&file.path, number, "names this machine's package mirror"));
        }
        if let Some((_, key, public)) = locked
            && let Some((_, from)) = line.split_once(key)
            && !from.starts_with(public)
        {
            complaints.push(Complaint::at(
                &file.path,
                number,
                format!("was locked from elsewhere than {public}"),
            ));
        }
    }
    complaints
}

/// The folder as a path from the root, not as a part of a longer one.
fn names_folder(line: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || "_-.~}".contains(letter);
    line.match_indices(WORKING_FOLDER).any(|(at, _)| !line[..at].chars().next_back().is_some_and(part))
}

/// The hosts of the package sources this machine is set up with that are not the public ones.
pub(super) fn private_hosts() -> Vec<String> {
    let mut addresses = cargo_sources();
    addresses.extend(ask(if cfg!(windows) { "npm.cmd" } else { "npm" }, &["config", "get", "registry"]));
    addresses.extend(ask("python3", &["-m", "pip", "config", "get", "global.index-url"]));
    addresses.extend(["PIP_INDEX_URL", "NPM_CONFIG_REGISTRY"].iter().filter_map(|name| env::var(name).ok()));
    let mut hosts: Vec<String> = addresses.iter().filter_map(|address| host(address)).collect();
    hosts.retain(|host| !PUBLIC_HOSTS.contains(&host.as_str()));
    hosts.sort();
    hosts.dedup();
    hosts
}

/// What `[source.*]` and `[registries.*]` in cargo's own configuration point to.
fn cargo_sources() -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let text = home.and_then(|home| fs::read_to_string(home.join("config.toml")).ok()).unwrap_or_default();
    let config: Table = text.parse().unwrap_or_default();
    ["source", "registries"]
        .iter()
        .filter_map(|key| config.get(*key)?.as_table())
        .flat_map(Table::values)
        .flat_map(|source| ["registry", "index"].map(|key| source.get(key).and_then(Value::as_str)))
        .flatten()
        .map(str::to_owned)
        .collect()
}

/// The host of `sparse+https://user@host:port/path`.
fn host(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (host.contains('.')).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        find(&Tree::of(&[(path, text)]), &["mirror.internal.example".to_owned()]).len()
    }

    #[test]
    fn working_folders_are_found() {
        assert_eq!(check("a.rs", &format!("open(\"{WORKING_FOLDER}main\")")), 1);
        assert_eq!(check("a.yml", &format!("/home/runner{WORKING_FOLDER}hark")), 0);
    }

    #[test]
    fn mirrors_are_found() {
        assert_eq!(check(".npmrc", "registry=https://mirror.internal.example/npm/"), 1);
        assert_eq!(check("README.md", "https://crates.io"), 0);
        assert_eq!(check("ui/package-lock.json", "  \"resolved\": \"https://elsewhere.example/a.tgz\","), 1);
        assert_eq!(
            check("ui/package-lock.json", "  \"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\","),
            0
        );
        assert_eq!(check("Cargo.lock", "source = \"git+https://github.com/a/b\""), 1);
    }

    #[test]
    fn hosts_are_read_from_addresses() {
        assert_eq!(host("sparse+https://me@mirror.example:8443/index/"), Some("mirror.example".to_owned()));
        assert_eq!(host("undefined"), None);
    }
}
