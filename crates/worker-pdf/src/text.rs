//! The text of pages, from where their letters stand.

use std::fmt::Write as _;

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::kurbo::{BezPath, Point, Rect, Vec2};

use crate::{MOST_PAGES, MOST_TEXT_BYTES};

/// The most letters that are taken of one page: the densest pages of print have about ten thousand.
const MOST_LETTERS: usize = 50_000;

/// The texts of the first pages, as many as there are or are read.
pub(crate) fn of_pages(pdf: &Pdf) -> Vec<String> {
    let cache = InterpreterCache::new();
    let mut texts = Vec::new();
    let mut bytes = 0;
    for page in pdf.pages().iter().take(MOST_PAGES) {
        let transform = page.initial_transform(true).to_kurbo();
        let (width, height) = page.render_dimensions();
        let bounds = Rect::new(0.0, 0.0, width.into(), height.into());
        let mut context = Context::new(transform, bounds, &cache, pdf.xref(), InterpreterSettings::default());
        let mut lines = Lines::default();
        interpret_page(page, &mut context, &mut lines);
        bytes += lines.text.len();
        texts.push(lines.text);
        if bytes > MOST_TEXT_BYTES {
            break;
        }
    }
    texts
}

/// One text of them, and of how many pages it is: whole pages, of which the last may be cut.
pub(crate) fn joined(texts: &[String], pages: usize) -> (String, usize) {
    let mut out = String::new();
    let mut read = 0;
    for (number, text) in (1..).zip(texts) {
        let head = if pages > 1 { format!("[Page {number} of {pages}]\n") } else { String::new() };
        let room = MOST_TEXT_BYTES.saturating_sub(out.len() + head.len());
        if room == 0 {
            break;
        }
        let text = text.trim();
        let cut = text.floor_char_boundary(room.min(text.len()));
        out.push_str(&head);
        out.push_str(&text[..cut]);
        out.push_str("\n\n");
        read = number;
        if cut < text.len() {
            break;
        }
    }
    if read < pages {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "[The pages after page {read} are left out: the document is too long.]");
    }
    (out, read)
}

/// Letters, gathered into lines in the order in which they are drawn. That is the order of reading in nearly every
/// document that a program has set; nothing is known of columns and tables.
#[derive(Default)]
struct Lines {
    text: String,
    letters: usize,
    last: Option<Letter>,
}

/// Where a letter stands, in points from the top left.
#[derive(Clone, Copy)]
struct Letter {
    /// On its base line.
    start: Point,
    /// Where the next one is expected.
    end: Point,
    size: f64,
}

impl Lines {
    fn add(&mut self, letter: Letter, words: &str) {
        self.letters += 1;
        if self.letters > MOST_LETTERS || words.chars().all(char::is_control) {
            return;
        }
        if let Some(last) = self.last {
            let down = letter.start.y - last.start.y;
            let gap = letter.start.x - last.end.x;
            let size = last.size.max(letter.size);
            if down.abs() > size * 0.6 || gap < -size * 2.0 {
                self.text.truncate(self.text.trim_end_matches(' ').len());
                self.text.push_str(if down > size * 1.9 || down < -size * 0.6 { "\n\n" } else { "\n" });
            } else if gap > size * 0.18
                && !self.text.ends_with(char::is_whitespace)
                && !words.starts_with(' ')
            {
                self.text.push(' ');
            }
        }
        self.text.push_str(words);
        self.last = Some(letter);
    }
}

impl Device<'_> for Lines {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        for positioned in run.glyphs() {
            let Some(unicode) = positioned.as_unicode() else { continue };
            let place = props.transform * positioned.transform();
            let advance = match &**positioned {
                Glyph::Outline(glyph) => glyph.advance_width(),
                Glyph::Type3(glyph) => glyph.advance_width(),
            };
            let along = |units: f64| place * Point::new(units, 0.0);
            let start = along(0.0);
            // Glyphs are drawn in units of a thousandth of their size.
            let up: Vec2 = place * Point::new(0.0, 1000.0) - start;
            let letter = Letter { start, end: along(advance.unwrap_or(500.0).into()), size: up.hypot() };
            let mut one = [0; 4];
            let words = match &unicode {
                BfString::Char(c) => &*c.encode_utf8(&mut one),
                BfString::String(words) => words,
            };
            self.add(letter, words);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
