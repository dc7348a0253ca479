//! Pictures: decoded within limits, made upright and opaque, reduced, and written anew.

use std::io::Cursor;

use engine::{Image, ImageId};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{FilterType, resize, thumbnail};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbImage,
};

use crate::Refused;

/// The longest side of what is kept, pixels. Models of today look at 1 to 4 megapixels; more would only be reduced by
/// them, and a page of small print can still be read.
pub const LONGEST_SIDE: u32 = 2048;

/// The most pixels a picture may have to be decoded at all.
pub const MOST_PICTURE_PIXELS: u64 = 64_000_000;

/// The most bytes its pixels may take when they are decoded; 64 megapixels of three bytes each fit.
pub const MOST_DECODED_BYTES: u64 = 192 << 20;

/// The longest side of a thumbnail, pixels: 128 on a screen of double density.
pub const THUMBNAIL_SIDE: u32 = 256;

/// How well photographs are kept (0 to 100): above 90 nobody sees a difference.
const QUALITY: u8 = 92;

/// How well thumbnails are kept.
const THUMBNAIL_QUALITY: u8 = 80;

/// A picture as it is kept.
pub(crate) struct Made {
    pub(crate) id: ImageId,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) thumbnail: Vec<u8>,
}

/// Makes what is kept of a picture's file. A photograph (JPEG) is kept as one; everything else without loss, because
/// the small print of a screen suffers most from it.
pub(crate) fn make(bytes: &[u8], format: ImageFormat) -> Result<Made, Refused> {
    let rgb = reduced(decode(bytes, format)?, LONGEST_SIDE);
    let (media_type, bytes) = match format {
        ImageFormat::Jpeg => ("image/jpeg", jpeg(&rgb, QUALITY)?),
        _ => ("image/png", png(&rgb)?),
    };
    let thumbnail = jpeg(&reduced(rgb, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)?;
    let (id, width, height) = identify(&bytes)?;
    Ok(Made { id, width, height, media_type, bytes, thumbnail })
}

/// The same for pixels: three bytes each (red, green, blue), row by row. Kept without loss, so that a model knows what is
/// kept by the name of what it saw.
pub(crate) fn of_pixels(width: u32, height: u32, rgb: Vec<u8>) -> Result<Made, Refused> {
    let rgb = RgbImage::from_raw(width, height, rgb).ok_or(Refused::DamagedPicture)?;
    let rgb = reduced(rgb, LONGEST_SIDE);
    let bytes = png(&rgb)?;
    let image =
        Image::new(rgb.width(), rgb.height(), rgb.as_raw().clone()).map_err(|_| Refused::DamagedPicture)?;
    let (id, width, height) = (image.id(), image.width(), image.height());
    let thumbnail = jpeg(&reduced(rgb, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)?;
    Ok(Made { id, width, height, media_type: "image/png", bytes, thumbnail })
}

/// What a kept file shows: its name as a model knows it, and its size.
pub(crate) fn identify(bytes: &[u8]) -> Result<(ImageId, u32, u32), Refused> {
    let rgb = pixels(bytes)?;
    let (width, height) = rgb.dimensions();
    let image = Image::new(width, height, rgb.into_raw()).map_err(|_| Refused::DamagedPicture)?;
    Ok((image.id(), width, height))
}

/// The pixels of a kept file.
pub(crate) fn pixels(bytes: &[u8]) -> Result<RgbImage, Refused> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => decode(bytes, format),
        _ => Err(Refused::DamagedPicture),
    }
}

/// A smaller picture of a kept file, as JPEG.
pub(crate) fn small(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    jpeg(&reduced(pixels(bytes)?, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)
}

/// Upright and opaque. Of what moves, the first picture.
fn decode(bytes: &[u8], format: ImageFormat) -> Result<RgbImage, Refused> {
    let damaged = |_| Refused::DamagedPicture;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    // Beside the pixels, a decoder needs some rows and tables.
    limits.max_alloc = Some(MOST_DECODED_BYTES + (32 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PICTURE_PIXELS {
        return Err(Refused::TooManyPixels { pixels });
    }
    if decoder.total_bytes() > MOST_DECODED_BYTES {
        return Err(Refused::TooMuchToAPixel { pixels });
    }
    // A file may tell a way to turn it that does not exist; it is then shown as it lies.
    let orientation = decoder.orientation().ok();
    let rgb = on_white(DynamicImage::from_decoder(decoder).map_err(damaged)?);
    // Turned when it is small: another copy of a large one would only take memory.
    let mut upright = DynamicImage::ImageRgb8(reduced(rgb, LONGEST_SIDE));
    if let Some(orientation) = orientation {
        upright.apply_orientation(orientation);
    }
    Ok(upright.into_rgb8())
}

/// Without transparency: what a person sees on a white page.
fn on_white(decoded: DynamicImage) -> RgbImage {
    if !decoded.color().has_alpha() {
        return decoded.into_rgb8();
    }
    let rgba = decoded.into_rgba8();
    let (width, height) = rgba.dimensions();
    let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
    for pixel in rgba.pixels() {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        let blend =
            |colour: u32| u8::try_from((colour * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255);
        rgb.extend([blend(red), blend(green), blend(blue)]);
    }
    // The length is right by construction; a picture of nothing would be refused as damaged.
    RgbImage::from_raw(width, height, rgb).unwrap_or_default()
}

/// No side longer than `longest`. A much larger picture is first averaged to twice the size, which takes little memory,
/// and then filtered.
fn reduced(picture: RgbImage, longest: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let side = width.max(height);
    if side <= longest {
        return picture;
    }
    let fit = |length: u32, longest: u32| {
        let scaled = u64::from(length) * u64::from(longest) / u64::from(side);
        u32::try_from(scaled).unwrap_or(longest).max(1)
    };
    let picture = if side > 4 * longest {
        thumbnail(&picture, fit(width, 2 * longest), fit(height, 2 * longest))
    } else {
        picture
    };
    resize(&picture, fit(width, longest), fit(height, longest), FilterType::CatmullRom)
}

fn jpeg(rgb: &RgbImage, quality: u8) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut out, quality).encode_image(rgb);
    encoded.map(|()| out).map_err(|_| Refused::DamagedPicture)
}

fn png(rgb: &RgbImage) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, PngFilter::Adaptive);
    let written = encoder.write_image(rgb, rgb.width(), rgb.height(), ExtendedColorType::Rgb8);
    written.map(|()| out).map_err(|_| Refused::DamagedPicture)
}
