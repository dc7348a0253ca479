//! Places on the desktop. One coordinate system spans all monitors; its origin may lie anywhere, and monitors to the
//! left of the first one or above it have negative coordinates. A unit is a pixel on X11 and Windows and a point on
//! macOS, where a picture has [`Monitor::scale`](crate::Monitor::scale) pixels a unit.

use crate::SightError;

/// A point of the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A rectangle of the desktop, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// To the right; 0 is empty.
    pub width: u32,
    /// Downwards; 0 is empty.
    pub height: u32,
}

impl Rect {
    /// A rectangle.
    pub const fn new(x: i32, y: i32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// The rectangle between two corners, whichever way it was drawn; both edges belong to it.
    pub fn between(a: Point, b: Point) -> Self {
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        Self { x, y, width: a.x.abs_diff(b.x).saturating_add(1), height: a.y.abs_diff(b.y).saturating_add(1) }
    }

    /// Whether it has no area.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Whether a point lies in it.
    pub fn contains(self, point: Point) -> bool {
        let (x, y) = (i64::from(point.x), i64::from(point.y));
        x >= i64::from(self.x) && x < self.right() && y >= i64::from(self.y) && y < self.bottom()
    }

    /// Whether all of another one lies in it.
    pub fn covers(self, other: Self) -> bool {
        self.intersection(other) == Some(other)
    }

    /// What two have in common; `None` where that has no area.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = self.right().min(other.right()) - i64::from(x);
        let height = self.bottom().min(other.bottom()) - i64::from(y);
        let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        (width > 0 && height > 0).then_some(Self { x, y, width, height })
    }

    /// The smallest one around two that have an area. Edges beyond what a unit can count are cut off.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let side = |end: i64, begin: i32| u32::try_from(end - i64::from(begin)).unwrap_or(u32::MAX);
        Self {
            x,
            y,
            width: side(self.right().max(other.right()), x),
            height: side(self.bottom().max(other.bottom()), y),
        }
    }

    /// The first column to the right of it.
    pub fn right(self) -> i64 {
        i64::from(self.x) + i64::from(self.width)
    }

    /// The first row below it.
    pub fn bottom(self) -> i64 {
        i64::from(self.y) + i64::from(self.height)
    }
}

/// What of a region can be seen: the smallest rectangle around its parts on these screens.
///
/// # Errors
/// [`SightError::EmptyRegion`] without an area, [`SightError::OffScreen`] where no screen is.
pub fn visible(region: Rect, screens: impl IntoIterator<Item = Rect>) -> Result<Rect, SightError> {
    if region.is_empty() {
        return Err(SightError::EmptyRegion);
    }
    screens
        .into_iter()
        .filter_map(|screen| region.intersection(screen))
        .reduce(Rect::around)
        .ok_or(SightError::OffScreen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_drawn_rectangle_does_not_depend_on_where_it_was_begun() {
        let corners = [Point { x: -5, y: 7 }, Point { x: 10, y: -2 }];
        let rect = Rect::between(corners[0], corners[1]);
        assert_eq!(rect, Rect::new(-5, -2, 16, 10));
        assert_eq!(rect, Rect::between(corners[1], corners[0]));
    }

    #[test]
    fn a_region_over_two_monitors_is_whole_and_one_over_an_edge_is_cut() {
        let screens = [Rect::new(-1280, 0, 1280, 1024), Rect::new(0, 0, 1920, 1080)];
        assert_eq!(visible(Rect::new(-100, 50, 200, 100), screens), Ok(Rect::new(-100, 50, 200, 100)));
        assert_eq!(visible(Rect::new(1900, -10, 200, 50), screens), Ok(Rect::new(1900, 0, 20, 40)));
        // Below the smaller monitor there is nothing to see.
        assert_eq!(visible(Rect::new(-50, 1000, 40, 500), screens), Ok(Rect::new(-50, 1000, 40, 24)));
    }

    #[test]
    fn no_area_and_no_screen_are_told_apart() {
        let screens = [Rect::new(0, 0, 640, 480)];
        assert_eq!(visible(Rect::new(5, 5, 0, 9), screens), Err(SightError::EmptyRegion));
        assert_eq!(visible(Rect::new(640, 0, 10, 10), screens), Err(SightError::OffScreen));
        assert_eq!(visible(Rect::new(i32::MIN, i32::MIN, u32::MAX, 5), screens), Err(SightError::OffScreen));
    }

    fn rect() -> impl Strategy<Value = Rect> {
        let small = (-50..50, -50..50, 0..60_u32, 0..60_u32);
        let any = (any::<i32>(), any::<i32>(), any::<u32>(), any::<u32>());
        prop_oneof![4 => small, 1 => any].prop_map(|(x, y, width, height)| Rect::new(x, y, width, height))
    }

    proptest! {
        #[test]
        fn an_intersection_has_exactly_the_points_of_both(a in rect(), b in rect(), x in -60..70, y in -60..70) {
            let point = Point { x, y };
            let both = a.intersection(b);
            prop_assert_eq!(both, b.intersection(a));
            prop_assert_eq!(both.is_some_and(|both| both.contains(point)), a.contains(point) && b.contains(point));
            prop_assert!(both.is_none_or(|both| a.covers(both) && b.covers(both) && !both.is_empty()));
        }

        #[test]
        fn what_is_visible_is_the_least_that_has_all(
            region in rect(), screens in prop::collection::vec(rect(), 0..4), x in -60..70, y in -60..70,
        ) {
            let point = Point { x, y };
            let on_a_screen = screens.iter().any(|screen| screen.contains(point));
            match visible(region, screens.iter().copied()) {
                Ok(seen) => {
                    prop_assert!(region.covers(seen));
                    prop_assert!(seen.contains(point) || !(on_a_screen && region.contains(point)));
                    // Every edge touches something that is seen.
                    let parts: Vec<Rect> = screens.iter().filter_map(|screen| region.intersection(*screen)).collect();
                    prop_assert!(parts.iter().any(|part| part.x == seen.x));
                    prop_assert!(parts.iter().any(|part| part.y == seen.y));
                    prop_assert!(parts.iter().any(|part| part.right() == seen.right()));
                    prop_assert!(parts.iter().any(|part| part.bottom() == seen.bottom()));
                }
                Err(SightError::EmptyRegion) => prop_assert!(region.is_empty()),
                Err(_) => prop_assert!(!(on_a_screen && region.contains(point))),
            }
        }
    }
}
