//! What PipeWire hands over of a cast, as it comes: the newest picture in the bytes of whoever drew it, until it is asked
//! for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pipewire::spa::param::video::VideoFormat;

use crate::{Picture, Rect, SightError};

/// So long may the first picture take once the user has chosen what is cast.
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// In which order a pixel's bytes lie. What is not a colour is not read: what lies behind a screen is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Bgrx,
    Rgbx,
    Bgr,
    Rgb,
}

impl Order {
    /// `None` for what was not asked for.
    pub(super) fn of(format: VideoFormat) -> Option<Self> {
        match format {
            VideoFormat::BGRx | VideoFormat::BGRA => Some(Self::Bgrx),
            VideoFormat::RGBx | VideoFormat::RGBA => Some(Self::Rgbx),
            VideoFormat::BGR => Some(Self::Bgr),
            VideoFormat::RGB => Some(Self::Rgb),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Bgrx | Self::Rgbx => 4,
            Self::Bgr | Self::Rgb => 3,
        }
    }
}

/// What a stream's pictures are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Like {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) order: Order,
}

/// A picture as it came. Rows are `stride` bytes apart, which may be more than a row has.
#[derive(Debug)]
pub(super) struct Raw {
    like: Like,
    stride: usize,
    /// The part of it that is the picture: a window is smaller than what it is drawn on.
    shown: Option<Rect>,
    bytes: Vec<u8>,
}

impl Raw {
    fn picture(&self) -> Result<Picture, SightError> {
        let Like { width, height, order } = self.like;
        let row = width as usize * order.bytes();
        let part = || SightError::Picture("the desktop sent only a part of it".into());
        // The last row may end with its last pixel.
        let needed = self.stride * (height as usize).saturating_sub(1) + row;
        if row == 0 || self.stride < row || self.bytes.len() < needed {
            return Err(part());
        }
        let mut pixels = Vec::with_capacity(width as usize * height as usize * 4);
        for row in self.bytes.chunks(self.stride).take(height as usize).map(|line| &line[..row]) {
            match order {
                Order::Bgrx => {
                    pixels.extend(row.as_chunks().0.iter().flat_map(|&[b, g, r, _]| [r, g, b, 255]));
                }
                Order::Rgbx => {
                    pixels.extend(row.as_chunks().0.iter().flat_map(|&[r, g, b, _]| [r, g, b, 255]));
                }
                Order::Bgr => pixels.extend(row.as_chunks().0.iter().flat_map(|&[b, g, r]| [r, g, b, 255])),
                Order::Rgb => pixels.extend(row.as_chunks().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255])),
            }
        }
        let whole = Picture::new(width, height, pixels)?;
        self.shown.map_or(Ok(whole.clone()), |shown| whole.part(shown))
    }
}

/// Between the thread that reads the stream, the one that talks with the portal, and whoever looks.
#[derive(Default)]
pub(super) struct Feed {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<Raw>,
    /// It has come since somebody looked.
    fresh: bool,
    woken: bool,
    ended: Option<SightError>,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture has come; the one before is forgotten.
    pub(super) fn put(&self, like: Like, stride: usize, shown: Option<Rect>, bytes: &[u8]) {
        let mut state = self.lock();
        // Its memory is used again: at some pictures a second it is megabytes each.
        let mut kept = state.newest.take().map(|raw| raw.bytes).unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(bytes);
        state.newest = Some(Raw { like, stride, shown, bytes: kept });
        state.fresh = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Nothing comes any more. Only the first reason counts: others follow from it.
    pub(super) fn end(&self, why: SightError) {
        self.lock().ended.get_or_insert(why);
        self.changed.notify_all();
    }

    pub(super) fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// The newest picture, waiting for the first one.
    pub(super) fn picture(&self) -> Result<Picture, SightError> {
        let nothing = |state: &mut State| state.newest.is_none() && state.ended.is_none();
        let waited = self.changed.wait_timeout_while(self.lock(), FIRST_WITHIN, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = &state.ended {
            return Err(ended.clone());
        }
        state.fresh = false;
        let none = || SightError::Picture("the desktop shares it and sends no picture".into());
        state.newest.as_ref().ok_or_else(none)?.picture()
    }

    /// As [`Watch::wait`](crate::share::Watch::wait).
    pub(super) fn wait(&self, until: Instant) -> Result<bool, SightError> {
        let left = until.saturating_duration_since(Instant::now());
        let idle = |state: &mut State| !state.fresh && !state.woken && state.ended.is_none();
        let waited = self.changed.wait_timeout_while(self.lock(), left, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        match &state.ended {
            Some(ended) => Err(ended.clone()),
            None => Ok(std::mem::take(&mut state.fresh)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(order: Order, stride: usize, shown: Option<Rect>, bytes: &[u8]) -> Result<Picture, SightError> {
        let feed = Feed::default();
        feed.put(Like { width: 2, height: 2, order }, stride, shown, bytes);
        feed.picture()
    }

    #[test]
    fn every_order_of_bytes_gives_the_same_colours_and_what_pads_a_row_is_left_out() {
        let one = [1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255];
        let orders: [(Order, usize, &[u8]); 4] = [
            (Order::Rgbx, 8, &[1, 2, 3, 0, 4, 5, 6, 99, 7, 8, 9, 0, 10, 11, 12, 0]),
            (Order::Bgrx, 9, &[3, 2, 1, 0, 6, 5, 4, 0, 77, 9, 8, 7, 0, 12, 11, 10, 0]),
            (Order::Rgb, 8, &[1, 2, 3, 4, 5, 6, 77, 77, 7, 8, 9, 10, 11, 12]),
            (Order::Bgr, 6, &[3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]),
        ];
        for (order, stride, bytes) in orders {
            assert_eq!(feed(order, stride, None, bytes).unwrap().pixels(), one, "{order:?}");
            assert!(feed(order, stride, None, &bytes[1..]).is_err(), "{order:?}");
        }
        let part = feed(Order::Rgbx, 8, Some(Rect::new(1, 1, 1, 1)), orders[0].2).unwrap();
        assert_eq!((part.width(), part.pixels()), (1, &one[12..]));
        assert!(feed(Order::Rgbx, 4, None, orders[0].2).is_err());
    }

    #[test]
    fn what_came_is_told_once_and_the_first_reason_of_the_end_counts() {
        let feed = Feed::default();
        let like = Like { width: 1, height: 1, order: Order::Rgb };
        assert_eq!(feed.wait(Instant::now()), Ok(false));
        feed.put(like, 3, None, &[1, 2, 3]);
        assert_eq!(feed.wait(Instant::now() + FIRST_WITHIN), Ok(true));
        assert_eq!(feed.wait(Instant::now()), Ok(false));
        feed.put(like, 3, None, &[4, 5, 6]);
        assert_eq!(feed.picture().unwrap().pixels(), [4, 5, 6, 255]);
        feed.wake();
        assert_eq!(feed.wait(Instant::now() + FIRST_WITHIN), Ok(false));
        feed.end(SightError::Stopped);
        feed.end(SightError::WindowGone);
        assert_eq!(feed.wait(Instant::now() + FIRST_WITHIN), Err(SightError::Stopped));
        assert_eq!(feed.picture(), Err(SightError::Stopped));
    }
}
