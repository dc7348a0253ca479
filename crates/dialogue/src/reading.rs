//! The text that was recognised in a picture, as a model is told it: in the order of reading, and laid out as it stands
//! there, because in code and in tables the place means something.

use crate::files::fence_for;

/// A piece of a line of text where it stands in a picture, in pixels from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text, not blank.
    pub text: String,
    /// Its left edge.
    pub left: u32,
    /// Its upper edge.
    pub top: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

/// The most spaces between two pieces of a line: what is farther away belongs to something else anyway.
const MOST_SPACES: usize = 24;

/// A gap of so many times the height of its lines parts two blocks of text.
const BLOCKS_APART: f32 = 1.5;

/// Pieces of text as lines.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn laid_out(mut pieces: Vec<Piece>) -> String {
    pieces.sort_by_key(|piece| piece.top + piece.height / 2);
    let letter = letter_width(&pieces);
    let margin = pieces.iter().map(|piece| piece.left).min().unwrap_or(0);
    let mut out = String::new();
    let mut below = None;
    for row in rows(pieces) {
        let top = row.iter().map(|piece| piece.top).min().unwrap_or(0);
        let height = row.iter().map(|piece| piece.height).max().unwrap_or(0);
        if below.is_some_and(|below: u32| top.saturating_sub(below) as f32 > BLOCKS_APART * height as f32) {
            out.push('\n');
        }
        below = Some(row.iter().map(|piece| piece.top + piece.height).max().unwrap_or(0));
        let mut column = 0;
        for (n, piece) in row.iter().enumerate() {
            let place = ((piece.left - margin) as f32 / letter).round() as usize;
            let spaces = place.saturating_sub(column).min(MOST_SPACES).max(usize::from(n > 0));
            out.extend(std::iter::repeat_n(' ', spaces));
            out.push_str(piece.text.trim());
            column = place.max(column + spaces) + piece.text.trim().chars().count();
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// What a model that cannot see is told in the place of a picture whose text could not be read.
pub const UNREAD_PICTURE: &str =
    "(A picture was shown here. You cannot see pictures, and the text in it could not be read.)";

/// What such a model is told where a picture was and nothing is known of it.
pub const PICTURE_WAS_SHOWN: &str = "(A picture was shown here.)";

/// What a model that cannot see is told in a picture's place, before the words about it.
pub fn in_place_of_picture(text: &str) -> String {
    if text.trim().is_empty() {
        return "(A picture was shown here, without any text. You cannot see pictures.)".to_owned();
    }
    let fence = fence_for(text);
    format!(
        "A picture was shown here. You cannot see it, but this is the text in it:\n{fence}\n{text}\n{fence}"
    )
}

/// Pieces that stand beside each other, from left to right.
fn rows(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let middle = piece.top + piece.height / 2;
        let beside = |row: &Vec<Piece>| {
            row.iter().all(|other| other.top < middle && middle < other.top + other.height)
        };
        match rows.last_mut() {
            Some(row) if beside(row) => row.push(piece),
            _ => rows.push(vec![piece]),
        }
    }
    for row in &mut rows {
        row.sort_by_key(|piece| piece.left);
    }
    rows
}

/// The width of a letter: the middle one over the pieces.
#[expect(clippy::cast_precision_loss)]
fn letter_width(pieces: &[Piece]) -> f32 {
    let width = |piece: &Piece| piece.width as f32 / piece.text.trim().chars().count().max(1) as f32;
    let mut widths: Vec<f32> = pieces.iter().map(width).collect();
    widths.sort_by(f32::total_cmp);
    widths.get(widths.len() / 2).copied().unwrap_or(1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters are 10 wide and 20 high.
    fn piece(text: &str, left: u32, top: u32) -> Piece {
        let width = u32::try_from(text.chars().count()).unwrap() * 10;
        Piece { text: text.into(), left, top, width, height: 20 }
    }

    #[test]
    fn code_keeps_its_indentation_and_tables_their_columns() {
        let code = vec![piece("return 2 * x", 140, 61), piece("def f(x):", 100, 30)];
        assert_eq!(laid_out(code), "def f(x):\n    return 2 * x");
        let table =
            vec![piece("12", 210, 31), piece("mass", 100, 30), piece("speed", 100, 58), piece("7", 210, 57)];
        assert_eq!(laid_out(table), "mass       12\nspeed      7");
    }

    #[test]
    fn what_stands_apart_is_told_apart() {
        let pieces = vec![piece("one", 0, 0), piece("two", 0, 24), piece("three", 0, 120)];
        assert_eq!(laid_out(pieces), "one\ntwo\n\nthree");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(laid_out(Vec::new()), "");
        assert!(in_place_of_picture(" ").contains("without any text"));
        assert!(in_place_of_picture("a ``` b").contains("````\na ``` b\n````"));
    }
}
