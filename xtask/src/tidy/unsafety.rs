//! `unsafe` only in the workers' crates, and each with a `SAFETY:` line right above (or on the same line).

use super::{
    Complaint,
    lines::{code_only, has_word},
    tree::{SourceFile, Tree},
};

const WORKERS: &str = "crates/worker-";

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    tree.with_ending(&["rs"]).flat_map(of_file).collect()
}

fn of_file(file: &SourceFile) -> Vec<Complaint> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut complaints = Vec::new();
    for (index, code) in code_only(&file.text).lines().enumerate() {
        if file.path.starts_with(WORKERS) {
            if needs_reason(code) && !is_explained(&lines, index) {
                complaints.push(Complaint::at(
                    &file.path,
                    index + 1,
                    "unsafe without a `// SAFETY:` line above it",
                ));
            }
        } else if has_word(code, "unsafe")
            || code.contains("allow(unsafe_code")
            || code.contains("expect(unsafe_code")
        {
            complaints.push(Complaint::at(&file.path, index + 1, "unsafe is for the workers' crates only"));
        }
    }
    complaints
}

/// A block or an implementation. The declaration of an unsafe function does nothing yet: what it does is in blocks, and
/// clippy asks the public ones for a `# Safety` section.
fn needs_reason(code: &str) -> bool {
    let mut after = code.split("unsafe").skip(1).map(str::trim_start);
    has_word(code, "unsafe") && after.any(|rest| !rest.starts_with("fn ") && !rest.starts_with("extern "))
}

/// On the line itself, or in the comment and attribute lines just above it.
fn is_explained(lines: &[&str], index: usize) -> bool {
    let above = lines[..index].iter().rev().take_while(|line| {
        let line = line.trim_start();
        line.starts_with("//") || line.starts_with("#[")
    });
    above.chain([&lines[index]]).any(|line| line.contains("SAFETY:") || line.contains("# Safety"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        find(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn unsafe_is_for_workers() {
        assert_eq!(check("crates/session/src/lib.rs", "fn a() { unsafe { b() } }"), 1);
        assert_eq!(check("crates/session/src/lib.rs", "#![allow(unsafe_code)]"), 1);
        assert_eq!(check("crates/session/src/lib.rs", "// unsafe\nlet a = \"unsafe {\";"), 0);
    }

    #[test]
    fn unsafe_is_explained() {
        let path = "crates/worker-llm/src/abort.rs";
        assert_eq!(check(path, "let a = unsafe { b() };"), 1);
        assert_eq!(check(path, "// SAFETY: b has no conditions.\nlet a = unsafe { b() };"), 0);
        assert_eq!(check(path, "// SAFETY: as above,\n// and more.\n#[inline]\nunsafe fn a() {}"), 0);
        assert_eq!(check(path, "// SAFETY: of another one.\nlet c = 1;\nlet a = unsafe { b() };"), 1);
        assert_eq!(check(path, "#![allow(unsafe_code)]"), 0);
        assert_eq!(check(path, "unsafe extern \"C\" fn take(text: *const c_char) {}"), 0);
        assert_eq!(check(path, "unsafe impl Send for Context {}"), 1);
    }
}
