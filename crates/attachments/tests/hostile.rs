#![allow(clippy::unwrap_used, reason = "a test may panic")]

//! What is given and what is made of it: honest files, files that lie, files made to hurt.

use std::collections::HashSet;
use std::io::Cursor;
use std::time::Duration;

use attachments::{
    Attachments, Kept, Kind, LONGEST_SIDE, MOST_FILE_BYTES, MOST_TEXT_BYTES, Refused, Trouble,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

struct House {
    attachments: Attachments,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { attachments: Attachments::new(folder.path().join("attachments")), folder }
    }

    fn take(&self, bytes: &[u8]) -> Kept {
        self.attachments.take(bytes).unwrap()
    }

    fn refuses(&self, bytes: &[u8]) -> Refused {
        match self.attachments.take(bytes) {
            Err(Trouble::Refused(refused)) => refused,
            other => panic!("{other:?}"),
        }
    }

    /// The pixels an engine is sent.
    fn pixels(&self, kept: &Kept) -> RgbImage {
        let pixels = self.attachments.image(kept).unwrap().unwrap().pixels().unwrap();
        RgbImage::from_raw(pixels.width, pixels.height, pixels.rgb).unwrap()
    }
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A picture no two places of which are alike.
fn slope(width: u32, height: u32) -> RgbImage {
    let colour = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap();
    RgbImage::from_fn(width, height, |x, y| Rgb([colour(x, width), colour(y, height), 40]))
}

fn size(kept: &Kept) -> (u32, u32) {
    match kept.kind {
        Kind::Picture { width, height, .. } => (width, height),
        Kind::Text => panic!("it is text"),
    }
}

/// A PNG that says it has this size, one byte a pixel, and whose pixels are zeros packed as tightly as can be.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let row = vec![0; width as usize];
    for _ in 0..height {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    out
}

#[test]
fn every_format_that_is_read_becomes_what_a_model_sees() {
    let house = House::new();
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let kept = house.take(&file(slope(60, 40), format));
        assert_eq!((size(&kept), kept.media_type.as_str()), ((60, 40), "image/png"), "{format:?}");
    }
    let kept = house.take(&file(slope(60, 40), ImageFormat::Jpeg));
    assert_eq!((size(&kept), kept.media_type.as_str()), ((60, 40), "image/jpeg"));
    // Without loss where the file had none.
    assert_eq!(house.pixels(&house.take(&file(slope(60, 40), ImageFormat::Png))), slope(60, 40));
}

#[test]
fn transparency_lies_on_white() {
    let house = House::new();
    let glass = RgbaImage::from_fn(3, 1, |x, _| Rgba([200, 0, 0, [0, 128, 255][x as usize]]));
    let seen = house.pixels(&house.take(&file(glass, ImageFormat::Png)));
    assert_eq!(seen.into_raw(), [255, 255, 255, 227, 127, 127, 200, 0, 0]);
}

#[test]
fn a_large_picture_is_reduced_and_stays_what_it_shows() {
    let house = House::new();
    let kept = house.take(&file(slope(9000, 300), ImageFormat::Png));
    assert_eq!(size(&kept), (LONGEST_SIDE, 68));
    let seen = house.pixels(&kept);
    let Rgb([left, ..]) = seen.get_pixel(20, 34);
    let Rgb([right, ..]) = seen.get_pixel(2027, 34);
    assert!(*left < 10 && *right > 245, "{left} {right}");
    assert_eq!(size(&house.take(&file(slope(1, 5000), ImageFormat::Png))), (1, LONGEST_SIDE));
}

