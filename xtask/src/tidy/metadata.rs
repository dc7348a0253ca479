//! What cargo says about packages: only the fields the checks read.

use crate::{shell, tidy::ask, workspace::Workspace};
use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) source: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Deserialize, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(super) kind: Option<String>,
}

impl Dependency {
    pub(super) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Metadata {
    /// Everything that is compiled for this machine, tests included.
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let mut cargo = workspace.cargo();
        cargo.args(["metadata", "--format-version", "1"]);
        let host = ask("rustc", &["-vV"]);
        if let Some(host) =
            host.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ")))
        {
            cargo.args(["--filter-platform", host]);
        }
        serde_json::from_str(&shell::output(&mut cargo)?)
            .context("cargo metadata printed something else than expected")
    }

    /// Our own packages.
    pub(super) fn members(&self) -> Vec<&Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id)).collect()
    }

    pub(super) fn is_ours(&self, package: &Package) -> bool {
        self.workspace_members.contains(&package.id)
    }
}

#[cfg(test)]
impl Package {
    /// A package written down in a test: its name and what it depends on, `dev:` before a development dependency.
    pub(super) fn of(name: &str, dependencies: &[&str]) -> Self {
        let dependencies = dependencies
            .iter()
            .map(|given| match given.split_once(':') {
                Some((kind, name)) => Dependency { name: name.to_owned(), kind: Some(kind.to_owned()) },
                None => Dependency { name: (*given).to_owned(), kind: None },
            })
            .collect();
        Self { id: name.to_owned(), name: name.to_owned(), dependencies, ..Self::default() }
    }
}

#[cfg(test)]
impl Metadata {
    /// Our own packages, then other people's.
    pub(super) fn of(ours: Vec<Package>, others: Vec<Package>) -> Self {
        let workspace_members = ours.iter().map(|package| package.id.clone()).collect();
        Self { packages: ours.into_iter().chain(others).collect(), workspace_members }
    }
}
