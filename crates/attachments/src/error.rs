//! Why a file is not taken, and why one that was kept cannot be had.

use crate::{MOST_FILE_BYTES, MOST_PICTURE_PIXELS, MOST_TEXT_BYTES};

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No bytes.
    #[error("The file is empty.")]
    Empty,
    /// More than [`MOST_FILE_BYTES`].
    #[error("The file has {} and at most {} are taken. Attach a smaller one.", mib(*.bytes), mib(MOST_FILE_BYTES as u64))]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// More than [`MOST_PICTURE_PIXELS`].
    #[error(
        "The picture has {} megapixels and is too large to be opened (the limit is {}). Make it smaller, or attach a part of it.",
        .pixels.div_ceil(1_000_000), MOST_PICTURE_PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// Width times height, as its file says.
        pixels: u64,
    },
    /// More memory than its decoding may take, because there is much to each pixel.
    #[error(
        "The picture has {} megapixels with transparency or very fine colours, more than can be opened. Save it as JPEG, or make it smaller.",
        .pixels.div_ceil(1_000_000)
    )]
    TooMuchToAPixel {
        /// Width times height, as its file says.
        pixels: u64,
    },
    /// Says that it is a picture and cannot be decoded.
    #[error("The picture is damaged or not complete. Open it in another program and save it anew.")]
    DamagedPicture,
    /// A picture in a format that is not read.
    #[error("Pictures of this kind ({format}) cannot be read. Save it as PNG or JPEG and attach that.")]
    UnreadPicture {
        /// `HEIC`, `TIFF`, …
        format: &'static str,
    },
    /// Text that is longer than [`MOST_TEXT_BYTES`].
    #[error(
        "The text has {} and at most {} are taken: a model could not read more of it. Attach the part that matters.",
        kib(*.bytes), kib(MOST_TEXT_BYTES as u64)
    )]
    TextTooLong {
        /// Its size.
        bytes: u64,
    },
    /// A document that is not read.
    #[error("Files of this kind ({format}) cannot be read. Attach its text, or a picture of it.")]
    UnreadDocument {
        /// `PDF`, `ZIP`, …
        format: &'static str,
    },
    /// A document that wants a password.
    #[error("The PDF is locked with a password. Save it without one and attach that.")]
    LockedDocument,
    /// A document that cannot be read.
    #[error("The PDF is damaged, or too much to be read. Attach its text, or pictures of its pages.")]
    DamagedDocument,
    /// Neither a picture nor text.
    #[error(
        "The file is neither a picture nor text, whatever its name says. Attach a picture (PNG, JPEG, WebP, GIF), a PDF or a text file."
    )]
    Unknown,
}

/// Why a file that is kept cannot be had, or one cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It is not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was never there, or somebody removed it.
    #[error("The attached file is no longer there. Attach it again.")]
    Gone,
    /// Its bytes are not those it was kept with.
    #[error("The attached file was damaged on the disk. Attach it again.")]
    Damaged,
    /// The disk.
    #[error("Attached files cannot be kept or read: {0}. Look at the disk, and try again.")]
    Disk(#[from] std::io::Error),
}

fn mib(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1 << 20))
}

fn kib(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1 << 10))
}
