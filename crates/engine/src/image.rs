//! Pictures, as messages carry them.
//!
//! A picture is its pixels: whoever has a file decodes it once, turns it upright and puts it on a ground, so that an
//! engine has no file formats to be attacked through and one content has one name. Requests to a worker carry that
//! name alone; the pixels cross once, when the worker says that it lacks them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most pixels a picture may have. Its bytes then fit into one frame to a worker with room to spare, and it is four
/// times what the models of today look at; larger ones are reduced by whoever decodes them.
pub const MOST_PIXELS: u64 = 1 << 24;

/// Names a picture by its content: SHA-256 over width and height (little-endian, four bytes each) and the pixels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageId(pub [u8; 32]);

impl ImageId {
    fn of(width: u32, height: u32, rgb: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(width.to_le_bytes());
        hasher.update(height.to_le_bytes());
        hasher.update(rgb);
        Self(hasher.finalize().into())
    }
}

impl fmt::Debug for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three, four, ..] = self.0;
        write!(f, "ImageId({one:02x}{two:02x}{three:02x}{four:02x}…)")
    }
}

/// Why pixels are no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// One side is zero.
    #[error("The picture is empty.")]
    Empty,
    /// More than [`MOST_PIXELS`].
    #[error("The picture has {pixels} pixels and at most {MOST_PIXELS} are possible. Make it smaller.")]
    TooLarge {
        /// Width times height.
        pixels: u64,
    },
    /// Not three bytes for each pixel.
    #[error("The picture is damaged.")]
    WrongLength,
}

/// A picture's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    /// `image/png`, `image/jpeg`, …
    pub media_type: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// Where a picture's pixels come from when somebody needs them. Asked on a thread that may wait.
pub trait ImageSource: Send + Sync {
    /// The pixels, three bytes each (red, green, blue; sRGB), row by row from the top left.
    ///
    /// # Errors
    /// A sentence for the user: the picture is no longer there, and what to do.
    fn rgb(&self) -> Result<Arc<[u8]>, String>;

    /// The file that it was, for a server that takes files. What it shows must be the same, upright and opaque.
    fn file(&self) -> Option<ImageFile> {
        None
    }
}

/// Pixels in memory.
struct InMemory(Arc<[u8]>);

impl ImageSource for InMemory {
    fn rgb(&self) -> Result<Arc<[u8]>, String> {
        Ok(Arc::clone(&self.0))
    }
}

/// A picture. Clones share the pixels; equality is that of content. On the wire it is its name and size alone, and what
/// comes out there has no pixels.
#[derive(Clone, Serialize, Deserialize)]
pub struct Image {
    id: ImageId,
    width: u32,
    height: u32,
    #[serde(skip)]
    source: Option<Arc<dyn ImageSource>>,
}

impl Image {
    /// A picture of `width` x `height` pixels, three bytes each (red, green, blue; sRGB), row by row from the top left.
    /// Reads all of them once, for the name.
    ///
    /// # Errors
    /// See [`BadImage`].
    pub fn new(width: u32, height: u32, rgb: impl Into<Arc<[u8]>>) -> Result<Self, BadImage> {
        let rgb = rgb.into();
        check(width, height, rgb.len())?;
        let id = ImageId::of(width, height, &rgb);
        Ok(Self { id, width, height, source: Some(Arc::new(InMemory(rgb))) })
    }

    /// A picture that is kept somewhere under the name it had when it was made by [`Image::new`]. Its source is asked
    /// only when an engine lacks the pixels.
    ///
    /// # Errors
    /// See [`BadImage`].
    pub fn kept(
        id: ImageId,
        width: u32,
        height: u32,
        source: Arc<dyn ImageSource>,
    ) -> Result<Self, BadImage> {
        check_size(width, height)?;
        Ok(Self { id, width, height, source: Some(source) })
    }

    /// Its name.
    pub fn id(&self) -> ImageId {
        self.id
    }

