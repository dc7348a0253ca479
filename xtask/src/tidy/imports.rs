//! Only `ui/src/host` imports the web view's API: everything else talks to a host, and there are two.

use super::{Complaint, tree::Tree};

const SOURCES: &str = "ui/src/";
const ALLOWED: &str = "ui/src/host/";

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let sources = tree.below(SOURCES).filter(|file| file.has_ending(&["ts", "js", "svelte"]));
    for file in sources.filter(|file| !file.path.starts_with(ALLOWED)) {
        for (number, line) in file.lines() {
            if ["'@tauri-apps/", "\"@tauri-apps/", "__TAURI"].iter().any(|way| line.contains(way)) {
                complaints.push(Complaint::at(
                    &file.path,
                    number,
                    format!("only {ALLOWED} may use the web view's API"),
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_views_api_stays_in_one_folder() {
        let import = "import { invoke } from '@tauri-apps/api/core';\n";
        let tree = Tree::of(&[
            ("ui/src/host/tauri.ts", import),
            ("ui/src/views/App.svelte", import),
            ("ui/src/state/keys.ts", "const dialog = await import(\"@tauri-apps/plugin-dialog\");"),
            ("ui/package.json", "\"@tauri-apps/api\": \"2\""),
        ]);
        let found: Vec<String> = find(&tree).into_iter().map(|complaint| complaint.file).collect();
        assert_eq!(found, ["ui/src/views/App.svelte", "ui/src/state/keys.ts"]);
    }
}
