//! Sharing: what is on the screen, looked at again and again while somebody talks about it.
//!
//! What always holds: at most two pictures a second are taken, unless one is asked for; only one that differs from the
//! one before is given on; the newest one is there at once; nothing is taken any more once the [`Share`] is dropped.
//! Our own windows are painted over with grey, since they cannot be hidden for so long.
//!
//! Runs on a thread of its own, `hark-sight`, that waits for the display server to say that something was drawn.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::desktop::{Own, Target};
use crate::{Picture, SightError};

/// At least so much time passes between two pictures.
pub const PERIOD: Duration = Duration::from_millis(500);

/// Where nothing seems to be drawn it is looked at all the same after this time: what a game draws past the server is not
/// always told.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// So many pictures are kept, the newest among them: at least two seconds.
const KEPT: usize = 5;

/// So long may a picture take that was asked for.
const NOW_WITHIN: Duration = Duration::from_secs(2);

/// A picture of what is shared.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The picture.
    pub picture: Arc<Picture>,
    /// When it was taken. It showed what was there until the next one was.
    pub taken: Instant,
    /// Its number: from 1, without gaps.
    pub number: u64,
}

/// What happens while something is shared.
#[derive(Debug, Clone)]
pub enum ShareNews {
    /// It has changed.
    Frame(Frame),
    /// It cannot be shared any longer; this is the last that is told.
    Ended(SightError),
}

/// What is watched, and how. Lives on the sharing thread.
pub(crate) trait Watch: Send {
    /// A picture of it, our windows painted over. [`SightError::Minimised`] says that there is none at the moment.
    fn grab(&mut self, own: &Own) -> Result<Picture, SightError>;

    /// Waits until it may have changed since the last picture (`true`), until woken, or until then.
    fn wait(&mut self, until: Instant) -> Result<bool, SightError>;

    /// What ends a wait from another thread.
    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError>;

    /// Whether two pictures show the same.
    fn is_same(&self, before: &Picture, now: &Picture) -> bool {
        before == now
    }
}

/// Something is shared, until this is dropped.
pub struct Share {
    shared: Arc<Shared>,
    wake: Box<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Held for moments only, by the sharing thread and whoever asks for a picture.
    state: Mutex<State>,
    answered: Condvar,
}

struct State {
    /// Oldest first, never empty.
    frames: VecDeque<Frame>,
    ended: Option<SightError>,
    own: Own,
    /// Pictures asked for, and how many of these wishes are fulfilled.
    asked: u64,
    fulfilled: u64,
    stop: bool,
}

impl Share {
    /// Begins to share. The first picture is taken before this returns, and is not told as news.
    ///
    /// Under Wayland the desktop decides what is shared: it asks the user in a dialog of its own, which this waits for.
    /// The target says only whether a monitor ([`Target::Everything`], [`Target::Monitor`], [`Target::Region`]) or a
    /// window is asked for, whichever its number; one monitor takes the place of everything, a region is cut from the one
    /// chosen, and our own windows are not painted over. The user ends it in the desktop: [`SightError::Stopped`].
    ///
    /// `on_news` runs on the sharing thread; it must neither wait for long nor for whoever drops the share.
    ///
    /// # Errors
    /// As [`Desktop::grab`](crate::Desktop::grab).
    pub fn start(
        target: Target,
        own: Own,
        on_news: impl FnMut(ShareNews) + Send + 'static,
    ) -> Result<Self, SightError> {
        Self::of(watch(target)?, own, on_news)
    }

