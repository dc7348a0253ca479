//! The desktop of macOS and Windows, through xcap.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use xcap::{XCapError, XCapResult};

use crate::clipboard::{self, Native as Keyboard};
use crate::copying;
use crate::desktop::{Clipping, Desktop, Monitor, Own, Selected, Target, Window};
use crate::share::{PERIOD, Watch};
use crate::{MonitorId, Permission, Picture, Point, Rect, SightError, WindowId, geometry};

/// Asks the system anew at each call, and holds nothing.
pub(crate) struct Native;

/// So long our windows may take to leave the screen.
const GONE_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);

/// Two frames at 60 Hz: what was behind them is put together again by the system, which keeps all windows' pixels.
const PUT_TOGETHER: std::time::Duration = std::time::Duration::from_millis(34);

impl Desktop for Native {
    fn monitors(&mut self) -> Result<Vec<Monitor>, SightError> {
        monitors()
    }

    fn windows(&mut self) -> Result<Vec<Window>, SightError> {
        let mut found = xcap::Window::all().map_err(failed)?;
        found.sort_by_key(|window| std::cmp::Reverse(window.z().unwrap_or(0)));
        // One that is closed meanwhile is left out.
        let mut windows: Vec<Window> = found.iter().filter_map(|found| window(found).ok()).collect();
        windows.sort_by_key(|window| window.minimised);
        Ok(windows)
    }

    fn pointer(&mut self) -> Result<Point, SightError> {
        pointer().ok_or(SightError::NotHere("The system does not say where the pointer is."))
    }

    fn grab(&mut self, target: Target) -> Result<Picture, SightError> {
        grab(target)
    }

    fn in_the_way(&mut self, target: Target, own: &Own) -> Result<bool, SightError> {
        // The system keeps each window's own picture.
        if matches!(target, Target::Window(_)) || *own == Own::none() {
            return Ok(false);
        }
        let rect = place(target)?;
        Ok(shown(own)?.iter().any(|window| window.rect.intersection(rect).is_some()))
    }

    fn wait_for_curtain(&mut self, own: &Own) -> Result<(), SightError> {
        let deadline = Instant::now() + GONE_WITHIN;
        while !shown(own)?.is_empty() {
            if Instant::now() >= deadline {
                return Err(SightError::OwnWindowStays);
            }
            std::thread::sleep(PUT_TOGETHER / 4);
        }
        std::thread::sleep(PUT_TOGETHER);
        Ok(())
    }

    fn selection(&mut self) -> Result<Selected, SightError> {
        let from = self.windows()?.into_iter().find(|window| window.focused);
        Ok(Selected { text: copying::selected(&mut Keyboard)?, from, age: None })
    }

    fn clipboard(&mut self) -> Result<Clipping, SightError> {
        clipboard::read()
    }
}

fn monitors() -> Result<Vec<Monitor>, SightError> {
    let pointer = pointer();
    let mut monitors = Vec::new();
    for found in xcap::Monitor::all().map_err(failed)? {
        let rect = rect_of(&found).map_err(failed)?;
        monitors.push(Monitor {
            id: MonitorId(found.id().map_err(failed)?),
            name: found.name().unwrap_or_default(),
            rect,
            scale: found.scale_factor().unwrap_or(1.0),
            primary: found.is_primary().unwrap_or(false),
            pointer: pointer.is_some_and(|pointer| rect.contains(pointer)),
        });
    }
    monitors.sort_by_key(|monitor| !monitor.primary);
    Ok(monitors)
}

fn rect_of(monitor: &xcap::Monitor) -> XCapResult<Rect> {
    Ok(Rect::new(monitor.x()?, monitor.y()?, monitor.width()?, monitor.height()?))
}

fn window(found: &xcap::Window) -> XCapResult<Window> {
    Ok(Window {
        id: WindowId(found.id()?),
        title: found.title().unwrap_or_default(),
        program: found.app_name().unwrap_or_default(),
        pid: found.pid().ok(),
        rect: Rect::new(found.x()?, found.y()?, found.width()?, found.height()?),
        focused: found.is_focused().unwrap_or(false),
        minimised: found.is_minimized().unwrap_or(false),
    })
}

fn pointer() -> Option<Point> {
    use enigo::Mouse as _;
    let (x, y) = enigo::Enigo::new(&enigo::Settings::default()).ok()?.location().ok()?;
    Some(Point { x, y })
}

fn shown(own: &Own) -> Result<Vec<Window>, SightError> {
    let mut windows = Native.windows()?;
    windows.retain(|window| !window.minimised && own.has(window.id, window.pid));
    Ok(windows)
}

fn place(target: Target) -> Result<Rect, SightError> {
    let monitors = monitors()?;
    let screens = monitors.iter().map(|monitor| monitor.rect);
    match target {
        Target::Everything => screens.reduce(Rect::around).ok_or(SightError::MonitorGone),
        Target::Monitor(id) => {
            let found = monitors.iter().find(|monitor| monitor.id == id);
            found.map(|monitor| monitor.rect).ok_or(SightError::MonitorGone)
        }
        Target::Region(rect) => geometry::visible(rect, screens),
        Target::Window(id) => {
            let windows = Native.windows()?;
            windows
                .iter()
                .find(|window| window.id == id)
                .map(|found| found.rect)
                .ok_or(SightError::WindowGone)
        }
    }
}

