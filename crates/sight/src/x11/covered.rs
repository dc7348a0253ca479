//! The picture of one window, also of what is behind other windows or off the screen.
//!
//! Without a compositor a server keeps no pixels of what cannot be seen. Asked to (Composite, automatic redirection), it
//! begins to, the window's program draws what was hidden, and the whole of it can be read.

use x11rb::connection::Connection;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::xproto::{ConnectionExt as _, MapState, Window as XWindow};

use super::grab::Grabber;
use super::layout::Layout;
use super::{Link, failed, gone, lost, rect_of, settle, x};
use crate::{Picture, Rect, SightError, WindowId};

/// What is inside a window's frame, now.
pub(crate) fn grab(link: &Link, grabber: &mut Grabber, id: WindowId) -> Result<Picture, SightError> {
    let frame = mapped_frame(link, id)?;
    let rect = link.inside(id)?;
    let composited = link.composite && link.is_composited();
    let covered = link.is_covered(frame, rect)?;
    if !composited && !covered {
        return grabber.screen(link, rect).map_err(|error| closed(link, id, error));
    }
    if !link.composite {
        let seen = crate::geometry::visible(rect, [link.bounds()])?;
        return grabber.screen(link, seen);
    }
    let _kept = Kept::of(link, frame, !composited)?;
    whole(link, grabber, id, frame)
}

/// Keeps the server keeping all of a window's pixels, until dropped.
pub(crate) struct Kept<'a> {
    link: &'a Link,
    frame: XWindow,
}

impl<'a> Kept<'a> {
    /// `settle`: waits until what was hidden is drawn.
    pub(crate) fn of(link: &'a Link, frame: XWindow, settle: bool) -> Result<Self, SightError> {
        keep(link, frame, settle)?;
        Ok(Self { link, frame })
    }
}

/// Has the server keep all of a window's pixels for as long as the connection lasts.
pub(crate) fn keep(link: &Link, frame: XWindow, settle: bool) -> Result<(), SightError> {
    let drawn = if settle { settle::Drawing::on(link, frame)? } else { None };
    let asked = link.conn.composite_redirect_window(frame, Redirect::AUTOMATIC).map_err(lost)?;
    asked.check().map_err(gone)?;
    if settle {
        settle::until_drawn(link, drawn.as_ref())?;
    }
    Ok(())
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        // A window that is gone needs no letting go.
        if let Ok(asked) = self.link.conn.composite_unredirect_window(self.frame, Redirect::AUTOMATIC) {
            asked.ignore_error();
        }
        let _ = self.link.conn.flush();
    }
}

/// The picture of a window whose pixels are kept.
pub(crate) fn whole(
    link: &Link,
    grabber: &mut Grabber,
    id: WindowId,
    frame: XWindow,
) -> Result<Picture, SightError> {
    let conn = &link.conn;
    let size = conn.get_geometry(frame).map_err(lost)?;
    let inside = conn.get_geometry(x(id)).map_err(lost)?;
    let at = conn.translate_coordinates(x(id), frame, 0, 0).map_err(lost)?;
    let visual = conn.get_window_attributes(frame).map_err(lost)?;
    let (size, inside) = (size.reply().map_err(gone)?, inside.reply().map_err(gone)?);
    let (at, visual) = (at.reply().map_err(gone)?, visual.reply().map_err(gone)?.visual);
    let order = Layout::of(conn.setup(), visual)?;
    let pixmap = conn.generate_id().map_err(failed)?;
    conn.composite_name_window_pixmap(frame, pixmap).map_err(lost)?.check().map_err(gone)?;
    // The pixmap has the frame's border around it.
    let border = size.border_width;
    let (x, y) = (i32::from(at.dst_x) + i32::from(border), i32::from(at.dst_y) + i32::from(border));
    let with_border = |length: u16| u32::from(length) + 2 * u32::from(border);
    let all = Rect::new(0, 0, with_border(size.width), with_border(size.height));
    let picture = match (Rect { x, y, ..rect_of(&inside) }).intersection(all) {
        Some(part) => grabber.drawable(link, pixmap, order, part),
        None => Err(SightError::WindowGone),
    };
    conn.free_pixmap(pixmap).map_err(lost)?.ignore_error();
    picture
}

/// The frame of a window that has a picture.
pub(crate) fn mapped_frame(link: &Link, id: WindowId) -> Result<XWindow, SightError> {
    let state = link.conn.get_window_attributes(x(id)).map_err(lost)?.reply().map_err(gone)?.map_state;
    if state != MapState::VIEWABLE {
        return Err(SightError::Minimised);
    }
    link.frame(id)
}

/// That the window was closed explains why it could not be grabbed.
fn closed(link: &Link, id: WindowId, error: SightError) -> SightError {
    mapped_frame(link, id).err().unwrap_or(error)
}