    pub(crate) fn of(
        mut watch: Box<dyn Watch>,
        own: Own,
        on_news: impl FnMut(ShareNews) + Send + 'static,
    ) -> Result<Self, SightError> {
        let wake = watch.waker()?;
        let first = Frame { picture: Arc::new(watch.grab(&own)?), taken: Instant::now(), number: 1 };
        let state =
            State { frames: VecDeque::from([first]), ended: None, own, asked: 0, fulfilled: 0, stop: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), answered: Condvar::new() });
        let sharing = Sharing { watch, shared: shared.clone(), on_news };
        let thread = std::thread::Builder::new().name("hark-sight".into()).spawn(move || sharing.run());
        let thread = thread.map_err(|error| SightError::Picture(error.to_string()))?;
        Ok(Self { shared, wake, thread: Some(thread) })
    }

    /// The newest picture: at most half a second behind what is there.
    pub fn newest(&self) -> Frame {
        self.shared.lock().newest()
    }

    /// What is there now: a picture taken for this, or the newest one where nothing was drawn since. Waits for it, as a
    /// rule for some milliseconds.
    ///
    /// # Errors
    /// Why the sharing has ended.
    pub fn now(&self) -> Result<Frame, SightError> {
        let mut state = self.shared.lock();
        state.asked += 1;
        let wish = state.asked;
        (self.wake)();
        let pending = |state: &mut State| state.fulfilled < wish && state.ended.is_none();
        let waited = self.shared.answered.wait_timeout_while(state, NOW_WITHIN, pending);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.ended.clone().map_or_else(|| Ok(state.newest()), Err)
    }

    /// What was there at a moment of the last seconds: the newest picture taken until then. Of a moment longer ago, the
    /// oldest picture that is kept.
    pub fn at(&self, moment: Instant) -> Frame {
        let state = self.shared.lock();
        let found = state.frames.iter().rev().find(|frame| frame.taken <= moment);
        found.or_else(|| state.frames.front()).cloned().unwrap_or_else(|| state.newest())
    }

    /// Our windows have become others.
    pub fn set_own(&self, own: Own) {
        self.shared.lock().own = own;
    }

    /// Why it cannot be shared any longer, once that is so.
    pub fn ended(&self) -> Option<SightError> {
        self.shared.lock().ended.clone()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        (self.wake)();
        if let Some(thread) = self.thread.take()
            // Dropped by its own news, it ends when that returns.
            && thread.thread().id() != std::thread::current().id()
        {
            // A thread that panicked takes no pictures any more either.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves the state half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn newest(&self) -> Frame {
        // The first one is put in before anybody can ask, and the last one is never taken out.
        self.frames.back().cloned().unwrap_or_else(|| unreachable!("a share without a frame"))
    }
}

/// The sharing thread.
struct Sharing<F> {
    watch: Box<dyn Watch>,
    shared: Arc<Shared>,
    on_news: F,
}

impl<F: FnMut(ShareNews)> Sharing<F> {
    fn run(mut self) {
        let ended = match self.share() {
            Ok(()) => return,
            Err(ended) => ended,
        };
        let stopped = {
            let mut state = self.shared.lock();
            state.ended = Some(ended.clone());
            state.stop
        };
        self.shared.answered.notify_all();
        if !stopped {
            (self.on_news)(ShareNews::Ended(ended));
        }
    }

    /// `Ok`: nobody wants it any more.
    fn share(&mut self) -> Result<(), SightError> {
        let mut taken = Instant::now();
        let mut drawn = false;
        loop {
            let (stop, wish, fulfilled) = {
                let state = self.shared.lock();
                (state.stop, state.asked, state.fulfilled)
            };
            if stop {
                return Ok(());
            }
            let asked = wish > fulfilled;
            if asked && !drawn {
                // What was drawn just now may not have been told yet.
                drawn = self.watch.wait(Instant::now())?;
            }
            let due = taken + if drawn { PERIOD } else { LOOK_AGAIN };
            if Instant::now() >= due || (asked && drawn) {
                taken = Instant::now();
                drawn = false;
                self.look(taken)?;
            } else if !asked {
                drawn |= self.watch.wait(due)?;
            }
            if asked {
                self.shared.lock().fulfilled = wish;
                self.shared.answered.notify_all();
            }
        }
    }

    /// Takes a picture, and tells it if it differs.
    fn look(&mut self, taken: Instant) -> Result<(), SightError> {
        let own = self.shared.lock().own.clone();
        let picture = match self.watch.grab(&own) {
            // It comes back, or is closed.
            Err(SightError::Minimised) => return Ok(()),
            other => other?,
        };
        let last = self.shared.lock().newest();
        if self.watch.is_same(&last.picture, &picture) {
            return Ok(());
        }
        let frame = Frame { picture: Arc::new(picture), taken, number: last.number + 1 };
        {
            let mut state = self.shared.lock();
            if state.frames.len() == KEPT {
                state.frames.pop_front();
            }
            state.frames.push_back(frame.clone());
        }
        (self.on_news)(ShareNews::Frame(frame));
        Ok(())
    }
}

fn watch(target: Target) -> Result<Box<dyn Watch>, SightError> {
    #[cfg(target_os = "linux")]
    match crate::desktop::session() {
        crate::desktop::Session::X11 => Ok(Box::new(crate::x11::X11Watch::open(target)?)),
        crate::desktop::Session::Wayland => crate::wayland::watch(target),
        crate::desktop::Session::None => Err(SightError::NoScreen),
    }
    #[cfg(not(target_os = "linux"))]
    Ok(Box::new(crate::native::Polled::new(target)))
}

#[cfg(test)]
mod tests;
