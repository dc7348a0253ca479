//! Licences: ours is stated everywhere, everybody else's is on the list in deny.toml. All code comes from one place, and
//! of each engine there is one copy.
//!
//! `cargo deny` reads the same list and checks more; this runs even where it is not installed.

use super::{
    Complaint,
    metadata::{Metadata, Package},
    tree::Tree,
};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

const OURS: &str = "MIT OR Apache-2.0";
const TEXTS: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];
const ALLOWED: &str = "deny.toml";
const ONE_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Native code that cannot be linked twice, and what would double the size of the window's program.
const ONE_COPY: &[&str] = &["llama-cpp-sys-2", "libsqlite3-sys", "openssl-sys", "tauri", "tokio", "reqwest"];

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

pub(super) fn find(tree: &Tree, metadata: &Metadata) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = TEXTS
        .iter()
        .filter(|text| tree.get(text).is_none())
        .map(|text| Complaint::about(text, "the licence text is missing"))
        .collect();
    complaints.extend(front_end(tree));
    match tree.get(ALLOWED).map(|file| toml::from_str::<Deny>(&file.text)) {
        None => {
            complaints
                .push(Complaint::about(ALLOWED, "is missing: the list of licences that may be shipped"));
        }
        Some(Err(error)) => complaints.push(Complaint::about(ALLOWED, error.to_string())),
        Some(Ok(deny)) => {
            complaints.extend(
                metadata.packages.iter().flat_map(|package| of_package(package, metadata, &deny.licenses)),
            );
        }
    }
    complaints.extend(ONE_COPY.iter().filter_map(|name| copies(name, metadata)));
    complaints
}

fn front_end(tree: &Tree) -> Option<Complaint> {
    let package = tree.get("ui/package.json")?;
    let stated = package.text.contains(&format!("\"license\": \"{OURS}\""));
    (!stated).then(|| Complaint::about(&package.path, format!("the licence is not {OURS}")))
}

fn of_package(package: &Package, metadata: &Metadata, licences: &Licences) -> Vec<Complaint> {
    let name = format!("{} {}", package.name, package.version);
    let licence = package.license.as_deref().unwrap_or_default();
    if metadata.is_ours(package) {
        let excepted = licences.exceptions.iter().any(|exception| {
            exception.package == package.name && exception.allow.iter().any(|allowed| allowed == licence)
        });
        let wrong = licence != OURS && !excepted;
        return wrong
            .then(|| Complaint::about(&name, format!("the licence is not {OURS}")))
            .into_iter()
            .collect();
    }
    let mut complaints = Vec::new();
    if package.source.as_deref() != Some(ONE_SOURCE) {
        complaints.push(Complaint::about(&name, "does not come from crates.io"));
    }
    if !may_be_shipped(licence, &licences.allowed_for(&package.name)) {
        complaints.push(Complaint::about(
            &name,
            format!("the licence \"{licence}\" is not on the list in {ALLOWED}"),
        ));
    }
    complaints
}

impl Licences {
    fn allowed_for(&self, package: &str) -> Vec<&str> {
        let exceptions = self.exceptions.iter().filter(|exception| exception.package == package);
        self.allow
            .iter()
            .chain(exceptions.flat_map(|exception| &exception.allow))
            .map(String::as_str)
            .collect()
    }
}

/// Whether the expression can be satisfied with allowed licences alone.
fn may_be_shipped(expression: &str, allowed: &[&str]) -> bool {
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|licence| allowed.contains(&licence.to_string().as_str()))
    })
}

fn copies(name: &str, metadata: &Metadata) -> Option<Complaint> {
    let versions: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| package.name == name)
        .map(|package| package.version.as_str())
        .collect();
    (versions.len() > 1).then(|| {
        Complaint::about("Cargo.lock", format!("{name} is there in versions {}", versions.join(" and ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, licence: &str) -> Package {
        Package {
            id: format!("{name} {licence}"),
            version: "1.0.0".to_owned(),
            license: Some(licence.to_owned()),
            source: Some(ONE_SOURCE.to_owned()),
            ..Package::of(name, &[])
        }
    }

    fn check(ours: Vec<Package>, others: Vec<Package>) -> Vec<String> {
        let deny = "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\"]\n\
                    exceptions = [{ crate = \"cssparser\", allow = [\"MPL-2.0\"] }]\n";
        let tree = Tree::of(&[("LICENSE-MIT", ""), ("LICENSE-APACHE", ""), (ALLOWED, deny)]);
        find(&tree, &Metadata::of(ours, others)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn allowed_licences_pass_in_every_spelling() {
        for licence in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Zlib) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(check(vec![], vec![package("a", licence)]), Vec::<String>::new(), "{licence}");
        }
        assert!(check(vec![], vec![package("cssparser", "MPL-2.0")]).is_empty());
    }

    #[test]
    fn other_licences_do_not() {
        for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "MPL-2.0", "", "no such thing"] {
            assert_eq!(check(vec![], vec![package("a", licence)]).len(), 1, "{licence}");
        }
    }

    #[test]
    fn ours_and_the_texts_are_stated() {
        assert_eq!(
            check(vec![package("session", "MIT")], vec![]),
            ["session 1.0.0: the licence is not MIT OR Apache-2.0"]
        );
        assert!(check(vec![package("session", OURS)], vec![]).is_empty());
        assert!(check(vec![package("cssparser", "MPL-2.0")], vec![]).is_empty(), "an exception by name");
        let nothing = find(&Tree::of(&[("ui/package.json", "{}")]), &Metadata::of(vec![], vec![]));
        assert_eq!(nothing.len(), 4, "two texts, the front end's licence, the list");
    }

    #[test]
    fn one_source_and_one_copy() {
        let git = Package { source: Some("git+https://example.org/a".to_owned()), ..package("a", "MIT") };
        assert_eq!(check(vec![], vec![git]), ["a 1.0.0: does not come from crates.io"]);
        let two = vec![package("libsqlite3-sys", "MIT"), package("libsqlite3-sys", "Apache-2.0")];
        assert_eq!(check(vec![], two).len(), 1);
    }
}
