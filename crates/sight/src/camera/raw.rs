//! What cameras send, and pictures made of it.

use crate::{Picture, SightError};

/// How a camera packs its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawFormat {
    /// A JPEG file each.
    Jpeg,
    /// Two pixels in four bytes: Y U Y V.
    Yuyv,
    /// All Y, then U and V in turn for every two by two pixels.
    Nv12,
    /// A byte a pixel.
    Grey,
    Rgb,
    Bgr,
    Rgba,
}

/// A picture as it came.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) format: RawFormat,
    pub(crate) bytes: Vec<u8>,
}

impl Raw {
    /// Decodes it. Some cameras send more bytes than a picture has; fewer are an error.
    pub(crate) fn picture(&self) -> Result<Picture, SightError> {
        if self.format == RawFormat::Jpeg {
            return Picture::decode(&self.bytes);
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let pixels = width * height;
        let needed = match self.format {
            RawFormat::Jpeg => 0,
            RawFormat::Yuyv => width.div_ceil(2) * 4 * height,
            RawFormat::Nv12 => pixels + width.div_ceil(2) * 2 * height.div_ceil(2),
            RawFormat::Grey => pixels,
            RawFormat::Rgb | RawFormat::Bgr => pixels * 3,
            RawFormat::Rgba => pixels * 4,
        };
        let Some(bytes) = self.bytes.get(..needed) else {
            return Err(SightError::Picture("the camera sent only a part of it".into()));
        };
        let rgba: Vec<u8> = match self.format {
            RawFormat::Jpeg => Vec::new(),
            RawFormat::Yuyv => {
                let row = width.div_ceil(2) * 4;
                bytes.chunks_exact(row.max(1)).flat_map(|row| yuyv(row, width)).flatten().collect()
            }
            RawFormat::Nv12 => nv12(bytes, width, height),
            RawFormat::Grey => bytes.iter().flat_map(|&grey| [grey, grey, grey, 255]).collect(),
            RawFormat::Rgb => bytes.as_chunks().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect(),
            RawFormat::Bgr => bytes.as_chunks().0.iter().flat_map(|&[b, g, r]| [r, g, b, 255]).collect(),
            RawFormat::Rgba => bytes.to_vec(),
        };
        Picture::new(self.width, self.height, rgba)
    }
}

fn yuyv(row: &[u8], width: usize) -> impl Iterator<Item = [u8; 4]> {
    let both = |&[y0, u, y1, v]: &[u8; 4]| [rgba(y0, u, v), rgba(y1, u, v)];
    row.as_chunks().0.iter().flat_map(both).take(width)
}

fn nv12(bytes: &[u8], width: usize, height: usize) -> Vec<u8> {
    let (luma, chroma) = bytes.split_at(width * height);
    let stride = width.div_ceil(2) * 2;
    let mut out = Vec::with_capacity(width * height * 4);
    for (row, line) in luma.chunks_exact(width.max(1)).enumerate() {
        let chroma = &chroma[row / 2 * stride..];
        for (column, &y) in line.iter().enumerate() {
            let at = column / 2 * 2;
            out.extend(rgba(y, chroma[at], chroma[at + 1]));
        }
    }
    out
}

/// ITU-R BT.601, with 16 to 235 for black to white, as USB cameras use it (USB Video Class 1.5, colour matching).
fn rgba(y: u8, u: u8, v: u8) -> [u8; 4] {
    let (y, u, v) = (i32::from(y) - 16, i32::from(u) - 128, i32::from(v) - 128);
    let byte = |value: i32| u8::try_from(((value + 128) >> 8).clamp(0, 255)).unwrap_or(u8::MAX);
    [byte(298 * y + 409 * v), byte(298 * y - 100 * u - 208 * v), byte(298 * y + 516 * u), 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(format: RawFormat, width: u32, height: u32, bytes: &[u8]) -> Vec<[u8; 4]> {
        let raw = Raw { width, height, format, bytes: bytes.to_vec() };
        raw.picture().unwrap().pixels().as_chunks().0.to_vec()
    }

    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const WHITE: [u8; 4] = [255, 255, 255, 255];

    #[test]
    fn every_format_gives_the_same_colours() {
        assert_eq!(pixels(RawFormat::Yuyv, 2, 1, &[16, 128, 235, 128]), [BLACK, WHITE]);
        assert_eq!(pixels(RawFormat::Yuyv, 1, 2, &[16, 128, 9, 128, 235, 128, 9, 128]), [BLACK, WHITE]);
        assert_eq!(
            pixels(RawFormat::Nv12, 2, 2, &[16, 235, 235, 16, 128, 128]),
            [BLACK, WHITE, WHITE, BLACK]
        );
        assert_eq!(pixels(RawFormat::Nv12, 3, 1, &[16, 235, 16, 128, 128, 128, 128]), [BLACK, WHITE, BLACK]);
        assert_eq!(pixels(RawFormat::Grey, 2, 1, &[0, 255]), [BLACK, WHITE]);
        assert_eq!(pixels(RawFormat::Rgb, 1, 1, &[1, 2, 3]), [[1, 2, 3, 255]]);
        assert_eq!(pixels(RawFormat::Bgr, 1, 1, &[3, 2, 1]), [[1, 2, 3, 255]]);
        // Pure red in BT.601.
        let [r, g, b, _] = pixels(RawFormat::Yuyv, 2, 1, &[81, 90, 81, 240])[0];
        assert!(r >= 253 && g <= 2 && b <= 2, "{r} {g} {b}");
    }

    #[test]
    fn a_jpeg_is_decoded_and_half_a_picture_is_an_error() {
        let picture = Picture::filled(8, 8, WHITE).unwrap();
        let jpeg = picture.encode(crate::Encoding::Jpeg(90)).unwrap();
        assert_eq!(pixels(RawFormat::Jpeg, 8, 8, &jpeg), [WHITE; 64]);
        let half = Raw { width: 2, height: 2, format: RawFormat::Rgb, bytes: vec![0; 11] };
        assert!(half.picture().is_err());
        // Some cameras fill up their last packet.
        assert_eq!(pixels(RawFormat::Grey, 1, 1, &[255, 7, 7]), [WHITE]);
    }
}
