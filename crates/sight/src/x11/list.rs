//! Monitors and windows, as `RandR` and the window manager's hints (EWMH) tell them.

use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, MapState, Window as XWindow};

use super::{Link, failed, gone, lost, monitor_id, rect_of, x};
use crate::desktop::{Monitor, Own, Window};
use crate::{Point, Rect, SightError, WindowId};

/// A title is cut after so many 4-byte units.
const LONGEST_TITLE: u32 = 1024;

/// So deep may windows lie in frames.
const DEEPEST: usize = 16;

impl Link {
    pub(crate) fn monitors(&self) -> Result<Vec<Monitor>, SightError> {
        let (root, scale) = (self.root(), self.scale());
        let pointer = self.pointer()?;
        let asked = self.conn.randr_get_monitors(root, true).map_err(lost)?;
        let Ok(found) = asked.reply() else {
            // A server without RandR 1.5 has one screen.
            return Ok(vec![self.whole_screen(scale)]);
        };
        let mut monitors = Vec::new();
        for monitor in found.monitors {
            let name = self.conn.get_atom_name(monitor.name).map_err(lost)?.reply().map_err(failed)?;
            let (x, y) = (monitor.x.into(), monitor.y.into());
            let rect = Rect::new(x, y, monitor.width.into(), monitor.height.into());
            monitors.push(Monitor {
                id: monitor_id(monitor.name),
                name: String::from_utf8_lossy(&name.name).into_owned(),
                rect,
                scale,
                primary: monitor.primary,
                pointer: rect.contains(pointer),
            });
        }
        if monitors.is_empty() {
            return Ok(vec![self.whole_screen(scale)]);
        }
        // One is always the first to look at, also where nobody chose.
        if !monitors.iter().any(|monitor| monitor.primary) {
            monitors[0].primary = true;
        }
        monitors.sort_by_key(|monitor| !monitor.primary);
        Ok(monitors)
    }

    fn whole_screen(&self, scale: f32) -> Monitor {
        let rect = self.bounds();
        Monitor { id: monitor_id(0), name: "screen".into(), rect, scale, primary: true, pointer: true }
    }

    /// How large things are drawn: X11 knows one number, the dots per inch of fonts, for all monitors; 96 is 100 %.
    fn scale(&self) -> f32 {
        let resources = x11rb::resource_manager::new_from_resource_manager(&self.conn).ok().flatten();
        let dpi = resources.and_then(|resources| resources.get_value::<f32>("Xft.dpi", "").ok().flatten());
        dpi.filter(|dpi| (48.0..=960.0).contains(dpi)).map_or(1.0, |dpi| dpi / 96.0)
    }

    pub(crate) fn pointer(&self) -> Result<Point, SightError> {
        let at = self.conn.query_pointer(self.root()).map_err(lost)?.reply().map_err(failed)?;
        Ok(Point { x: at.root_x.into(), y: at.root_y.into() })
    }

    /// Topmost first. A window that is closed meanwhile is left out.
    pub(crate) fn windows(&self) -> Result<Vec<Window>, SightError> {
        let focused = self.windows_in(self.root(), self.atoms._NET_ACTIVE_WINDOW).into_iter().next();
        let mut windows = Vec::new();
        for id in self.stacked()?.into_iter().rev() {
            match self.window(id, focused == Some(id)) {
                Ok(window) => windows.push(window),
                Err(SightError::Unreachable(why)) => return Err(SightError::Unreachable(why)),
                Err(_) => {}
            }
        }
        windows.sort_by_key(|window| window.minimised);
        Ok(windows)
    }

