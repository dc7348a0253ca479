//! Files that a person gives to a message: told by their content what they are, bounded, and kept.
//!
//! Owns the folder of kept files and every format that is decoded on the way in. What always holds:
//!
//! - A name and a media type say nothing: what a file is, its bytes tell.
//! - Sizes are looked at before anything is decoded; what a hostile file can make the program hold is bounded
//!   ([`MOST_FILE_BYTES`], [`MOST_DECODED_BYTES`], [`MOST_TEXT_BYTES`]), and what does not fit is refused with a sentence.
//! - What is kept of a picture is what a model sees: upright, opaque, at most [`LONGEST_SIDE`] pixels a side, and without
//!   the place and the camera that its file may have told. The same file always comes to the same content.
//! - A kept file is whole or not there, and bears the SHA-256 of its bytes as its name.
//!
//! Every call blocks, for up to a second or so with a large picture.

mod error;
mod folder;
mod kept;
mod kind;
mod name;
pub mod pdf;
mod picture;
mod text;

pub use error::{Refused, Trouble};
pub use folder::Attachments;
pub use kept::{BadName, ContentName, Kept, Kind, Thumbnail};
pub use kind::{is_heic, is_pdf};
pub use name::file_name;
pub use picture::{LONGEST_SIDE, MOST_DECODED_BYTES, MOST_PICTURE_PIXELS, THUMBNAIL_SIDE};
pub use text::MOST_TEXT_BYTES;

/// The largest file that is taken, bytes. A photograph of a telephone has 5 to 15 MB, a scanned document rarely more
/// than twenty.
pub const MOST_FILE_BYTES: usize = 32 << 20;
