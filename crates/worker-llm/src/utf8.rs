//! Whole characters out of the bytes that tokens stand for: a token may end in the middle of a character.

/// Puts bytes together to text; a character is given out when it is complete.
#[derive(Debug, Clone, Default)]
pub struct Utf8Assembler {
    /// The beginning of a character, at most three bytes, between calls.
    pending: Vec<u8>,
}

impl Utf8Assembler {
    /// Takes bytes; gives the text that is complete with them. What can never become a character is given as U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        if self.pending.is_empty()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return text.to_owned();
        }
        self.pending.extend_from_slice(bytes);
        let mut out = String::new();
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            out.push_str(chunk.valid());
            used += chunk.valid().len();
            let broken = chunk.invalid();
            if broken.is_empty() || (used + broken.len() == self.pending.len() && may_continue(broken)) {
                break;
            }
            out.push(char::REPLACEMENT_CHARACTER);
            used += broken.len();
        }
        self.pending.drain(..used);
        out
    }

    /// Whether a character has begun and is not complete. At the end of a reply such a beginning is left out.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Whether `bytes` are the beginning of some character.
fn may_continue(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&[u8]], expect: &[&str]) {
        let mut assembler = Utf8Assembler::default();
        let out: Vec<String> = pieces.iter().map(|piece| assembler.push(piece)).collect();
        assert_eq!(out, expect);
    }

    #[test]
    fn whole_characters_pass() {
        check(&["häh".as_bytes(), "🎉".as_bytes()], &["häh", "🎉"]);
    }

    #[test]
    fn a_character_in_pieces_comes_when_complete() {
        check(&[b"a\xf0\x9f", b"\x8e", b"\x89b"], &["a", "", "🎉b"]);
        check(&[b"\xc3", b"\xa4"], &["", "ä"]);
    }

    #[test]
    fn broken_bytes_are_replaced_and_lose_nothing_else() {
        check(&[b"a\xffb"], &["a\u{fffd}b"]);
        check(&[b"\xf0\x9f", b"x"], &["", "\u{fffd}x"]);
        check(&[b"\xc3\xc3", b"\xa4"], &["\u{fffd}", "ä"]);
    }

    #[test]
    fn a_beginning_is_waited_for() {
        let mut assembler = Utf8Assembler::default();
        assembler.push(b"\xf0\x9f");
        assert!(assembler.is_waiting());
    }
}