/// The tag that a telephone writes when it was held upright: 6, turn clockwise by a quarter.
#[test]
fn a_photograph_is_turned_upright_and_tells_no_place() {
    let house = House::new();
    let mut photo = file(slope(64, 32), ImageFormat::Jpeg);
    let mut exif =
        b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif[3] = u8::try_from(exif.len() - 2).unwrap();
    photo.splice(2..2, exif);
    let kept = house.take(&photo);
    assert_eq!(size(&kept), (32, 64));
    let seen = house.pixels(&kept);
    let Rgb([_, top, _]) = seen.get_pixel(28, 2);
    let Rgb([bottom_red, ..]) = seen.get_pixel(28, 61);
    assert!(*top < 40 && *bottom_red > 215, "what was left is above: {top} {bottom_red}");
    let bytes = house.attachments.bytes(kept.content).unwrap();
    assert!(!bytes.windows(4).any(|four| four == b"Exif"));
}

#[test]
fn a_picture_of_200_megapixels_is_refused_before_it_is_decoded() {
    let house = House::new();
    let small_file = bomb(20_000, 10_000);
    assert!(small_file.len() < 1 << 20, "few bytes: {}", small_file.len());
    let refused = house.refuses(&small_file);
    assert_eq!(refused, Refused::TooManyPixels { pixels: 200_000_000 });
    assert_eq!(
        refused.to_string(),
        "The picture has 200 megapixels and is too large to be opened (the limit is 64). Make it smaller, or attach a part of it."
    );
}

#[test]
fn a_header_that_promises_the_moon_is_refused() {
    let mut moon = file(slope(4, 4), ImageFormat::Png);
    moon.splice(16..24, [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    // The header's checksum no longer fits: damaged or too large, but no memory.
    let refused = House::new().refuses(&moon);
    assert!(matches!(refused, Refused::TooManyPixels { .. } | Refused::DamagedPicture), "{refused:?}");
    let mut gif = file(slope(4, 4), ImageFormat::Gif);
    gif.splice(6..10, [0xff; 4]);
    let refused = House::new().refuses(&gif);
    assert!(matches!(refused, Refused::TooManyPixels { pixels: 4_294_836_225 }), "{refused:?}");
}

#[test]
fn half_a_picture_is_refused() {
    let house = House::new();
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let whole = file(slope(200, 200), format);
        let refused = house.refuses(&whole[..whole.len() / 2]);
        assert_eq!(refused, Refused::DamagedPicture, "{format:?}");
        assert_eq!(house.refuses(&whole[..20]), Refused::DamagedPicture, "{format:?}");
    }
    let whole = file(slope(200, 200), ImageFormat::Jpeg);
    assert_eq!(house.refuses(&whole[..40]), Refused::DamagedPicture);
}

#[test]
fn bytes_that_changed_on_the_way_never_do_harm() {
    let house = House::new();
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Jpeg] {
        let whole = file(slope(40, 40), format);
        for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 0x5a;
            // Taken or refused: what matters is that it returns.
            let _ = house.attachments.take(&changed);
        }
    }
}

#[test]
fn a_name_does_not_make_a_picture() {
    // There is no name to be given: what it is, the bytes say.
    let house = House::new();
    let kept = house.take(b"I am called photo.png");
    assert_eq!((kept.kind.clone(), kept.media_type.as_str()), (Kind::Text, "text/plain"));
    assert_eq!(house.attachments.text(kept.content).unwrap(), "I am called photo.png");
    assert_eq!(house.refuses(b"\x7fELF\x02\x01\x01\0\0\0"), Refused::Unknown);
    assert_eq!(house.refuses(b"\x89PNG\r\n\x1a\nnot one"), Refused::DamagedPicture);
    assert_eq!(house.refuses(b"\0\0\0\x18ftypheic\0\0\0\0"), Refused::UnreadPicture { format: "HEIC" });
    assert!(matches!(house.refuses(b"PK\x03\x04\x14\0"), Refused::UnreadDocument { .. }));
    assert_eq!(house.refuses(b""), Refused::Empty);
    // Begins as a bitmap does, and is prose.
    assert_eq!(house.take("BM is a state of mind.".as_bytes()).kind, Kind::Text);
}

