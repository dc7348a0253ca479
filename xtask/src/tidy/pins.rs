//! Every dependency is pinned with "=", in the workspace's table, and every crate takes it from there.

use super::{
    Complaint,
    tree::{SourceFile, Tree},
};
use toml::{Table, Value};

const ROOT: &str = "Cargo.toml";
const KINDS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    tree.files
        .iter()
        .filter(|file| file.path == ROOT || file.path.ends_with("/Cargo.toml"))
        .flat_map(of_manifest)
        .collect()
}

fn of_manifest(file: &SourceFile) -> Vec<Complaint> {
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Complaint::about(&file.path, error.to_string())],
    };
    let mut complaints = Vec::new();
    if let Some(table) = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")) {
        complaints.extend(unpinned(file, table));
    }
    for table in dependency_tables(&manifest) {
        complaints.extend(unpinned(file, table));
    }
    let is_package = manifest.contains_key("package");
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
    if is_package && lints != Some(true) {
        complaints.push(Complaint::about(
            &file.path,
            "takes not the workspace's lints (`[lints] workspace = true`)",
        ));
    }
    complaints
}

fn dependency_tables(manifest: &Table) -> Vec<&Value> {
    let mut tables: Vec<&Value> = KINDS.iter().filter_map(|kind| manifest.get(*kind)).collect();
    for target in manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        tables.extend(KINDS.iter().filter_map(|kind| target.get(kind)));
    }
    tables
}

fn unpinned(file: &SourceFile, table: &Value) -> Vec<Complaint> {
    let rows = table.as_table().into_iter().flatten();
    rows.filter(|(_, wanted)| !is_pinned(wanted))
        .map(|(name, _)| Complaint::about(&file.path, format!("{name} is not pinned with \"=\"")))
        .collect()
}

/// Taken from the workspace, one of ours by path, or exactly one version.
fn is_pinned(wanted: &Value) -> bool {
    let exact = |version: &Value| version.as_str().is_some_and(|version| version.starts_with('='));
    match wanted {
        Value::Table(table) => {
            table.get("workspace").and_then(Value::as_bool) == Some(true)
                || table.contains_key("path")
                || table.get("version").is_some_and(exact)
        }
        version => exact(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/a/Cargo.toml", manifest)]);
        find(&tree).into_iter().map(|complaint| complaint.message).collect()
    }

    #[test]
    fn pinned_means_exactly_one_version() {
        assert!(
            check("[dependencies]\na.workspace = true\nb = \"=1.2.3\"\nc = { path = \"../c\" }").is_empty()
        );
        assert_eq!(check("[dependencies]\na = \"1.2\""), ["a is not pinned with \"=\""]);
        assert_eq!(check("[workspace.dependencies]\na = { version = \"^1\", features = [] }").len(), 1);
        assert_eq!(check("[target.'cfg(unix)'.dev-dependencies]\na = \"*\"").len(), 1);
        assert_eq!(check("[dependencies]\na = { git = \"https://example.org/a\" }").len(), 1);
    }

    #[test]
    fn every_package_takes_the_workspaces_lints() {
        assert_eq!(check("[package]\nname = \"a\"").len(), 1);
        assert!(check("[package]\nname = \"a\"\n[lints]\nworkspace = true").is_empty());
    }

    #[test]
    fn a_broken_manifest_is_a_complaint() {
        assert_eq!(check("[dependencies").len(), 1);
    }
}
