//! Waiting for the screen: until our windows are gone, and until programs have drawn what was behind them.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, Drawable, EventMask};

use super::{Link, failed, lost};
use crate::SightError;
use crate::desktop::Own;

/// So long our windows may take to leave the screen.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Programs begin to draw within this time of being asked to, or have nothing to draw. Several frames at 60 Hz.
const BEGINS_WITHIN: Duration = Duration::from_millis(60);

/// When nothing was drawn for so long, all is drawn. More than one frame at 60 Hz.
const QUIET: Duration = Duration::from_millis(25);

/// A screen that never rests is looked at all the same.
const AT_MOST: Duration = Duration::from_millis(250);

/// Waits until none of our windows is shown and what was behind them is drawn.
pub(crate) fn until_gone(link: &Link, own: &Own) -> Result<(), SightError> {
    let deadline = Instant::now() + GONE_WITHIN;
    let drawing = Drawing::on(link, link.root())?;
    let watched = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    loop {
        let shown = link.shown_windows(own)?;
        if shown.is_empty() {
            return until_drawn(link, drawing.as_ref());
        }
        if Instant::now() >= deadline {
            return Err(SightError::OwnWindowStays);
        }
        for window in shown {
            // One that is gone meanwhile is no failure.
            link.conn.change_window_attributes(window, &watched).map_err(lost)?.ignore_error();
        }
        // Anything that happens may be the window's leaving; a look now and then catches what came too early.
        wait_for_event(link, Duration::from_millis(20))?;
    }
}

/// Something that tells when it is drawn on.
pub(crate) struct Drawing<'a> {
    link: &'a Link,
    damage: damage::Damage,
}

impl<'a> Drawing<'a> {
    /// `None` where the server cannot tell.
    pub(crate) fn on(link: &'a Link, drawable: Drawable) -> Result<Option<Self>, SightError> {
        if !link.damage {
            return Ok(None);
        }
        let damage = link.conn.generate_id().map_err(failed)?;
        let asked = link.conn.damage_create(damage, drawable, ReportLevel::NON_EMPTY).map_err(lost)?;
        asked.check().map_err(super::gone)?;
        Ok(Some(Self { link, damage }))
    }
}

impl Drop for Drawing<'_> {
    fn drop(&mut self) {
        if let Ok(asked) = self.link.conn.damage_destroy(self.damage) {
            asked.ignore_error();
        }
        let _ = self.link.conn.flush();
    }
}

/// Waits until whatever draws has drawn.
pub(crate) fn until_drawn(link: &Link, drawing: Option<&Drawing<'_>>) -> Result<(), SightError> {
    let begin = Instant::now();
    let Some(drawing) = drawing else {
        // Nobody tells: as long as it takes at most.
        while begin.elapsed() < AT_MOST / 2 {
            wait_for_event(link, (AT_MOST / 2).saturating_sub(begin.elapsed()))?;
        }
        return Ok(());
    };
    let mut quiet_at = begin + BEGINS_WITHIN;
    loop {
        let now = Instant::now();
        let until = quiet_at.min(begin + AT_MOST);
        if now >= until {
            return Ok(());
        }
        if wait_for_event(link, until.saturating_duration_since(now))? {
            link.conn.damage_subtract(drawing.damage, x11rb::NONE, x11rb::NONE).map_err(lost)?;
            quiet_at = Instant::now() + QUIET;
        }
    }
}

/// Waits until something happens, so long at most; `true`: something was drawn.
fn wait_for_event(link: &Link, at_most: Duration) -> Result<bool, SightError> {
    link.conn.flush().map_err(lost)?;
    let mut drawn = drain(link)?;
    if !drawn.anything {
        let mut fds = [PollFd::new(link.conn.stream(), PollFlags::IN)];
        poll(&mut fds, Some(at_most))?;
        drawn = drain(link)?;
    }
    Ok(drawn.damage)
}

/// What has happened.
pub(crate) struct Happened {
    pub(crate) anything: bool,
    pub(crate) damage: bool,
}

/// Takes all events that are there.
pub(crate) fn drain(link: &Link) -> Result<Happened, SightError> {
    let mut happened = Happened { anything: false, damage: false };
    while let Some(event) = link.conn.poll_for_event().map_err(lost)? {
        happened.anything = true;
        happened.damage |= matches!(event, Event::DamageNotify(_));
    }
    Ok(happened)
}

/// Waits until one of these can be read; without an end if `at_most` is `None`.
pub(crate) fn poll(fds: &mut [PollFd<'_>], at_most: Option<Duration>) -> Result<(), SightError> {
    let timeout = at_most.and_then(|at_most| Timespec::try_from(at_most).ok());
    match rustix::event::poll(fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(SightError::Unreachable(error.to_string())),
    }
}

/// The connection, to wait on.
pub(crate) fn readable(link: &Link) -> PollFd<'_> {
    PollFd::from_borrowed_fd(link.conn.stream().as_fd(), PollFlags::IN)
}
