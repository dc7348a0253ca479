//! Where on a screen the bar is. Pure; all in pixels of the screen.

use serde::{Deserialize, Serialize};

/// A part of the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Where the user has put it, the same on every screen: the middle of its upper edge, in parts of the screen's width and
/// height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    x: f64,
    y: f64,
}

impl Default for Kept {
    /// In the middle, where one looks, with room below for an answer.
    fn default() -> Self {
        Self { x: 0.5, y: 0.22 }
    }
}

/// The bar's width on a screen of this many pixels to each CSS pixel: narrower than usual where the screen is.
pub(crate) fn width(screen: Area, scale: f64) -> u32 {
    const USUAL: f64 = 680.0;
    const MARGIN: f64 = 16.0;
    let room = f64::from(screen.width) - 2.0 * MARGIN * scale;
    to_pixels((USUAL * scale).min(room).max(1.0))
}

/// The most it grows to: half the screen.
pub(crate) fn most_height(screen: Area) -> u32 {
    screen.height / 2
}

/// Its upper left corner: as kept, and all of it on the screen even when it has grown.
pub(crate) fn corner(screen: Area, width: u32, kept: Kept) -> (i32, i32) {
    let x = f64::from(screen.width) * kept.x - f64::from(width) / 2.0;
    let y = f64::from(screen.height) * kept.y;
    let most_x = screen.width.saturating_sub(width);
    let most_y = screen.height - most_height(screen);
    (within(screen.x, x, most_x), within(screen.y, y, most_y))
}

/// What is to be kept of a bar that was moved here.
pub(crate) fn kept(screen: Area, width: u32, corner: (i32, i32)) -> Kept {
    let middle = f64::from(corner.0 - screen.x) + f64::from(width) / 2.0;
    let part = |at: f64, of: u32| (at / f64::from(of.max(1))).clamp(0.0, 1.0);
    Kept { x: part(middle, screen.width), y: part(f64::from(corner.1 - screen.y), screen.height) }
}

fn within(begin: i32, offset: f64, most: u32) -> i32 {
    begin + i32::try_from(to_pixels(offset.max(0.0)).min(most)).unwrap_or_default()
}

// Screens are far smaller than the range of either type.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn to_pixels(length: f64) -> u32 {
    length.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Area = Area { x: 0, y: 0, width: 1280, height: 800 };
    const SECOND: Area = Area { x: 1280, y: -100, width: 2560, height: 1600 };

    #[test]
    fn it_is_in_the_middle_of_the_upper_third() {
        assert_eq!(width(SCREEN, 1.0), 680);
        assert_eq!(corner(SCREEN, 680, Kept::default()), (300, 176));
    }

    #[test]
    fn on_a_screen_with_small_pixels_it_is_as_large() {
        assert_eq!(width(SECOND, 2.0), 1360);
        assert_eq!(corner(SECOND, 1360, Kept::default()), (1280 + 600, -100 + 352));
    }

    #[test]
    fn a_narrow_screen_leaves_a_margin() {
        let narrow = Area { width: 640, ..SCREEN };
        assert_eq!(width(narrow, 1.0), 608);
        assert_eq!(corner(narrow, 608, Kept::default()), (16, 176));
    }

    #[test]
    fn where_it_was_put_it_is_on_the_other_screen_too() {
        let put = kept(SCREEN, 680, (100, 40));
        assert_eq!(corner(SCREEN, 680, put), (100, 40));
        assert_eq!(corner(SECOND, 680, put), (1280 + 540, -100 + 80));
    }

    #[test]
    fn nothing_puts_it_off_the_screen() {
        for put in [Kept { x: -3.0, y: -3.0 }, Kept { x: 9.0, y: 9.0 }, Kept { x: f64::NAN, y: f64::NAN }] {
            let (x, y) = corner(SCREEN, 680, put);
            assert!((0..=600).contains(&x) && (0..=400).contains(&y), "{put:?}: {x}, {y}");
        }
    }
}
