//! Cameras: which there are, and what one sees.
//!
//! What always holds: a camera is open from the moment [`CameraSource::open`] returns until its [`Camera`] is dropped or
//! [`Camera::ended`] has a reason, and at no other time. Pictures are taken out as fast as they come, on a thread of its
//! own (`hark-camera`), so that the newest one is new; only those that are asked for are decoded.

mod device;
mod images;
mod raw;
mod watched;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::device::Devices;
pub use self::images::Images;
pub(crate) use self::raw::{Raw, RawFormat};
use crate::SightError;
use crate::share::Frame;

/// What a source calls a camera, the same after it was pulled out and put in again as far as the system knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CameraId(pub String);

/// A camera that could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraInfo {
    /// Which it is.
    pub id: CameraId,
    /// What it calls itself.
    pub name: String,
}

/// Where cameras come from: the system's ([`Devices`]), or pictures in a row ([`Images`]).
pub trait CameraSource: Send + Sync {
    /// The cameras there are; looking does not open any.
    ///
    /// # Errors
    /// What the system says. No camera is no error but an empty list.
    fn list(&self) -> Result<Vec<CameraInfo>, SightError>;

    /// Opens this camera, or without one the first. Waits until it has given its first picture.
    ///
    /// # Errors
    /// [`SightError::NoCamera`], [`SightError::CameraGone`], [`SightError::Refused`], [`SightError::Camera`].
    fn open(&self, camera: Option<&CameraId>) -> Result<Camera, SightError>;
}

/// The first picture has to come within this time: a camera that warms up takes a second or two.
const FIRST_WITHIN: Duration = Duration::from_secs(8);

/// A camera that hangs is not waited for longer than this when it is closed.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);

/// What gives pictures, one after another. Made, used and dropped on the camera's thread; dropping it closes the device.
pub(crate) trait Lens {
    /// Waits for the next picture.
    fn next(&mut self) -> Result<Raw, SightError>;
}

/// An open camera. Dropped, it is closed.
pub struct Camera {
    seen: Arc<Seen>,
    over: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

struct Seen {
    /// Held for moments only, by the camera's thread and whoever asks for a picture.
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<(Arc<Raw>, Instant, u64)>,
    ended: Option<SightError>,
    stop: bool,
}

impl Camera {
    /// Opens what `lens` makes on its thread.
    pub(crate) fn start(
        lens: impl FnOnce() -> Result<Box<dyn Lens>, SightError> + Send + 'static,
    ) -> Result<Self, SightError> {
        let seen = Arc::new(Seen { state: Mutex::default(), came: Condvar::new() });
        let theirs = seen.clone();
        let (closed, over) = channel();
        let look = move || {
            theirs.look(lens);
            // After the lens is dropped, with which the device was closed.
            drop(closed);
        };
        let thread = std::thread::Builder::new().name("hark-camera".into()).spawn(look);
        let thread = thread.map_err(|error| SightError::Camera(error.to_string()))?;
        let camera = Self { seen, over, thread: Some(thread) };
        camera.wait_for_first()?;
        Ok(camera)
    }

    fn wait_for_first(&self) -> Result<(), SightError> {
        let pending = |state: &mut State| state.newest.is_none() && state.ended.is_none();
        let waited = self.seen.came.wait_timeout_while(self.seen.lock(), FIRST_WITHIN, pending);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (&state.newest, &state.ended) {
            (Some(_), _) => Ok(()),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(SightError::Camera("it gives no picture".into())),
        }
    }

    /// The newest picture, decoded for this.
    ///
    /// # Errors
    /// Why the camera has ended, or that what it sent is no picture.
    pub fn newest(&self) -> Result<Frame, SightError> {
        let (raw, taken, number) = {
            let state = self.seen.lock();
            if let Some(ended) = &state.ended {
                return Err(ended.clone());
            }
            state.newest.clone().ok_or(SightError::NoCamera)?
        };
        Ok(Frame { picture: Arc::new(raw.picture()?), taken, number })
    }

    /// Waits for a picture with a higher number than this, and gives the newest.
    ///
    /// # Errors
    /// As [`Camera::newest`]; [`SightError::Camera`] when none comes for some seconds.
    pub fn after(&self, number: u64) -> Result<Frame, SightError> {
        let old = |state: &mut State| {
            state.ended.is_none() && state.newest.as_ref().is_none_or(|(_, _, newest)| *newest <= number)
        };
        let waited = self.seen.came.wait_timeout_while(self.seen.lock(), FIRST_WITHIN, old);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if timeout.timed_out() {
            return Err(SightError::Camera("it gives no picture any more".into()));
        }
        self.newest()
    }

    /// Why it is closed, although nobody closed it: it was pulled out, as a rule.
    pub fn ended(&self) -> Option<SightError> {
        self.seen.lock().ended.clone()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.seen.lock().stop = true;
        // Ends with an error when the thread is over. One that hangs in the system is left behind, and closes the device
        // when it comes back.
        if self.over.recv_timeout(CLOSED_WITHIN) == Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves the state half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The camera's thread.
    fn look(&self, lens: impl FnOnce() -> Result<Box<dyn Lens>, SightError>) {
        let ended = lens().and_then(|mut lens| {
            let mut number = 0;
            while !self.lock().stop {
                let raw = lens.next()?;
                number += 1;
                self.lock().newest = Some((Arc::new(raw), Instant::now(), number));
                self.came.notify_all();
            }
            Ok(())
        });
        // By now the lens is dropped and the device closed.
        if let Err(error) = ended {
            self.lock().ended = Some(error);
            self.came.notify_all();
        }
    }
}
