//! Where lines of text are.

use std::path::Path;

use engine::JobError;
use ort::session::Session;
use ort::value::TensorRef;

use super::Place;
use super::plane::Plane;
use crate::runtime::{Runtime, failed};

/// The shorter side is brought to at least this many pixels, so that small print is large enough (RapidOCR:
/// `limit_side_len`).
const LEAST_SIDE: u32 = 736;
/// The longer side is brought to at most this many (`max_side_len`).
const MOST_SIDE: u32 = 2_000;
/// The network halves its picture five times.
const STEP: u32 = 32;
/// A pixel belongs to text from this probability on (`thresh`).
const INK: f32 = 0.3;
/// A mark is a line of text if its pixels have this probability in the mean (`box_thresh`).
const LINE: f32 = 0.5;
/// How much larger a line is than the mark that is left of it when it is shrunk for training (`unclip_ratio`).
const UNCLIP: f32 = 1.6;
/// Marks with a side shorter than this are specks (`min_size`).
const LEAST_MARK: u32 = 3;

pub(super) struct Detector(Session);

impl Detector {
    pub(super) fn open(runtime: &Runtime, file: &Path) -> Result<Self, JobError> {
        Ok(Self(runtime.session(file, &["x"])?))
    }

    /// The lines in a picture, in its pixels, in no order.
    pub(super) fn find(&mut self, picture: &Plane<'_>) -> Result<Vec<Place>, JobError> {
        let (width, height) = size(picture.width, picture.height);
        let input = picture.scaled(picture.whole(), width, height, width);
        let shape = [1, 3, height as usize, width as usize];
        let mut run = || -> ort::Result<Vec<f32>> {
            let input = TensorRef::from_array_view((shape, input.as_slice()))?;
            let made = self.0.run(ort::inputs! { "x" => input })?;
            let value = made.values().next().ok_or_else(|| ort::Error::new("no result"))?;
            let (_, data) = value.try_extract_tensor::<f32>()?;
            Ok(data.to_vec())
        };
        let map = run().map_err(|error| failed(&error))?;
        if map.len() != width as usize * height as usize {
            return Err(JobError::Internal {
                reason: "The text detector gave a map of another size.".into(),
            });
        }
        let scaled = marks(&map, width).into_iter().filter_map(unclipped);
        let place = |mark| back(mark, (width, height), (picture.width, picture.height));
        Ok(scaled.filter_map(place).collect())
    }
}

/// The size at which a picture is looked at.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn size(width: u32, height: u32) -> (u32, u32) {
    let (short, long) = (width.min(height) as f32, width.max(height) as f32);
    let ratio = (LEAST_SIDE as f32 / short).max(1.0).min(MOST_SIDE as f32 / long);
    let side = |side: u32| ((side as f32 * ratio / STEP as f32).round() as u32).max(1) * STEP;
    (side(width), side(height))
}

/// A connected mark on the map: its bounds, and the mean of its probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Mark {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

/// The marks on a map of `width` columns.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn marks(map: &[f32], width: u32) -> Vec<Mark> {
    let columns = width as usize;
    // Every pixel of ink marks its neighbours to the right and below too (`use_dilation`): letters grow together.
    let ink = |at: usize| map[at] > INK;
    let is_marked = |at: usize| {
        let (left, up) = (!at.is_multiple_of(columns), at >= columns);
        ink(at) || (left && ink(at - 1)) || (up && ink(at - columns)) || (left && up && ink(at - columns - 1))
    };
    let mut open: Vec<bool> = (0..map.len()).map(is_marked).collect();
    let mut marks = Vec::new();
    let mut waiting = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        waiting.push(start);
        let (mut sum, mut count) = (0.0, 0_u32);
        let (x, y) = ((start % columns) as u32, (start / columns) as u32);
        let mut mark = Mark { left: x, top: y, right: x, bottom: y };
        while let Some(at) = waiting.pop() {
            (sum, count) = (sum + map[at], count + 1);
            let (x, y) = ((at % columns) as u32, (at / columns) as u32);
            mark = Mark {
                left: mark.left.min(x),
                top: mark.top.min(y),
                right: mark.right.max(x),
                bottom: mark.bottom.max(y),
            };
            for near in neighbours(at, columns, open.len()) {
                if std::mem::take(&mut open[near]) {
                    waiting.push(near);
                }
            }
        }
        if sum / count as f32 >= LINE {
            marks.push(mark);
        }
    }
    marks
}

/// The pixels around one, corners too.
fn neighbours(at: usize, columns: usize, length: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % columns, at / columns);
    let rows = y.saturating_sub(1)..=(y + 1).min(length / columns - 1);
    rows.flat_map(move |row| {
        (x.saturating_sub(1)..=(x + 1).min(columns - 1)).map(move |column| row * columns + column)
    })
}

/// As large as the line was before it was shrunk; none for a speck. The bounds may lie outside of the map.
#[expect(clippy::cast_precision_loss)]
fn unclipped(mark: Mark) -> Option<[f32; 4]> {
    let (width, height) = (mark.right - mark.left + 1, mark.bottom - mark.top + 1);
    if width.min(height) < LEAST_MARK {
        return None;
    }
    let (width, height) = (width as f32, height as f32);
    let more = width * height * UNCLIP / (2.0 * (width + height));
    let (left, top) = (mark.left as f32, mark.top as f32);
    Some([left - more, top - more, left + width + more, top + height + more])
}

/// From the map to the picture.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn back(mark: [f32; 4], map: (u32, u32), picture: (u32, u32)) -> Option<Place> {
    let across = |at: f32| (at * picture.0 as f32 / map.0 as f32).round().clamp(0.0, picture.0 as f32) as u32;
    let down = |at: f32| (at * picture.1 as f32 / map.1 as f32).round().clamp(0.0, picture.1 as f32) as u32;
    let (left, top, right, bottom) = (across(mark[0]), down(mark[1]), across(mark[2]), down(mark[3]));
    let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
    (width > 3 && height > 3).then_some(Place { left, top, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_looked_at_in_steps_of_32_pixels_and_neither_too_small_nor_too_large() {
        assert_eq!(size(1920, 1080), (1920, 1088));
        assert_eq!(size(640, 480), (992, 736));
        assert_eq!(size(4000, 2000), (2016, 992));
        assert_eq!(size(5000, 10), (2016, 32));
    }

    #[test]
    fn marks_are_what_hangs_together_and_is_sure_enough() {
        let mut map = vec![0.0; 40 * 20];
        for y in 2..8 {
            for x in 3..15 {
                map[y * 40 + x] = 0.9;
            }
            for x in 25..35 {
                map[y * 40 + x] = 0.35;
            }
        }
        map[15 * 40 + 5] = 0.99;
        let found = marks(&map, 40);
        assert_eq!(found[0], Mark { left: 3, top: 2, right: 15, bottom: 8 });
        assert_eq!(found.len(), 1, "what is faint is none, and so is a speck that is mostly its own rim");
    }

    #[test]
    fn a_line_is_larger_than_its_mark_and_stays_in_the_picture() {
        let [left, top, right, bottom] =
            unclipped(Mark { left: 10, top: 10, right: 109, bottom: 19 }).unwrap();
        assert!((left - 2.7).abs() < 0.1 && (bottom - 27.3).abs() < 0.1, "{left} {top} {right} {bottom}");
        let place = back([left, top, right, bottom], (200, 100), (100, 50)).unwrap();
        assert_eq!(place, Place { left: 1, top: 1, width: 58, height: 13 });
        assert_eq!(unclipped(Mark { left: 1, top: 1, right: 50, bottom: 2 }), None);
    }
}