    /// Pixels from left to right.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Its pixels, to be sent. May decode a file or read a disk.
    ///
    /// # Errors
    /// A sentence for the user: they cannot be had.
    pub fn pixels(&self) -> Result<ImagePixels, String> {
        let source = self.source.as_ref().ok_or("The picture is no longer there. Attach it again.")?;
        let rgb = source.rgb()?;
        check(self.width, self.height, rgb.len()).map_err(|error| error.to_string())?;
        Ok(ImagePixels { id: self.id, width: self.width, height: self.height, rgb: rgb.to_vec() })
    }

    /// The file that it was, where it was one and is still there.
    pub fn file(&self) -> Option<ImageFile> {
        self.source.as_ref()?.file()
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Image {}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}x{}, {:?})", self.width, self.height, self.id)
    }
}

/// A picture with its pixels, as they cross to a worker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePixels {
    /// Its name.
    pub id: ImageId,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Three bytes a pixel: red, green, blue; row by row from the top left.
    #[serde(with = "serde_bytes")]
    pub rgb: Vec<u8>,
}

impl ImagePixels {
    /// Whether size and bytes agree.
    ///
    /// # Errors
    /// See [`BadImage`].
    pub fn check(&self) -> Result<(), BadImage> {
        check(self.width, self.height, self.rgb.len())
    }
}

impl fmt::Debug for ImagePixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImagePixels({}x{}, {:?})", self.width, self.height, self.id)
    }
}

fn check(width: u32, height: u32, bytes: usize) -> Result<(), BadImage> {
    check_size(width, height)?;
    let expected = u64::from(width) * u64::from(height) * 3;
    if bytes as u64 == expected { Ok(()) } else { Err(BadImage::WrongLength) }
}

fn check_size(width: u32, height: u32) -> Result<(), BadImage> {
    let pixels = u64::from(width) * u64::from(height);
    match pixels {
        0 => Err(BadImage::Empty),
        _ if pixels > MOST_PIXELS => Err(BadImage::TooLarge { pixels }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_has_the_same_name_and_another_shape_another() {
        let image = |width, height| Image::new(width, height, vec![7; 36]).unwrap();
        assert_eq!(image(3, 4), image(3, 4));
        assert_ne!(image(3, 4), image(4, 3));
        assert_ne!(image(3, 4), Image::new(3, 4, vec![8; 36]).unwrap());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(Image::new(0, 4, vec![]), Err(BadImage::Empty));
        assert_eq!(Image::new(1, 1, vec![0; 4]), Err(BadImage::WrongLength));
        assert_eq!(Image::new(5000, 5000, vec![]), Err(BadImage::TooLarge { pixels: 25_000_000 }));
        let largest = MOST_PIXELS * 3 + 1024;
        assert!(largest < 64 << 20, "it fits into a frame");
    }

    #[test]
    fn only_the_name_crosses_with_a_request() {
        let image = Image::new(100, 100, vec![9; 30_000]).unwrap();
        let bytes = rmp_serde::to_vec_named(&image).unwrap();
        assert!(bytes.len() < 200, "{}", bytes.len());
        let arrived: Image = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!((arrived.id(), arrived.width(), arrived.height()), (image.id(), 100, 100));
        assert!(arrived.pixels().is_err());
        assert_eq!(image.pixels().unwrap().rgb.len(), 30_000);
    }

    #[test]
    fn pixels_cross_as_bytes() {
        let pixels = Image::new(100, 100, vec![200; 30_000]).unwrap().pixels().unwrap();
        let bytes = rmp_serde::to_vec_named(&pixels).unwrap();
        assert!(bytes.len() < 30_200, "{}", bytes.len());
        assert_eq!(rmp_serde::from_slice::<ImagePixels>(&bytes).unwrap(), pixels);
    }

    #[test]
    fn nothing_of_it_is_written_into_a_log() {
        let image = Image::new(2, 1, vec![200, 201, 202, 203, 204, 205]).unwrap();
        assert!(!format!("{image:?} {:?}", image.pixels().unwrap()).contains("20, "));
    }
}
