//! The desktop of an X11 session, over the X protocol itself: what is listed and grabbed here needs no library of the
//! system's, and the kinds of screens that X servers have (16 to 32 bits a pixel, windows put together by a
//! compositor or not) are told apart in one place.

mod covered;
mod grab;
mod layout;
mod list;
mod owner;
mod settle;
mod watch;

use x11rb::connection::{Connection, RequestConnection as _};
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::ErrorKind;
use x11rb::protocol::composite::ConnectionExt as _;
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, GetGeometryReply, Screen, Window as XWindow};
use x11rb::rust_connection::RustConnection;

use self::grab::Grabber;
pub(crate) use self::watch::X11Watch;
use crate::desktop::{Clipping, Desktop, Monitor, Own, Selected, Target, Window};
use crate::{MonitorId, Picture, Point, Rect, SightError, WindowId, clipboard, geometry};

x11rb::atom_manager! {
    /// Names the server has numbers for.
    pub(crate) Atoms: AtomsCookie {
        UTF8_STRING,
        TIMESTAMP,
        WM_STATE,
        _HARK_TIME,
        _NET_ACTIVE_WINDOW,
        _NET_CLIENT_LIST,
        _NET_CLIENT_LIST_STACKING,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_CM_S0,
        _NET_WM_NAME,
        _NET_WM_PID,
        _NET_WM_STATE,
        _NET_WM_STATE_HIDDEN,
    }
}

/// A connection to the server, and what it can do.
pub(crate) struct Link {
    pub(crate) conn: RustConnection,
    screen: usize,
    pub(crate) atoms: Atoms,
    /// Tells when something is drawn (`XDamage`).
    pub(crate) damage: bool,
    /// Keeps whole pictures of windows (Composite).
    pub(crate) composite: bool,
}

impl Link {
    pub(crate) fn open() -> Result<Self, SightError> {
        let (conn, screen) = x11rb::connect(None).map_err(|e| SightError::Unreachable(e.to_string()))?;
        let atoms = Atoms::new(&conn).map_err(lost)?.reply().map_err(failed)?;
        // Servers want to be told the version before anything else of an extension is asked for.
        let has = |name| conn.extension_information(name).map(|found| found.is_some()).map_err(lost);
        let xfixes = has("XFIXES")? && conn.xfixes_query_version(5, 0).map_err(lost)?.reply().is_ok();
        let damage =
            xfixes && has("DAMAGE")? && conn.damage_query_version(1, 1).map_err(lost)?.reply().is_ok();
        // Pictures of windows came with version 0.2.
        let composite = has("Composite")?
            && conn
                .composite_query_version(0, 4)
                .map_err(lost)?
                .reply()
                .is_ok_and(|version| (version.major_version, version.minor_version) >= (0, 2));
        Ok(Self { conn, screen, atoms, damage, composite })
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.conn.setup().roots[self.screen]
    }

    pub(crate) fn root(&self) -> XWindow {
        self.screen().root
    }

    /// All that the server draws on, also where no monitor is.
    pub(crate) fn bounds(&self) -> Rect {
        // The size that was told at the beginning is not true any more after a monitor was plugged in.
        let now = self.conn.get_geometry(self.root()).ok().and_then(|cookie| cookie.reply().ok());
        now.map_or_else(
            || {
                let screen = self.screen();
                Rect::new(0, 0, screen.width_in_pixels.into(), screen.height_in_pixels.into())
            },
            |now| Rect::new(0, 0, now.width.into(), now.height.into()),
        )
    }

    /// Whether some program puts the windows together.
    pub(crate) fn is_composited(&self) -> bool {
        let owner = self.conn.get_selection_owner(self.atoms._NET_WM_CM_S0);
        owner.ok().and_then(|cookie| cookie.reply().ok()).is_some_and(|reply| reply.owner != x11rb::NONE)
    }
}

/// The desktop.
pub(crate) struct X11 {
    link: Link,
    grabber: Grabber,
}

impl X11 {
    pub(crate) fn open() -> Result<Self, SightError> {
        Ok(Self { link: Link::open()?, grabber: Grabber::new() })
    }

