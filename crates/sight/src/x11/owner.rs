//! Whose the selected text is, and since when.

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Timestamp, Window as XWindow,
    WindowClass,
};

use super::settle::{poll, readable};
use super::{Link, failed, lost};
use crate::SightError;
use crate::desktop::Window;

/// A program that does not say within this time when its text was marked is not waited for.
const ANSWERS_WITHIN: Duration = Duration::from_millis(150);

/// The window that the selected text is in, and how long ago it was marked, as far as that can be known.
pub(crate) fn of_selection(link: &Link) -> Result<(Option<Window>, Option<Duration>), SightError> {
    let asked = link.conn.get_selection_owner(AtomEnum::PRIMARY.into()).map_err(lost)?;
    let owner = asked.reply().map_err(failed)?.owner;
    if owner == x11rb::NONE {
        return Err(SightError::NothingSelected);
    }
    // The owner is often a window that is never shown, but all windows of a program have numbers from one range.
    let range = !link.conn.setup().resource_id_mask;
    let theirs = |window: &&Window| window.id.0 & range == owner & range;
    let windows = link.windows()?;
    let of_theirs: Vec<&Window> = windows.iter().filter(theirs).collect();
    let from = of_theirs
        .iter()
        .find(|window| window.id.0 == owner)
        .or_else(|| of_theirs.iter().find(|window| window.focused))
        .or_else(|| of_theirs.first());
    Ok((from.map(|&window| window.clone()), age(link)?))
}

/// How long ago something was marked, by the server's clock on both ends.
fn age(link: &Link) -> Result<Option<Duration>, SightError> {
    let conn = &link.conn;
    let own = conn.generate_id().map_err(failed)?;
    let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    conn.create_window(0, own, link.root(), -1, -1, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &events)
        .map_err(lost)?
        .check()
        .map_err(failed)?;
    let age = Asking { link, own }.age();
    conn.destroy_window(own).map_err(lost)?;
    conn.flush().map_err(lost)?;
    age
}

struct Asking<'a> {
    link: &'a Link,
    own: XWindow,
}

impl Asking<'_> {
    fn age(&self) -> Result<Option<Duration>, SightError> {
        let (conn, atoms) = (&self.link.conn, &self.link.atoms);
        conn.convert_selection(
            self.own,
            AtomEnum::PRIMARY.into(),
            atoms.TIMESTAMP,
            atoms._HARK_TIME,
            x11rb::CURRENT_TIME,
        )
        .map_err(lost)?;
        let answered = |event: &Event| match event {
            Event::SelectionNotify(answer) => Some(answer.property),
            _ => None,
        };
        let Some(property) = self.wait(answered)?.filter(|&property| property != x11rb::NONE) else {
            return Ok(None);
        };
        let asked = conn.get_property(true, self.own, property, AtomEnum::ANY, 0, 1).map_err(lost)?;
        let marked = asked.reply().map_err(failed)?.value32().and_then(|mut values| values.next());
        // A program that did not care when it was says 0.
        let Some(marked) = marked.filter(|&marked| marked != 0) else { return Ok(None) };
        let Some(now) = self.now()? else { return Ok(None) };
        Ok(between(marked, now))
    }

    /// The server's clock: it tells the time whenever a property changes, also by nothing.
    fn now(&self) -> Result<Option<Timestamp>, SightError> {
        let property = self.link.atoms.UTF8_STRING;
        let conn = &self.link.conn;
        conn.change_property(PropMode::APPEND, self.own, property, property, 8, 0, &[]).map_err(lost)?;
        self.wait(|event| match event {
            Event::PropertyNotify(changed) if changed.atom == property => Some(changed.time),
            _ => None,
        })
    }

    fn wait<T>(&self, found: impl Fn(&Event) -> Option<T>) -> Result<Option<T>, SightError> {
        let deadline = Instant::now() + ANSWERS_WITHIN;
        self.link.conn.flush().map_err(lost)?;
        loop {
            while let Some(event) = self.link.conn.poll_for_event().map_err(lost)? {
                if let Some(found) = found(&event) {
                    return Ok(Some(found));
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            poll(&mut [readable(self.link)], Some(left))?;
        }
    }
}

/// The server's clock counts milliseconds and begins anew after 49 days.
fn between(marked: Timestamp, now: Timestamp) -> Option<Duration> {
    let passed = now.wrapping_sub(marked);
    // More than half a turn back is in truth a little ahead.
    (passed < u32::MAX / 2).then(|| Duration::from_millis(passed.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_may_begin_anew_in_between() {
        assert_eq!(between(1000, 3500), Some(Duration::from_millis(2500)));
        assert_eq!(between(u32::MAX - 9, 90), Some(Duration::from_millis(100)));
        assert_eq!(between(3500, 1000), None);
    }
}
