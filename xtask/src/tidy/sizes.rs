//! No file over 400 lines: the tail is where code rots. (Functions over 60 lines are clippy's `too_many_lines`, whose
//! threshold is in clippy.toml.)

use super::{
    Complaint,
    tree::{SourceFile, Tree},
};

const MOST_LINES: usize = 400;

/// What people write. Data and lock files are not read line by line, nor is what says of itself in its first line that
/// it is generated.
const WRITTEN: &[&str] = &["rs", "ts", "js", "mjs", "svelte", "css", "sh", "py"];
const GENERATED: &str = "Do not edit";

/// Files that are longer, each with its reason. An entry that is no longer needed is a complaint, too.
const LONGER: &[(&str, &str)] = &[
    ("crates/remote/tests/odd_servers.rs", "one short case a behaviour of servers"),
    ("crates/testkit/tests/worker_faults.rs", "one short case a fault"),
    ("crates/worker-host/src/tests.rs", "one short case a rule of the supervisor"),
    ("crates/worker-host/src/llm.rs", "one task and its messages, which are read together"),
    ("crates/worker-llm/src/engine.rs", "one owner of the loaded model and its KV cache"),
    ("ui/src/i18n/en.ts", "one message a line"),
    ("ui/src/i18n/es.ts", "one message a line"),
    ("ui/src/i18n/zh.ts", "one message a line"),
    ("ui/src/markdown/markdown.css", "the look of one component, theme by theme"),
];

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    find_except(tree, LONGER)
}

fn find_except(tree: &Tree, longer: &[(&str, &str)]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let by_hand =
        |file: &&SourceFile| !file.text.lines().next().is_some_and(|first| first.contains(GENERATED));
    for file in tree.with_ending(WRITTEN).filter(by_hand) {
        let count = file.text.lines().count();
        let excused = longer.iter().any(|(path, _)| *path == file.path);
        if count > MOST_LINES && !excused {
            let message =
                format!("{count} lines; more than {MOST_LINES} need a reason in xtask/src/tidy/sizes.rs");
            complaints.push(Complaint::about(&file.path, message));
        } else if count <= MOST_LINES && excused {
            complaints.push(Complaint::about(&file.path, "is no longer too long: take it off the list"));
        }
    }
    let gone = longer.iter().filter(|(path, _)| tree.get(path).is_none());
    complaints.extend(
        gone.map(|(path, _)| Complaint::about(path, "is on the list of long files and does not exist")),
    );
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_need_a_reason_and_reasons_need_a_long_file() {
        let long = "x\n".repeat(MOST_LINES + 1);
        let generated = format!("// Made from crates/api. {GENERATED}.\n{long}");
        let tree = Tree::of(&[
            ("a.rs", &long),
            ("b.rs", "short"),
            ("data.json", &long),
            ("ui/src/generated/api.ts", &generated),
        ]);
        assert_eq!(find_except(&tree, &[]).len(), 1);
        assert!(find_except(&tree, &[("a.rs", "one table")]).is_empty());
        assert_eq!(
            find_except(&tree, &[("a.rs", "one table"), ("b.rs", "was long"), ("c.rs", "gone")]).len(),
            2
        );
    }
}
