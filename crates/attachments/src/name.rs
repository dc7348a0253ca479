//! Names of files, as they are shown and as a model is told them.

/// The most characters of a name that are kept.
const MOST_CHARS: usize = 120;

/// The last part of a path as one harmless line: no folders, no control characters, nothing that turns the direction of
/// writing (a name may be made to look as if it ended otherwise), at most 120 characters with its ending kept.
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless = |c: char| if c.is_control() { ' ' } else { c };
    let turns =
        |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = last.chars().filter(|c| !turns(c)).map(harmless).collect();
    let clean = clean.trim();
    let count = clean.chars().count();
    if count <= MOST_CHARS {
        return clean.to_owned();
    }
    let ending: String = clean.chars().skip(count - 20).collect();
    let beginning: String = clean.chars().take(MOST_CHARS - 21).collect();
    format!("{beginning}…{ending}")
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_name_is_one_harmless_line() {
        assert_eq!(file_name("/home/me/plot.png"), "plot.png");
        assert_eq!(file_name("C:\\Users\\me\\plot.png"), "plot.png");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("a\nb\0.txt"), "a b .txt");
        assert_eq!(file_name("photo\u{202e}gnp.exe"), "photognp.exe");
        let long = file_name(&format!("{}.tar.gz", "x".repeat(500)));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with(".tar.gz"));
    }
}