fn grab(target: Target) -> Result<Picture, SightError> {
    if let Target::Window(id) = target {
        let found = xcap::Window::all().map_err(failed)?;
        let found = found.iter().find(|window| window.id().is_ok_and(|found| found == id.0));
        let found = found.ok_or(SightError::WindowGone)?;
        if found.is_minimized().unwrap_or(false) {
            return Err(SightError::Minimised);
        }
        return picture(found.capture_image().map_err(failed)?);
    }
    let rect = place(target)?;
    let mut parts = Vec::new();
    for monitor in xcap::Monitor::all().map_err(failed)? {
        let bounds = rect_of(&monitor).map_err(failed)?;
        if let Some(part) = bounds.intersection(rect) {
            let whole = picture(monitor.capture_image().map_err(failed)?)?;
            parts.push((part, bounds, whole));
        }
    }
    joined(rect, parts)
}

/// One picture of parts of monitors, as sharp as the sharpest of them.
fn joined(rect: Rect, parts: Vec<(Rect, Rect, Picture)>) -> Result<Picture, SightError> {
    let scale = |bounds: &Rect, whole: &Picture| f64::from(whole.width()) / f64::from(bounds.width.max(1));
    let sharpest = parts.iter().map(|(_, bounds, whole)| scale(bounds, whole)).fold(0.0, f64::max);
    let pixels = |units: i64| -> i64 {
        #[allow(clippy::cast_possible_truncation)] // a monitor is some thousand pixels wide
        let pixels = (units as f64 * sharpest).round() as i64;
        pixels
    };
    let side = |units: i64| u32::try_from(pixels(units)).unwrap_or(0).max(1);
    let offset =
        |units: i32, from: i32| i32::try_from(pixels(i64::from(units) - i64::from(from))).unwrap_or(0);
    let mut joined = Picture::filled(side(rect.width.into()), side(rect.height.into()), [0, 0, 0, 255])?;
    for (part, bounds, whole) in parts {
        let sized = whole.resized(side(bounds.width.into()), side(bounds.height.into()))?;
        let (x, y) = (offset(part.x, bounds.x), offset(part.y, bounds.y));
        let cut = sized.part(Rect::new(x, y, side(part.width.into()), side(part.height.into())))?;
        joined.lay(&cut, offset(part.x, rect.x), offset(part.y, rect.y));
    }
    Ok(joined)
}

fn picture(image: xcap::image::RgbaImage) -> Result<Picture, SightError> {
    let (width, height) = image.dimensions();
    Picture::new(width, height, image.into_raw())
}

fn failed(error: XCapError) -> SightError {
    // macOS has no other word for a screen that may not be seen than that a picture could not be made.
    if cfg!(target_os = "macos") {
        return SightError::Refused(Permission::Screen);
    }
    SightError::Picture(error.to_string())
}

/// Watches by looking: the system is asked for a picture twice a second.
pub(crate) struct Polled {
    target: Target,
    grabbed: Instant,
    /// Whether somebody woke it. Held for moments only.
    awake: Arc<(Mutex<bool>, Condvar)>,
}

impl Polled {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, grabbed: Instant::now(), awake: Arc::default() }
    }
}

impl Watch for Polled {
    fn grab(&mut self, own: &Own) -> Result<Picture, SightError> {
        self.grabbed = Instant::now();
        let mut seen = grab(self.target)?;
        if matches!(self.target, Target::Window(_)) {
            return Ok(seen);
        }
        let rect = place(self.target)?;
        for window in shown(own)? {
            if let Some(part) = window.rect.intersection(rect) {
                let scale = |units: i64| {
                    let pixels = units * i64::from(seen.width()) / i64::from(rect.width.max(1));
                    i32::try_from(pixels).unwrap_or(i32::MAX)
                };
                let x = scale(i64::from(part.x) - i64::from(rect.x));
                let y = scale(i64::from(part.y) - i64::from(rect.y));
                let width = scale(part.width.into()).unsigned_abs() + 1;
                let height = scale(part.height.into()).unsigned_abs() + 1;
                seen.paint(Rect::new(x, y, width, height), [128, 128, 128, 255]);
            }
        }
        Ok(seen)
    }

    fn wait(&mut self, until: Instant) -> Result<bool, SightError> {
        let until = until.min(self.grabbed + PERIOD);
        let left = until.saturating_duration_since(Instant::now());
        let (awake, woken) = &*self.awake;
        let awake = awake.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = woken.wait_timeout_while(awake, left, |awake| !*awake);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
        // Asked for, it is looked at anew: nobody says whether something was drawn.
        Ok(true)
    }

    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError> {
        let awake = self.awake.clone();
        Ok(Box::new(move || {
            let (is_awake, woken) = &*awake;
            *is_awake.lock().unwrap_or_else(PoisonError::into_inner) = true;
            woken.notify_all();
        }))
    }
}
