//! What is shared on X11, watched: the server tells when something was drawn (`XDamage`), and until then nothing is done.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use x11rb::connection::Connection;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::xproto::Drawable;
use x11rb::wrapper::ConnectionExt as _;

use super::grab::Grabber;
use super::settle::{drain, poll, readable};
use super::{Link, covered, failed, gone, lost, place};
use crate::desktop::{Own, Target};
use crate::share::{PERIOD, Watch};
use crate::{Picture, Rect, SightError, WindowId};

/// Our own windows in the picture.
const GREY: [u8; 4] = [128, 128, 128, 255];

/// Watches a target over a connection of its own.
pub(crate) struct X11Watch {
    link: Link,
    grabber: Grabber,
    target: Target,
    told: Option<Told>,
    /// When the last picture was taken: without damage, it counts as changed when a period has passed.
    grabbed: Instant,
    /// Our end of what wakes a wait, and the other one.
    awake: UnixStream,
    waker: UnixStream,
}

/// What tells that something was drawn.
struct Told {
    on: Drawable,
    damage: Damage,
}

impl X11Watch {
    pub(crate) fn open(target: Target) -> Result<Self, SightError> {
        let broken = |error: std::io::Error| SightError::Picture(error.to_string());
        let (awake, waker) = UnixStream::pair().map_err(broken)?;
        awake.set_nonblocking(true).map_err(broken)?;
        waker.set_nonblocking(true).map_err(broken)?;
        Ok(Self {
            link: Link::open()?,
            grabber: Grabber::new(),
            target,
            told: None,
            grabbed: Instant::now(),
            awake,
            waker,
        })
    }

    /// What was drawn until now counts no longer; what is drawn from now on is told.
    fn begin(&mut self, on: Drawable) -> Result<(), SightError> {
        if !self.link.damage {
            return Ok(());
        }
        let conn = &self.link.conn;
        match &self.told {
            Some(told) if told.on == on => {
                conn.damage_subtract(told.damage, x11rb::NONE, x11rb::NONE).map_err(lost)?;
            }
            _ => {
                if let Some(old) = self.told.take() {
                    conn.damage_destroy(old.damage).map_err(lost)?.ignore_error();
                }
                let damage = conn.generate_id().map_err(failed)?;
                let asked = conn.damage_create(damage, on, ReportLevel::NON_EMPTY).map_err(lost)?;
                asked.check().map_err(gone)?;
                self.told = Some(Told { on, damage });
            }
        }
        // The answer to whatever is asked next comes after all that was told before, which is of no interest now.
        drain(&self.link)?;
        Ok(())
    }

    fn window(&mut self, id: WindowId) -> Result<Picture, SightError> {
        let frame = match covered::mapped_frame(&self.link, id) {
            Ok(frame) => frame,
            Err(none) => {
                // Otherwise nothing would be told when it comes back: the server tells the first drawing after this.
                if let Some(told) = &self.told {
                    self.begin(told.on)?;
                }
                return Err(none);
            }
        };
        if !self.link.composite {
            self.begin(frame)?;
            return covered::grab(&self.link, &mut self.grabber, id);
        }
        // A window manager that starts anew gives its windows other frames.
        if self.told.as_ref().is_none_or(|told| told.on != frame) {
            let composited = self.link.is_composited();
            covered::keep(&self.link, frame, !composited)?;
        }
        self.begin(frame)?;
        covered::whole(&self.link, &mut self.grabber, id, frame)
    }

    fn screen(&mut self, own: &Own) -> Result<Picture, SightError> {
        let rect = place(&self.link, self.target)?;
        self.begin(self.link.root())?;
        let mut picture = self.grabber.screen(&self.link, rect)?;
        for part in self.ours(own, rect)? {
            picture.paint(part, GREY);
        }
        Ok(picture)
    }

    /// Where our windows are, seen from the corner of what is shared.
    fn ours(&self, own: &Own, rect: Rect) -> Result<Vec<Rect>, SightError> {
        let seen = |window: Rect| {
            let part = window.intersection(rect)?;
            Some(Rect { x: part.x - rect.x, y: part.y - rect.y, ..part })
        };
        Ok(self.link.shown(own)?.into_iter().filter_map(seen).collect())
    }
}

impl Watch for X11Watch {
    fn grab(&mut self, own: &Own) -> Result<Picture, SightError> {
        let picture = match self.target {
            Target::Window(id) => self.window(id),
            _ => self.screen(own),
        };
        self.grabbed = Instant::now();
        picture
    }

    fn wait(&mut self, until: Instant) -> Result<bool, SightError> {
        let until = if self.link.damage { until } else { until.min(self.grabbed + PERIOD) };
        self.link.conn.flush().map_err(lost)?;
        let mut drawn = drain(&self.link)?.damage;
        let left = until.saturating_duration_since(Instant::now());
        if !drawn && left.is_zero() {
            // What was drawn until now is told before the answer to this comes.
            self.link.conn.sync().map_err(failed)?;
            drawn = drain(&self.link)?.damage;
        } else if !drawn {
            let mut fds = [readable(&self.link), PollFd::from_borrowed_fd(self.awake.as_fd(), PollFlags::IN)];
            poll(&mut fds, Some(left))?;
            drawn = drain(&self.link)?.damage;
        }
        // However often it was woken, it is awake once.
        while matches!((&self.awake).read(&mut [0; 64]), Ok(1..)) {}
        Ok(drawn || (!self.link.damage && self.grabbed.elapsed() >= PERIOD))
    }

    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError> {
        let waker = self.waker.try_clone().map_err(|error| SightError::Picture(error.to_string()))?;
        Ok(Box::new(move || {
            // Full means that it is awake.
            let _ = (&waker).write(&[1]);
        }))
    }
}
