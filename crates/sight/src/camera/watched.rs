//! A camera as something that is shared: looked at twice a second, and told when what it sees has changed.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Camera;
use crate::desktop::Own;
use crate::share::{PERIOD, ShareNews, Watch};
use crate::{Picture, Share, SightError};

/// Pictures are compared in so many fields from left to right and from top to bottom.
const FIELDS: (u32, u32) = (16, 9);

/// In each field so many pixels a side are looked at.
const SAMPLES: u32 = 8;

/// A field has changed whose mean brightness differs by this much of 255: four times what a dim room's noise makes of the
/// mean of 64 pixels (about 15 for one of them).
const CHANGED: u32 = 8;

impl Share {
    /// Begins to share what a camera sees, which is closed with it. The noise of a still picture is no change.
    ///
    /// `on_news` runs on the sharing thread; it must neither wait for long nor for whoever drops the share.
    ///
    /// # Errors
    /// As [`Camera::newest`].
    pub fn of_camera(
        camera: Camera,
        on_news: impl FnMut(ShareNews) + Send + 'static,
    ) -> Result<Self, SightError> {
        let watched = Watched { camera, woken: Arc::default() };
        Self::of(Box::new(watched), Own::none(), on_news)
    }
}

struct Watched {
    camera: Camera,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken {
    is: Mutex<bool>,
    was: Condvar,
}

impl Watch for Watched {
    fn grab(&mut self, _: &Own) -> Result<Picture, SightError> {
        Ok(Arc::unwrap_or_clone(self.camera.newest()?.picture))
    }

    fn wait(&mut self, until: Instant) -> Result<bool, SightError> {
        if let Some(ended) = self.camera.ended() {
            return Err(ended);
        }
        // A camera always has something new.
        let time = until.saturating_duration_since(Instant::now()).min(PERIOD);
        let woken = self.woken.is.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.woken.was.wait_timeout_while(woken, time, |woken| !*woken);
        let (mut woken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Ok(!std::mem::take(&mut *woken) || time == Duration::ZERO)
    }

    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError> {
        let woken = self.woken.clone();
        Ok(Box::new(move || {
            *woken.is.lock().unwrap_or_else(PoisonError::into_inner) = true;
            woken.was.notify_all();
        }))
    }

    fn is_same(&self, before: &Picture, now: &Picture) -> bool {
        let size = |picture: &Picture| (picture.width(), picture.height());
        size(before) == size(now)
            && brightness(before).zip(brightness(now)).all(|(before, now)| before.abs_diff(now) < CHANGED)
    }
}

/// The mean brightness (0 to 255) of each field, row by row.
fn brightness(picture: &Picture) -> impl Iterator<Item = u32> {
    let (columns, rows) = FIELDS;
    let at = |field: u32, fields: u32, sample: u32, length: u32| {
        let place = u64::from(field * SAMPLES + sample) * u64::from(length) / u64::from(fields * SAMPLES);
        u32::try_from(place).unwrap_or(0)
    };
    let mean = move |row: u32, column: u32| {
        let pixel = |n: u32| {
            let x = at(column, columns, n % SAMPLES, picture.width());
            let y = at(row, rows, n / SAMPLES, picture.height());
            let [red, green, blue, _] = picture.pixel(x, y).unwrap_or_default().map(u32::from);
            // Rec. 601, in 256ths.
            (77 * red + 150 * green + 29 * blue) >> 8
        };
        (0..SAMPLES * SAMPLES).map(pixel).sum::<u32>() / (SAMPLES * SAMPLES)
    };
    (0..rows).flat_map(move |row| (0..columns).map(move |column| mean(row, column)))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::{CameraSource, Images};

    const LONG: Duration = Duration::from_secs(20);

    fn noisy(seed: u32, shade: u32) -> Picture {
        let mut state = seed;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // From 0 to 30: as a dim room looks.
            (state >> 24) * 30 / 255
        };
        let mut pixel = || u8::try_from(shade + noise()).unwrap();
        let pixels = (0..64 * 36).flat_map(|_| [pixel(), pixel(), pixel(), 255]).collect();
        Picture::new(64, 36, pixels).unwrap()
    }

    #[test]
    fn noise_is_no_change_and_a_hand_is() {
        let woken = Arc::default();
        let camera = Images::new(vec![noisy(1, 50)], Duration::from_millis(5)).open(None).unwrap();
        let watched = Watched { camera, woken };
        assert!(watched.is_same(&noisy(1, 50), &noisy(2, 50)));
        let mut hand = noisy(2, 50);
        hand.paint(crate::Rect::new(20, 10, 8, 8), [200, 160, 140, 255]);
        assert!(!watched.is_same(&noisy(1, 50), &hand));
    }

    #[test]
    fn what_it_sees_is_told_as_it_changes_and_it_is_closed_with_the_share() {
        let source = Images::new(vec![noisy(1, 20), noisy(2, 120)], Duration::from_millis(700));
        let (told, news) = channel();
        let share = Share::of_camera(source.open(None).unwrap(), move |news| {
            let _ = told.send(news);
        });
        let share = share.unwrap();
        let first = share.newest();
        let ShareNews::Frame(second) = news.recv_timeout(LONG).unwrap() else { panic!("it ended") };
        assert_eq!((first.number, second.number), (1, 2));
        assert_ne!(first.picture, second.picture);
        assert_eq!(share.at(first.taken).number, 1);
        assert_eq!(source.open_now(), 1);
        drop(share);
        assert_eq!(source.open_now(), 0);
    }
}
