//! What a file is, by its first bytes.

use image::ImageFormat;

use crate::Refused;

/// What its bytes say it is. Whether the rest keeps that promise is seen when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    /// A picture in a format that is read.
    Picture(ImageFormat),
    /// Text, perhaps.
    Text,
}

/// The brands of HEIC files (ISO/IEC 23008-12), at byte 4.
const HEIC: &[&[u8]] = &[b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1"];

/// Pictures that are known by their beginnings and not read.
const UNREAD_PICTURES: &[(usize, &[u8], &str)] = &[
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"\x00\x00\x01\x00", "ICO"),
    (0, b"8BPS", "PSD"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
];

/// Documents that are known by their beginnings and not read.
const UNREAD_DOCUMENTS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "ZIP, or a document of an office program"),
    (b"\xd0\xcf\x11\xe0", "a document of an office program"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"{\\rtf", "RTF"),
];

pub(crate) fn looks(bytes: &[u8]) -> Result<Looks, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif)) => {
            return Ok(Looks::Picture(format));
        }
        Ok(ImageFormat::Bmp) if !is_text(bytes) => return Err(Refused::UnreadPicture { format: "BMP" }),
        _ => {}
    }
    if is_heic(bytes) {
        return Err(Refused::UnreadPicture { format: "HEIC" });
    }
    let unread = UNREAD_PICTURES
        .iter()
        .find(|(at, start, _)| bytes.get(*at..).is_some_and(|it| it.starts_with(start)));
    if let Some((_, _, format)) = unread {
        return Err(Refused::UnreadPicture { format });
    }
    if let Some((_, format)) = UNREAD_DOCUMENTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Refused::UnreadDocument { format });
    }
    Ok(Looks::Text)
}

/// Whether it is a PDF, which is read elsewhere ([`crate::Attachments::take_document`]).
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"%PDF-")
}

/// Whether it is a HEIC picture, which is read elsewhere, by the system, where it can.
pub fn is_heic(bytes: &[u8]) -> bool {
    bytes.get(4..).is_some_and(|rest| HEIC.iter().any(|brand| rest.starts_with(brand)))
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}
