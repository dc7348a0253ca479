//! The question: from the arguments, from standard input, or from both.

use std::io::{self, IsTerminal, Read};

use crate::exit::Failure;

/// More is no question but a mistake, in bytes. Far beyond any context.
const LARGEST: u64 = 256 << 20;

/// What is asked once; none means a conversation.
pub(super) fn question(prompt: Option<&str>) -> anyhow::Result<Option<String>> {
    let stdin = io::stdin();
    let piped = if stdin.is_terminal() { None } else { Some(read(stdin.lock())?) };
    if prompt.is_none() && piped.is_none() {
        return Ok(None);
    }
    let text = joined(prompt.unwrap_or_default(), piped.as_deref().unwrap_or_default());
    if text.trim().is_empty() {
        return Err(Failure::usage("There is no question: add -p TEXT, or pipe it in.").into());
    }
    Ok(Some(text))
}

fn read(input: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(
            Failure::usage("Standard input is larger than 256 MiB. Ask about a smaller part of it.").into()
        );
    }
    // Windows programs like to begin text with a mark.
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(text) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let at = error.valid_up_to() + 1;
            let sentence = format!(
                "Standard input is not text in UTF-8: byte {at} is wrong. Convert it first, for example with iconv."
            );
            Err(Failure::usage(sentence).into())
        }
    }
}

fn joined(prompt: &str, piped: &str) -> String {
    let piped = piped.trim_end_matches(['\n', '\r']);
    match (prompt.is_empty(), piped.trim().is_empty()) {
        (_, true) => prompt.to_owned(),
        (true, false) => piped.to_owned(),
        (false, false) => format!("{prompt}\n\n{piped}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_follows_what_is_asked() {
        assert_eq!(joined("Sum up:", "one\ntwo\n"), "Sum up:\n\none\ntwo");
        assert_eq!(joined("", "  keep\n"), "  keep");
        assert_eq!(joined("Hi", "\n"), "Hi");
    }

    #[test]
    fn what_is_no_text_is_refused_with_the_place() {
        let error = read(&b"abc\xff\xfe"[..]).unwrap_err().to_string();
        assert!(error.contains("byte 4"), "{error}");
        assert_eq!(read(&b"\xEF\xBB\xBFabc"[..]).unwrap(), "abc");
    }
}
