//! Reads a PDF: its text, and where it has none (a scan) pictures of its first pages.
//!
//! A PDF is a program for drawing, and may be one that draws for ever or unpacks to gigabytes. So it is read in a process
//! of its own (the program of this crate), which limits its own memory and computing time where the system can, and which
//! whoever started it ends after a while. What always holds: what comes out is bounded by the constants below, whatever
//! goes in; nothing but standard input, standard output and the process's own exit is used.

mod pages;
mod text;

use attachments::pdf::{Document, Unread};

/// The most pages whose text is read.
pub const MOST_PAGES: usize = 200;

/// The most text, bytes: as much as a text file may have.
pub const MOST_TEXT_BYTES: usize = 500 << 10;

/// The most pages of which pictures are made.
pub const MOST_PICTURES: usize = 8;

/// The longest side of a page's picture, pixels. A page of A4 has 150 of them an inch then, enough for its print.
pub const PICTURE_SIDE: f32 = 1754.0;

/// A page of a scan has fewer letters than this, all in stray marks and page numbers.
const FEW_LETTERS: usize = 32;

/// Reads a PDF.
///
/// # Errors
/// See [`Unread`].
pub fn read(bytes: Vec<u8>) -> Result<Document, Unread> {
    use hayro::hayro_syntax::{LoadPdfError, Pdf};
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Unread::Locked,
        LoadPdfError::Invalid => Unread::Damaged,
    })?;
    let pages = pdf.pages().len();
    if pages == 0 {
        return Err(Unread::Empty);
    }
    let texts = text::of_pages(&pdf);
    let letters: usize = texts.iter().map(|page| page.chars().filter(|c| c.is_alphanumeric()).count()).sum();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    if letters < FEW_LETTERS * texts.len().min(MOST_PICTURES) {
        let pictures = pages::pictures(&pdf);
        let read = count(pictures.len());
        return Ok(Document { pages: count(pages), read, text: String::new(), pictures });
    }
    let (text, read) = text::joined(&texts, pages);
    Ok(Document { pages: count(pages), read: count(read), text, pictures: Vec::new() })
}
