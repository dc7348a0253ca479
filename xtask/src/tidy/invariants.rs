//! Every invariant in `crates/ARCHITECTURE.md` names a test that exists.
//!
//! # Format
//! An invariant is an item of a numbered list below a heading that has the word "Invariants" in it. Its text, which may
//! go on over several lines, holds one clause `held by` with one or more names in backticks:
//!
//! ```text
//! ## Invariants
//! 1. Nothing half-written is ever loaded (held by `model-store::fetch::a_lying_length_is_refused`).
//! 2. Queued text survives a crash of the worker (held by `session::a_crash_keeps_the_queue` and
//!    `ui/tests/unit/queue.test.ts > keeps what was typed`).
//! ```
//!
//! - `package::…::name` is a Rust test: a function `name` with a test attribute somewhere in that package. The modules in
//!   between are for the reader.
//! - `path/to/file.test.ts > title` is a front-end test: the file holds the title.

use super::{
    Complaint,
    tree::{SourceFile, Tree},
};

const PAGE: &str = "crates/ARCHITECTURE.md";

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let Some(page) = tree.get(PAGE) else {
        return vec![Complaint::about(PAGE, "is missing: the map of the house and its invariants")];
    };
    let items = items(page);
    if items.is_empty() {
        return vec![Complaint::about(PAGE, "has no numbered list below a heading \"Invariants\"")];
    }
    items.iter().flat_map(|item| of_item(item, tree)).collect()
}

struct Item {
    line: usize,
    text: String,
}

/// The numbered items below the headings that say so, each with its continuation lines.
fn items(page: &SourceFile) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let (mut inside, mut open) = (false, false);
    for (line, text) in page.lines() {
        if text.starts_with('#') {
            inside = text.to_lowercase().contains("invariant");
            open = false;
        } else if inside && is_numbered(text) {
            items.push(Item { line, text: text.to_owned() });
            open = true;
        } else if text.trim().is_empty() {
            open = false;
        } else if open && let Some(item) = items.last_mut() {
            item.text.push(' ');
            item.text.push_str(text.trim());
        }
    }
    items
}

fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(". ")
}

fn of_item(item: &Item, tree: &Tree) -> Vec<Complaint> {
    let names = item.text.split_once("held by").map(|(_, clause)| in_backticks(clause)).unwrap_or_default();
    if names.is_empty() {
        return vec![Complaint::at(PAGE, item.line, "the invariant names no test (held by `package::test`)")];
    }
    names
        .iter()
        .filter_map(|name| Some(Complaint::at(PAGE, item.line, format!("`{name}`: {}", absent(name, tree)?))))
        .collect()
}

fn in_backticks(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Why the named test cannot be found, if it cannot.
fn absent(name: &str, tree: &Tree) -> Option<String> {
    if let Some((path, title)) = name.split_once(" > ") {
        let found = tree.get(path).is_some_and(|file| file.text.contains(title));
        return (!found).then(|| format!("{path} has no test of that title"));
    }
    let Some((package, rest)) = name.split_once("::") else {
        return Some("is neither `package::test` nor `file > title`".to_owned());
    };
    let test = rest.rsplit("::").next().unwrap_or(rest);
    let Some(folder) = package_folder(package, tree) else {
        return Some(format!("there is no package {package}"));
    };
    let found =
        tree.below(&folder).filter(|file| file.has_ending(&["rs"])).any(|file| has_test(&file.text, test));
    (!found).then(|| format!("the package {package} has no test {test}"))
}

/// `model_store` and `model-store` both name the package.
fn package_folder(package: &str, tree: &Tree) -> Option<String> {
    let wanted = package.replace('_', "-");
    let manifest = tree.files.iter().find(|file| {
        file.path.ends_with("/Cargo.toml")
            && file.text.lines().any(|line| line == format!("name = \"{wanted}\""))
    })?;
    manifest.path.strip_suffix("Cargo.toml").map(str::to_owned)
}

/// A function of this name with an attribute `#[test]`, `#[tokio::test(…)]` or the like above it.
fn has_test(text: &str, name: &str) -> bool {
    let mut attributed = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributed |= is_test_attribute(line);
        } else if line.contains(&format!("fn {name}(")) {
            return attributed;
        } else if !line.starts_with("//") {
            attributed = false;
        }
    }
    false
}

fn is_test_attribute(line: &str) -> bool {
    let path = line.trim_start_matches("#[").split(['(', ']']).next().unwrap_or_default();
    path.rsplit("::").next() == Some("test")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: (&str, &str) = ("crates/model-store/Cargo.toml", "[package]\nname = \"model-store\"\n");
    const SOURCE: (&str, &str) = (
        "crates/model-store/src/fetch.rs",
        "fn no_test() {}\n#[tokio::test(start_paused = true)]\nasync fn holds() {}\n#[test]\n#[ignore]\nfn slow() {}\n",
    );

    fn check(page: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (PAGE, page),
            MANIFEST,
            SOURCE,
            ("ui/tests/a.test.ts", "it('keeps words', () => {})"),
        ]);
        find(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn named_tests_that_exist_are_enough() {
        let page = "# House\n## Invariants\n1. One thing (held by `model-store::fetch::holds`).\n\
                    2. Another, told\n   at length (held by `model_store::slow` and\n   `ui/tests/a.test.ts > keeps words`).\n\
                    \n## Map\n1. No invariant.\n";
        assert_eq!(check(page), Vec::<String>::new());
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        assert!(
            check("## Invariants\n1. Trust me.\n")[0]
                .starts_with("crates/ARCHITECTURE.md:2: the invariant names no")
        );
    }

    #[test]
    fn a_test_that_does_not_exist_is_found() {
        for name in [
            "model-store::gone",
            "model-store::no_test",
            "attic::holds",
            "holds",
            "ui/tests/a.test.ts > loses words",
        ] {
            assert_eq!(check(&format!("## Invariants\n1. So (held by `{name}`).\n")).len(), 1, "{name}");
        }
    }

    #[test]
    fn the_page_and_its_list_must_be_there() {
        assert_eq!(find(&Tree::of(&[])).len(), 1);
        assert_eq!(check("# House\n").len(), 1);
    }
}