    /// Where a target is on the desktop.
    fn place(&self, target: Target) -> Result<Rect, SightError> {
        place(&self.link, target)
    }
}

/// Where a target is on the desktop, as far as it is on a monitor.
pub(crate) fn place(link: &Link, target: Target) -> Result<Rect, SightError> {
    let monitors = link.monitors()?;
    let screens = monitors.iter().map(|monitor| monitor.rect);
    match target {
        Target::Everything => screens.reduce(Rect::around).ok_or(SightError::MonitorGone),
        Target::Monitor(id) => {
            let found = monitors.iter().find(|monitor| monitor.id == id);
            Ok(found.ok_or(SightError::MonitorGone)?.rect)
        }
        Target::Region(rect) => geometry::visible(rect, screens),
        Target::Window(id) => link.inside(id),
    }
}

impl Desktop for X11 {
    fn monitors(&mut self) -> Result<Vec<Monitor>, SightError> {
        self.link.monitors()
    }

    fn windows(&mut self) -> Result<Vec<Window>, SightError> {
        self.link.windows()
    }

    fn pointer(&mut self) -> Result<Point, SightError> {
        self.link.pointer()
    }

    fn grab(&mut self, target: Target) -> Result<Picture, SightError> {
        if let Target::Window(id) = target {
            return covered::grab(&self.link, &mut self.grabber, id);
        }
        let rect = self.place(target)?;
        self.grabber.screen(&self.link, rect)
    }

    fn in_the_way(&mut self, target: Target, own: &Own) -> Result<bool, SightError> {
        // A window's own picture has nothing of what lies over it.
        if matches!(target, Target::Window(_)) && self.link.composite {
            return Ok(false);
        }
        let rect = self.place(target)?;
        Ok(self.link.shown(own)?.into_iter().any(|window| window.intersection(rect).is_some()))
    }

    fn wait_for_curtain(&mut self, own: &Own) -> Result<(), SightError> {
        settle::until_gone(&self.link, own)
    }

    fn selection(&mut self) -> Result<Selected, SightError> {
        // Asked for first: reading the text may change who has the keyboard's attention, never who owns the selection.
        let (from, age) = owner::of_selection(&self.link)?;
        Ok(Selected { text: clipboard::selected()?, from, age })
    }

    fn clipboard(&mut self) -> Result<Clipping, SightError> {
        clipboard::read()
    }
}

/// The window number of the server for ours.
pub(crate) fn x(id: WindowId) -> XWindow {
    id.0
}

pub(crate) fn monitor_id(name: u32) -> MonitorId {
    MonitorId(name)
}

/// Where a drawable is, in its parent.
pub(crate) fn rect_of(geometry: &GetGeometryReply) -> Rect {
    Rect::new(geometry.x.into(), geometry.y.into(), geometry.width.into(), geometry.height.into())
}

/// The connection broke.
pub(crate) fn lost(error: impl Into<ConnectionError>) -> SightError {
    SightError::Unreachable(error.into().to_string())
}

/// A request failed that does not depend on what windows do.
pub(crate) fn failed(error: impl Into<ReplyOrIdError>) -> SightError {
    match error.into() {
        ReplyOrIdError::ConnectionError(error) => lost(error),
        error => SightError::Picture(format!("the display server refused: {}", kind(&error))),
    }
}

fn kind(error: &ReplyOrIdError) -> String {
    match error {
        ReplyOrIdError::X11Error(error) => format!("{:?}", error.error_kind),
        other => other.to_string(),
    }
}

/// A request about a window failed: most likely it was closed meanwhile, which may happen between any two requests.
pub(crate) fn gone(error: impl Into<ReplyError>) -> SightError {
    match error.into() {
        ReplyError::ConnectionError(error) => lost(error),
        ReplyError::X11Error(error) => match error.error_kind {
            ErrorKind::Window | ErrorKind::Drawable | ErrorKind::Pixmap | ErrorKind::Match => {
                SightError::WindowGone
            }
            other => SightError::Picture(format!("the display server refused: {other:?}")),
        },
    }
}
