//! Pixels, and what is made of them: parts, smaller pictures, files.

use std::io::Cursor;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::{Rect, SightError};

/// A picture: 8-bit RGBA, row by row from the top, without gaps. What comes from a screen or a camera is opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Without loss: for text, code and plots.
    Png,
    /// With loss, at this quality of 1 to 100; transparency is lost. For photographs and what a camera saw.
    Jpeg(u8),
}

impl Picture {
    /// A picture of `width * height * 4` bytes.
    ///
    /// # Errors
    /// [`SightError::Picture`] if there are more or fewer bytes.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, SightError> {
        if bytes(width, height) != Some(pixels.len()) {
            let sentence = format!("{} bytes are not {width} times {height} pixels", pixels.len());
            return Err(SightError::Picture(sentence));
        }
        Ok(Self { width, height, pixels })
    }

    /// A picture in one colour.
    ///
    /// # Errors
    /// [`SightError::Picture`] if it does not fit in memory's addresses.
    pub fn filled(width: u32, height: u32, colour: [u8; 4]) -> Result<Self, SightError> {
        let bytes = bytes(width, height).ok_or_else(|| SightError::Picture("it is too large".into()))?;
        let mut pixels = vec![0; bytes];
        if colour != [0; 4] {
            pixels.as_chunks_mut().0.fill(colour);
        }
        Ok(Self { width, height, pixels })
    }

    /// The picture in a PNG or JPEG file.
    ///
    /// # Errors
    /// [`SightError::Picture`] if it is neither.
    pub fn decode(file: &[u8]) -> Result<Self, SightError> {
        let decoded = image::load_from_memory(file).map_err(unmade)?.into_rgba8();
        Self::new(decoded.width(), decoded.height(), decoded.into_raw())
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels: `width * height * 4` bytes.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels, for whoever keeps them.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// One pixel; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 4]> {
        let inside = x < self.width && y < self.height;
        let at = y as usize * self.width as usize + x as usize;
        if inside { self.pixels.as_chunks().0.get(at).copied() } else { None }
    }

    /// A part of it, counted from its upper left corner, as far as it lies inside.
    ///
    /// # Errors
    /// [`SightError::EmptyRegion`] or [`SightError::OffScreen`] where that is nothing.
    pub fn part(&self, part: Rect) -> Result<Self, SightError> {
        let part = crate::geometry::visible(part, [self.bounds()])?;
        let mut pixels = Vec::with_capacity(part.width as usize * part.height as usize * 4);
        for row in 0..part.height {
            pixels.extend_from_slice(&self.pixels[self.span(part, row)]);
        }
        Self::new(part.width, part.height, pixels)
    }

    /// Paints a rectangle over, as far as it lies inside.
    pub(crate) fn paint(&mut self, part: Rect, colour: [u8; 4]) {
        let Some(part) = part.intersection(self.bounds()) else { return };
        for row in 0..part.height {
            let span = self.span(part, row);
            self.pixels[span].as_chunks_mut().0.fill(colour);
        }
    }

    /// Lays another picture over it with its upper left corner here, as far as it lies inside.
    #[cfg_attr(target_os = "linux", allow(dead_code))]
    pub(crate) fn lay(&mut self, over: &Self, x: i32, y: i32) {
        let Some(part) = Rect::new(x, y, over.width, over.height).intersection(self.bounds()) else { return };
        let from = Rect::new(part.x - x, part.y - y, part.width, part.height);
        for row in 0..part.height {
            let (to, from) = (self.span(part, row), over.span(from, row));
            self.pixels[to].copy_from_slice(&over.pixels[from]);
        }
    }

    /// Made smaller, keeping its shape, so that its longer side is at most this many pixels (Lanczos of 3 lobes); a
    /// picture that is small enough stays as it is.
    ///
    /// # Errors
    /// [`SightError::Picture`] for a longest side of 0.
    pub fn at_most(self, longest: u32) -> Result<Self, SightError> {
        let side = self.width.max(self.height);
        if side <= longest {
            return Ok(self);
        }
        let scaled = |length: u32| {
            let scaled = u64::from(length) * u64::from(longest) + u64::from(side) / 2;
            u32::try_from(scaled / u64::from(side)).unwrap_or(longest).max(1)
        };
        let (width, height) = (scaled(self.width), scaled(self.height));
        if longest == 0 {
            return Err(SightError::Picture("the longest side asked for is 0".into()));
        }
        self.resized(width, height)
    }

    /// Brought to this size.
    pub(crate) fn resized(self, width: u32, height: u32) -> Result<Self, SightError> {
        if (width, height) == (self.width, self.height) {
            return Ok(self);
        }
        let from =
            Image::from_vec_u8(self.width, self.height, self.pixels, PixelType::U8x4).map_err(unmade)?;
        let mut to = Image::new(width, height, PixelType::U8x4);
        let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        Resizer::new().resize(&from, &mut to, &how).map_err(unmade)?;
        Self::new(width, height, to.into_vec())
    }

    /// The bytes of a file with it.
    ///
    /// # Errors
    /// [`SightError::Picture`] for what the format cannot hold: no pixels, or a JPEG of more than 65,535 on a side.
    pub fn encode(&self, encoding: Encoding) -> Result<Vec<u8>, SightError> {
        let mut file = Cursor::new(Vec::new());
        let written = match encoding {
            Encoding::Png => {
                PngEncoder::new_with_quality(&mut file, CompressionType::Fast, PngFilter::Adaptive)
                    .write_image(&self.pixels, self.width, self.height, ExtendedColorType::Rgba8)
            }
            Encoding::Jpeg(quality) => {
                let opaque: Vec<u8> =
                    self.pixels.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
                JpegEncoder::new_with_quality(&mut file, quality.clamp(1, 100)).write_image(
                    &opaque,
                    self.width,
                    self.height,
                    ExtendedColorType::Rgb8,
                )
            }
        };
        written.map_err(unmade)?;
        Ok(file.into_inner())
    }

    fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// The bytes of a row of a part that lies inside.
    fn span(&self, part: Rect, row: u32) -> std::ops::Range<usize> {
        // Inside, no coordinate is negative.
        let (x, y) = (part.x.unsigned_abs() as usize, part.y.unsigned_abs() as usize);
        let begin = ((y + row as usize) * self.width as usize + x) * 4;
        begin..begin + part.width as usize * 4
    }
}