    /// Programs' windows, topmost last.
    fn stacked(&self) -> Result<Vec<XWindow>, SightError> {
        for list in [self.atoms._NET_CLIENT_LIST_STACKING, self.atoms._NET_CLIENT_LIST] {
            let found = self.windows_in(self.root(), list);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        if !self.windows_in(self.root(), self.atoms._NET_SUPPORTING_WM_CHECK).is_empty() {
            return Ok(Vec::new());
        }
        // Without a window manager, the windows themselves; they are shown wherever they asked to be.
        let tree = self.conn.query_tree(self.root()).map_err(lost)?.reply().map_err(failed)?;
        let titled = |&window: &XWindow| !self.title(window).is_empty();
        Ok(tree.children.into_iter().filter(titled).collect())
    }

    /// The numbers in a property that holds some; none where it is not set.
    fn windows_in(&self, window: XWindow, property: u32) -> Vec<u32> {
        let asked = self.conn.get_property(false, window, property, AtomEnum::ANY, 0, 4096);
        let reply = asked.ok().and_then(|cookie| cookie.reply().ok());
        reply.as_ref().and_then(|reply| reply.value32()).map_or_else(Vec::new, Iterator::collect)
    }

    fn window(&self, id: XWindow, focused: bool) -> Result<Window, SightError> {
        let rect = self.inside(WindowId(id))?;
        let pid = self.pid(id);
        let shown = self.conn.get_window_attributes(id).map_err(lost)?.reply().map_err(gone)?.map_state;
        let state = self.windows_in(id, self.atoms._NET_WM_STATE);
        Ok(Window {
            id: WindowId(id),
            title: self.title(id),
            program: self.program(id, pid),
            pid,
            rect,
            focused,
            minimised: shown != MapState::VIEWABLE || state.contains(&self.atoms._NET_WM_STATE_HIDDEN),
        })
    }

    /// Where the inside of a window is on the desktop.
    pub(crate) fn inside(&self, id: WindowId) -> Result<Rect, SightError> {
        let size = self.conn.get_geometry(x(id)).map_err(lost)?;
        let at = self.conn.translate_coordinates(x(id), self.root(), 0, 0).map_err(lost)?;
        let (size, at) = (size.reply().map_err(gone)?, at.reply().map_err(gone)?);
        Ok(Rect { x: at.dst_x.into(), y: at.dst_y.into(), ..rect_of(&size) })
    }

    fn title(&self, id: XWindow) -> String {
        let utf8 = self.text(id, self.atoms._NET_WM_NAME);
        let bytes = if utf8.is_empty() { self.text(id, AtomEnum::WM_NAME.into()) } else { utf8 };
        // The old property is Latin-1, and often enough UTF-8 all the same.
        String::from_utf8(bytes)
            .unwrap_or_else(|latin| latin.into_bytes().into_iter().map(char::from).collect())
            .trim()
            .to_owned()
    }

    /// The class that a window says it is of, or else the name of its process.
    fn program(&self, id: XWindow, pid: Option<u32>) -> String {
        let class = self.text(id, AtomEnum::WM_CLASS.into());
        let mut names = class.split(|&byte| byte == 0).rev();
        if let Some(class) = names.find(|name| !name.is_empty()) {
            return String::from_utf8_lossy(class).into_owned();
        }
        let name = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        name.map(|name| name.trim_end().to_owned()).unwrap_or_default()
    }

    fn text(&self, id: XWindow, property: u32) -> Vec<u8> {
        let asked = self.conn.get_property(false, id, property, AtomEnum::ANY, 0, LONGEST_TITLE);
        asked.ok().and_then(|cookie| cookie.reply().ok()).map_or_else(Vec::new, |reply| reply.value)
    }

    fn pid(&self, id: XWindow) -> Option<u32> {
        self.windows_in(id, self.atoms._NET_WM_PID).into_iter().next()
    }

    /// Where windows of ours are on the screen now, with what the window manager put around them.
    pub(crate) fn shown(&self, own: &Own) -> Result<Vec<Rect>, SightError> {
        // One that is closed meanwhile is nowhere.
        let place = |window| self.inside(WindowId(self.frame(WindowId(window)).ok()?)).ok();
        Ok(self.shown_windows(own)?.into_iter().filter_map(place).collect())
    }

    /// The windows of ours that are on the screen now, frames left out.
    pub(crate) fn shown_windows(&self, own: &Own) -> Result<Vec<XWindow>, SightError> {
        if *own == Own::none() {
            return Ok(Vec::new());
        }
        // Bars and menus may be unknown to the window manager: they lie right under the root.
        let tree = self.conn.query_tree(self.root()).map_err(lost)?.reply().map_err(failed)?;
        let mut ours: Vec<XWindow> = self.stacked()?;
        ours.extend(tree.children);
        ours.extend(own.windows.iter().map(|id| id.0));
        ours.sort_unstable();
        ours.dedup();
        ours.retain(|&id| own.has(WindowId(id), self.pid(id)));
        let is_shown = |id: XWindow| {
            let attributes = self.conn.get_window_attributes(id).ok().and_then(|asked| asked.reply().ok());
            attributes.is_some_and(|attributes| attributes.map_state == MapState::VIEWABLE)
        };
        ours.retain(|&id| is_shown(id));
        Ok(ours)
    }

    /// The ancestor of a window that lies right under the root: its frame, or itself.
    pub(crate) fn frame(&self, id: WindowId) -> Result<XWindow, SightError> {
        let mut window = x(id);
        for _ in 0..DEEPEST {
            let tree = self.conn.query_tree(window).map_err(lost)?.reply().map_err(gone)?;
            if tree.parent == self.root() || tree.parent == x11rb::NONE {
                break;
            }
            window = tree.parent;
        }
        Ok(window)
    }

    fn place_if_shown(&self, window: XWindow) -> Option<Rect> {
        let attributes = self.conn.get_window_attributes(window).ok()?.reply().ok()?;
        let place = self.conn.get_geometry(window).ok()?.reply().ok()?;
        (attributes.map_state == MapState::VIEWABLE).then(|| rect_of(&place))
    }

    /// Whether something lies over a window right under the root, or part of it outside of the screen.
    pub(crate) fn is_covered(&self, frame: XWindow, rect: Rect) -> Result<bool, SightError> {
        if !self.bounds().covers(rect) {
            return Ok(true);
        }
        let tree = self.conn.query_tree(self.root()).map_err(lost)?.reply().map_err(failed)?;
        let mut above = tree.children.iter().rev().take_while(|&&window| window != frame);
        let covers = |&window: &XWindow| {
            self.place_if_shown(window).is_some_and(|place| place.intersection(rect).is_some())
        };
        Ok(above.any(covers))
    }
}
