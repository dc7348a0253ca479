//! Pictures of pages.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use attachments::pdf::Picture;

use crate::{MOST_PICTURES, PICTURE_SIDE};

/// Those of the first pages. A page that cannot be drawn ends them.
pub(crate) fn pictures(pdf: &Pdf) -> Vec<Picture> {
    let cache = RenderCache::new();
    pdf.pages().iter().take(MOST_PICTURES).map_while(|page| picture(page, &cache)).collect()
}

fn picture<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>) -> Option<Picture> {
    let (width, height) = page.render_dimensions();
    let side = width.max(height);
    // A page may say that it is a kilometre wide, or nothing at all; what is drawn is bounded all the same.
    if !(side.is_finite() && width >= 1.0 && height >= 1.0) {
        return None;
    }
    let scale = PICTURE_SIDE / side;
    if width * scale < 1.0 || height * scale < 1.0 {
        return None;
    }
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let drawn = render(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    // On white there is no transparency left, so that premultiplied colours are colours.
    let rgb: Vec<u8> =
        drawn.data_as_u8_slice().chunks_exact(4).flat_map(|rgba| [rgba[0], rgba[1], rgba[2]]).collect();
    let mut out = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive);
    let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
    encoder.write_image(&rgb, width, height, ExtendedColorType::Rgb8).ok()?;
    Some(Picture(out))
}