#[test]
fn sizes_are_stated_and_kept() {
    let house = House::new();
    let bytes = MOST_FILE_BYTES + 1;
    assert_eq!(house.refuses(&vec![b'a'; bytes]), Refused::TooLarge { bytes: bytes as u64 });
    let long = house.refuses(&vec![b'a'; MOST_TEXT_BYTES * 5]);
    assert_eq!(
        long.to_string(),
        "The text has 2560 kB and at most 512 kB are taken: a model could not read more of it. Attach the part that matters."
    );
}

#[test]
fn the_same_file_is_kept_once_and_known_again() {
    let house = House::new();
    let bytes = file(slope(30, 20), ImageFormat::Jpeg);
    let (one, two) = (house.take(&bytes), house.take(&bytes));
    assert_eq!(one, two);
    assert_eq!(house.attachments.describe(one.content).unwrap(), one);
    let image = house.attachments.image(&one).unwrap().unwrap();
    let again = engine::Image::new(30, 20, image.pixels().unwrap().rgb).unwrap();
    assert_eq!(image.id(), again.id(), "the name is that of the pixels that are sent");
    assert_eq!(image.file().unwrap().media_type, "image/jpeg");
}

#[test]
fn a_thumbnail_is_small_and_comes_back_when_it_is_lost() {
    let house = House::new();
    let kept = house.take(&file(slope(1000, 500), ImageFormat::Png));
    let thumbnail = house.attachments.thumbnail(kept.content).unwrap();
    let shown = image::load_from_memory_with_format(&thumbnail.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((shown.width(), shown.height()), (256, 128));
    let folder = house.folder.path().join("attachments");
    std::fs::remove_file(folder.join(format!("{}.small", kept.content))).unwrap();
    assert_eq!(house.attachments.thumbnail(kept.content).unwrap().bytes, thumbnail.bytes);
}

#[test]
fn what_was_tampered_with_is_not_shown() {
    let house = House::new();
    let kept = house.take(b"a text");
    let path = house.folder.path().join("attachments").join(kept.content.to_string());
    std::fs::write(&path, b"another").unwrap();
    assert!(matches!(house.attachments.text(kept.content), Err(Trouble::Damaged)));
    // Given again, it is whole again.
    assert_eq!(house.attachments.text(house.take(b"a text").content).unwrap(), "a text");
    std::fs::remove_file(path).unwrap();
    assert!(matches!(house.attachments.text(kept.content), Err(Trouble::Gone)));
}

#[test]
fn what_no_message_has_is_swept_away() {
    let house = House::new();
    let (wanted, forgotten) = (house.take(b"wanted"), house.take(&file(slope(8, 8), ImageFormat::Png)));
    let keep = HashSet::from([wanted.content]);
    assert_eq!(house.attachments.sweep(&keep, Duration::from_hours(1)).unwrap(), 0, "it may wait to be sent");
    assert_eq!(house.attachments.sweep(&keep, Duration::ZERO).unwrap(), 3);
    assert!(matches!(house.attachments.describe(forgotten.content), Err(Trouble::Gone)));
    assert_eq!(house.attachments.text(wanted.content).unwrap(), "wanted");
    house.attachments.remove(wanted.content).unwrap();
    assert!(matches!(house.attachments.describe(wanted.content), Err(Trouble::Gone)));
}

#[test]
fn an_exported_file_comes_back_under_its_name() {
    let (house, other) = (House::new(), House::new());
    for bytes in [file(slope(30, 20), ImageFormat::Jpeg), b"words".to_vec()] {
        let kept = house.take(&bytes);
        let exported = house.attachments.bytes(kept.content).unwrap();
        assert_eq!(other.attachments.restore(kept.content, &exported).unwrap(), kept);
        assert!(matches!(other.attachments.restore(kept.content, b"else"), Err(Trouble::Damaged)));
    }
}
