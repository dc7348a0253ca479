//! Files as a model is told them: quoted, each with its name, before the words about them.

/// The words with the files before them; `files` are pairs of name and text.
pub fn with_files(files: &[(String, String)], words: &str) -> String {
    let mut out = String::new();
    for (name, text) in files {
        let fence = fence_for(text);
        let title = if name.is_empty() { "A file:".to_owned() } else { format!("The file “{name}”:") };
        let text = text.trim_end_matches('\n');
        out.extend([title.as_str(), "\n", &fence, "\n", text, "\n", &fence, "\n\n"]);
    }
    out.push_str(words);
    out.truncate(out.trim_end().len());
    out
}

/// Backticks, more than the text has anywhere in a row: nothing in a file can end its quotation.
pub(crate) fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::with_files;

    fn file(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn files_stand_before_the_words() {
        let files = [file("main.rs", "fn main() {}\n"), file("", "x")];
        assert_eq!(
            with_files(&files, "Explain."),
            "The file “main.rs”:\n```\nfn main() {}\n```\n\nA file:\n```\nx\n```\n\nExplain."
        );
        assert_eq!(with_files(&[], "Explain."), "Explain.");
    }

    #[test]
    fn a_file_cannot_end_its_own_quotation() {
        let quoted = with_files(&[file("a.md", "```\ncode\n````\n")], "");
        assert_eq!(quoted, "The file “a.md”:\n`````\n```\ncode\n````\n`````");
    }
}