/// Its size: never what it shows.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}

fn bytes(width: u32, height: u32) -> Option<usize> {
    usize::try_from(u64::from(width) * u64::from(height)).ok()?.checked_mul(4)
}

fn unmade(error: impl std::fmt::Display) -> SightError {
    SightError::Picture(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];

    fn halves(width: u32, height: u32) -> Picture {
        let mut picture = Picture::filled(width, height, RED).unwrap();
        picture.paint(Rect::new(i32::try_from(width / 2).unwrap(), -9, 9999, 9999), BLUE);
        picture
    }

    #[test]
    fn a_part_is_cut_at_the_edges() {
        let picture = halves(10, 6);
        let part = picture.part(Rect::new(4, 4, 50, 50)).unwrap();
        assert_eq!((part.width(), part.height()), (6, 2));
        assert_eq!([part.pixel(0, 0), part.pixel(1, 1), part.pixel(6, 0)], [Some(RED), Some(BLUE), None]);
        assert_eq!(picture.part(Rect::new(0, 6, 3, 3)), Err(SightError::OffScreen));
        assert_eq!(picture.part(Rect::new(0, 0, 0, 3)), Err(SightError::EmptyRegion));
    }

    #[test]
    fn pictures_of_several_monitors_make_one() {
        let mut whole = Picture::filled(4, 2, [0; 4]).unwrap();
        whole.lay(&Picture::filled(3, 3, RED).unwrap(), -1, -1);
        whole.lay(&Picture::filled(9, 9, BLUE).unwrap(), 3, 1);
        let seen: Vec<_> =
            (0..2).flat_map(|y| (0..4).map(move |x| (x, y))).map(|(x, y)| whole.pixel(x, y)).collect();
        let none = Some([0; 4]);
        assert_eq!(seen, [Some(RED), Some(RED), none, none, Some(RED), Some(RED), none, Some(BLUE)]);
    }

    #[test]
    fn it_becomes_smaller_and_keeps_its_shape_and_colours() {
        let small = halves(1000, 500).at_most(100).unwrap();
        assert_eq!((small.width(), small.height()), (100, 50));
        assert_eq!([small.pixel(5, 25), small.pixel(95, 25)], [Some(RED), Some(BLUE)]);
        assert_eq!(halves(10, 5).at_most(100).unwrap(), halves(10, 5));
        assert_eq!(halves(5000, 2).at_most(10).unwrap().height(), 1);
        assert!(halves(10, 5).at_most(0).is_err());
    }

    #[test]
    fn a_png_has_every_pixel_and_a_jpeg_nearly() {
        let picture = halves(64, 48);
        assert_eq!(Picture::decode(&picture.encode(Encoding::Png).unwrap()).unwrap(), picture);
        let jpeg = Picture::decode(&picture.encode(Encoding::Jpeg(90)).unwrap()).unwrap();
        let [r, _, b, a] = jpeg.pixel(60, 40).unwrap();
        assert!(r < 20 && b > 235 && a == 255);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        assert!(Picture::new(2, 2, vec![0; 15]).is_err());
        assert!(Picture::filled(0, 5, RED).unwrap().encode(Encoding::Png).is_err());
        assert!(Picture::filled(70_000, 1, RED).unwrap().encode(Encoding::Jpeg(80)).is_err());
        assert!(Picture::decode(b"no picture").is_err());
    }
}
