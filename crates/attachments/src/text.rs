//! Text and code.

use crate::Refused;

/// The longest text that is taken, bytes of UTF-8: about 130,000 tokens, as many as the longest contexts in use hold.
pub const MOST_TEXT_BYTES: usize = 512 << 10;

/// The text in a file: UTF-8, or UTF-16 that says so with its mark (Windows programs write it). Line ends become `\n`.
pub(crate) fn read(bytes: &[u8]) -> Result<String, Refused> {
    // Bytes of UTF-16 may be twice those of UTF-8; what is longer is not even decoded.
    if bytes.len() > 2 * MOST_TEXT_BYTES + 2 {
        return Err(if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
            Refused::TextTooLong { bytes: bytes.len() as u64 }
        } else {
            Refused::Unknown
        });
    }
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        all => utf8(all)?,
    };
    if text.contains('\0') {
        return Err(Refused::Unknown);
    }
    if text.len() > MOST_TEXT_BYTES {
        return Err(Refused::TextTooLong { bytes: text.len() as u64 });
    }
    if text.trim().is_empty() {
        return Err(Refused::Empty);
    }
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

fn utf8(bytes: &[u8]) -> Result<String, Refused> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Refused::Unknown)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refused> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Refused::Unknown);
    }
    let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
    String::from_utf16(&units).map_err(|_| Refused::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_the_forms_that_programs_write() {
        assert_eq!(read("naïve\r\nline".as_bytes()).unwrap(), "naïve\nline");
        assert_eq!(read(b"\xef\xbb\xbfmarked").unwrap(), "marked");
        assert_eq!(read(b"\xff\xfeh\0i\0").unwrap(), "hi");
        assert_eq!(read(b"\xfe\xff\0h\0i").unwrap(), "hi");
    }

    #[test]
    fn what_is_no_text_or_too_much_is_refused() {
        assert_eq!(read(b"\x7fELF\0\0"), Err(Refused::Unknown));
        assert_eq!(read(b"caf\xe9"), Err(Refused::Unknown));
        assert_eq!(read(b" \n\t"), Err(Refused::Empty));
        let bytes = MOST_TEXT_BYTES + 1;
        assert_eq!(read(&vec![b'a'; bytes]), Err(Refused::TextTooLong { bytes: bytes as u64 }));
        assert!(read(&vec![b'a'; MOST_TEXT_BYTES]).is_ok());
        assert_eq!(read(&vec![0; 4 * MOST_TEXT_BYTES]), Err(Refused::Unknown));
    }
}
