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

/// Pictures that are known by their beginnings and not read. (A HEIC file's brands: ISO/IEC 23008-12.)
const UNREAD_PICTURES: &[(usize, &[u8], &str)] = &[
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
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

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}
