//! What there is on the screen, and single pictures of it.

use std::fmt;
use std::time::Duration;

use crate::{Picture, Point, Rect, SightError};

/// A window's number, given by the display server. It may be given again to another window once this one is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WindowId(pub u32);

/// A monitor's number, given by the display server; it holds as long as nothing is plugged in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MonitorId(pub u32);

/// A monitor.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    /// Its number.
    pub id: MonitorId,
    /// What the system calls it, as in `HDMI-1`.
    pub name: String,
    /// Where it is on the desktop.
    pub rect: Rect,
    /// How many times larger than at 100 % things are drawn, as in 1.5. On X11 one number for all monitors.
    pub scale: f32,
    /// Whether it is the one that the user called the main one.
    pub primary: bool,
    /// Whether the pointer is on it.
    pub pointer: bool,
}

/// A program's window.
#[derive(Clone, PartialEq, Eq)]
pub struct Window {
    /// Its number.
    pub id: WindowId,
    /// What its title bar says; may be empty.
    pub title: String,
    /// The program, as the system calls it; may be empty.
    pub program: String,
    /// The program's process, where the window says so.
    pub pid: Option<u32>,
    /// What is inside its frame.
    pub rect: Rect,
    /// Whether it has the keyboard.
    pub focused: bool,
    /// Whether it is put away, so that there is no picture of it.
    pub minimised: bool,
}

/// Without its title, which is the user's affair and belongs in no log.
impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, program, pid, rect, focused, minimised, .. } = self;
        let mut shown = f.debug_struct("Window");
        shown.field("id", &id.0).field("program", program).field("pid", pid).field("rect", rect);
        shown.field("focused", focused).field("minimised", minimised).finish_non_exhaustive()
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// All monitors in one picture. What lies between them is black.
    Everything,
    /// One monitor.
    Monitor(MonitorId),
    /// What is inside a window's frame, also where something lies over it.
    Window(WindowId),
    /// A part of the desktop, as far as it is on a monitor.
    Region(Rect),
}

/// What is selected in some program.
#[derive(Clone, PartialEq, Eq)]
pub struct Selected {
    /// The text, never empty.
    pub text: String,
    /// A window of the program that it is selected in, if that can be known: the focused one of its windows, or else
    /// the topmost.
    pub from: Option<Window>,
    /// How long ago it was marked, if that can be known (X11). A selection stays when its window loses the keyboard:
    /// an old one may not be what the user means.
    pub age: Option<Duration>,
}

/// Without the text.
impl fmt::Debug for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Selected");
        shown.field("bytes", &self.text.len()).field("from", &self.from).field("age", &self.age).finish()
    }
}

/// What is on the clipboard.
#[derive(Clone, PartialEq, Eq)]
pub enum Clipping {
    /// Text, never empty.
    Text(String),
    /// A picture.
    Picture(Picture),
}

/// Without what it is.
impl fmt::Debug for Clipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Picture(picture) => picture.fmt(f),
        }
    }
}

/// The windows that belong to us: those of these processes and these ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Our processes.
    pub pids: Vec<u32>,
    /// Windows that do not say which process they belong to, or another than the one we know (in a sandbox).
    pub windows: Vec<WindowId>,
}

impl Default for Own {
    /// The windows of this process.
    fn default() -> Self {
        Self { pids: vec![std::process::id()], windows: Vec::new() }
    }
}

impl Own {
    /// No window at all: everything is seen.
    pub fn none() -> Self {
        Self { pids: Vec::new(), windows: Vec::new() }
    }

    /// Whether a window is ours.
    pub fn has(&self, id: WindowId, pid: Option<u32>) -> bool {
        self.windows.contains(&id) || pid.is_some_and(|pid| self.pids.contains(&pid))
    }
}

/// Takes our own windows out of the picture. Written by the host, which owns them.
pub trait Curtain {
    /// Which they are.
    fn own(&self) -> Own;

    /// Asks for all of them to be hidden. Need not wait until they are: that is done here.
    fn hide(&self);

    /// Brings back those that [`Curtain::hide`] hid. Called once for every `hide`, whatever happened in between.
    fn show(&self);
}

/// No windows of ours: for a program in a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWindows;

impl Curtain for NoWindows {
    fn own(&self) -> Own {
        Own::none()
    }
    fn hide(&self) {}
    fn show(&self) {}
}

/// The desktop of this session. Every call asks the display server anew and may wait for it for some milliseconds;
/// reading a selection waits for the program that has it, for 4 seconds at most.
pub trait Desktop: Send {
    /// All monitors, the primary one first.
    ///
    /// # Errors
    /// What the display server says.
    fn monitors(&mut self) -> Result<Vec<Monitor>, SightError>;

    /// The windows of programs, topmost first, those put away last; ours are among them.
    ///
    /// # Errors
    /// What the display server says.
    fn windows(&mut self) -> Result<Vec<Window>, SightError>;

    /// Where the pointer is.
    ///
    /// # Errors
    /// What the display server says.
    fn pointer(&mut self) -> Result<Point, SightError>;

    /// A picture of what is there now, our own windows included.
    ///
    /// # Errors
    /// As [`SightError`] says: a region off the screen, a window that was closed, a permission refused.
    fn grab(&mut self, target: Target) -> Result<Picture, SightError>;

    /// Whether a window of ours would be in a picture of this.
    ///
    /// # Errors
    /// As [`Desktop::grab`].
    fn in_the_way(&mut self, target: Target, own: &Own) -> Result<bool, SightError>;

    /// Waits until none of our windows is on the screen any more, and what was behind them is drawn.
    ///
    /// # Errors
    /// [`SightError::OwnWindowStays`] when they are still there after a second.
    fn wait_for_curtain(&mut self, own: &Own) -> Result<(), SightError>;

    /// The text that is selected, in whichever program.
    ///
    /// # Errors
    /// [`SightError::NothingSelected`], or that it cannot be read.
    fn selection(&mut self) -> Result<Selected, SightError>;

    /// What is on the clipboard: text, or else a picture.
    ///
    /// # Errors
    /// [`SightError::ClipboardEmpty`], or that it cannot be read.
    fn clipboard(&mut self) -> Result<Clipping, SightError>;
}

/// A picture without our own windows in it: where one is in the way, all are hidden, and shown again afterwards.
///
/// # Errors
/// As [`Desktop::grab`] and [`Desktop::wait_for_curtain`].
pub fn look(desktop: &mut dyn Desktop, target: Target, curtain: &dyn Curtain) -> Result<Picture, SightError> {
    let own = curtain.own();
    if !desktop.in_the_way(target, &own)? {
        return desktop.grab(target);
    }
    curtain.hide();
    let _shown_again = Shown(curtain);
    desktop.wait_for_curtain(&own)?;
    desktop.grab(target)
}

/// Shows our windows again when it is dropped.
struct Shown<'a>(&'a dyn Curtain);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.show();
    }
}

/// The desktop of the session that this program runs in.
///
/// # Errors
/// [`SightError::NoScreen`] without one, [`SightError::Unreachable`] if it does not answer.
pub fn open() -> Result<Box<dyn Desktop>, SightError> {
    #[cfg(target_os = "linux")]
    match session() {
        Session::X11 => Ok(Box::new(crate::x11::X11::open()?)),
        Session::Wayland => Ok(Box::new(crate::wayland::Wayland)),
        Session::None => Err(SightError::NoScreen),
    }
    #[cfg(not(target_os = "linux"))]
    Ok(Box::new(crate::native::Native))
}

/// Whether the user chooses in a dialog of the desktop's own what is shared (Wayland): nothing can be listed then, and
/// numbers of monitors and windows mean nothing.
pub fn user_chooses() -> bool {
    #[cfg(target_os = "linux")]
    let chooses = session() == Session::Wayland;
    #[cfg(not(target_os = "linux"))]
    let chooses = false;
    chooses
}

/// What draws the screen of this session.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    X11,
    /// Also where an X server runs inside of it: that one knows only its own windows, and grabs black.
    Wayland,
    None,
}

#[cfg(target_os = "linux")]
pub(crate) fn session() -> Session {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("WAYLAND_DISPLAY") {
        Session::Wayland
    } else if is_set("DISPLAY") {
        Session::X11
    } else {
        Session::None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Calls = Arc<Mutex<Vec<&'static str>>>;

    /// A desktop with a window of ours in the way.
    struct Scripted {
        /// What waiting for our window to go gives.
        gone: Result<(), SightError>,
        calls: Calls,
    }

    impl Desktop for Scripted {
        fn monitors(&mut self) -> Result<Vec<Monitor>, SightError> {
            Ok(Vec::new())
        }
        fn windows(&mut self) -> Result<Vec<Window>, SightError> {
            Ok(Vec::new())
        }
        fn pointer(&mut self) -> Result<Point, SightError> {
            Err(SightError::NoScreen)
        }
        fn grab(&mut self, _: Target) -> Result<Picture, SightError> {
            self.calls.lock().unwrap().push("grab");
            Picture::filled(1, 1, [0; 4])
        }
        fn in_the_way(&mut self, _: Target, own: &Own) -> Result<bool, SightError> {
            Ok(*own != Own::none())
        }
        fn wait_for_curtain(&mut self, _: &Own) -> Result<(), SightError> {
            self.calls.lock().unwrap().push("wait");
            self.gone.clone()
        }
        fn selection(&mut self) -> Result<Selected, SightError> {
            Err(SightError::NothingSelected)
        }
        fn clipboard(&mut self) -> Result<Clipping, SightError> {
            Err(SightError::ClipboardEmpty)
        }
    }

    struct Ours(Calls);

    impl Curtain for Ours {
        fn own(&self) -> Own {
            Own::default()
        }
        fn hide(&self) {
            self.0.lock().unwrap().push("hide");
        }
        fn show(&self) {
            self.0.lock().unwrap().push("show");
        }
    }

    fn calls(
        gone: &Result<(), SightError>,
        curtain: impl FnOnce(Calls) -> Box<dyn Curtain>,
    ) -> Vec<&'static str> {
        let calls = Calls::default();
        let mut desktop = Scripted { gone: gone.clone(), calls: calls.clone() };
        let seen = look(&mut desktop, Target::Everything, &*curtain(calls.clone()));
        assert_eq!(&seen.map(drop), gone);
        let calls = calls.lock().unwrap();
        calls.clone()
    }

    #[test]
    fn our_windows_are_hidden_for_the_picture_and_come_back_whatever_happens() {
        assert_eq!(calls(&Ok(()), |calls| Box::new(Ours(calls))), ["hide", "wait", "grab", "show"]);
        let stays = Err(SightError::OwnWindowStays);
        assert_eq!(calls(&stays, |calls| Box::new(Ours(calls))), ["hide", "wait", "show"]);
        assert_eq!(calls(&Ok(()), |_| Box::new(NoWindows)), ["grab"]);
    }

    #[test]
    fn own_windows_are_known_by_process_and_by_number() {
        let own = Own { pids: vec![7], windows: vec![WindowId(3)] };
        assert!(own.has(WindowId(1), Some(7)) && own.has(WindowId(3), None) && own.has(WindowId(3), Some(1)));
        assert!(!own.has(WindowId(1), Some(8)) && !own.has(WindowId(1), None));
        assert!(Own::default().has(WindowId(9), Some(std::process::id())));
    }

    #[test]
    fn what_is_read_never_shows_in_a_log_line() {
        let selected = Selected { text: "secret".into(), from: None, age: None };
        let clipping = Clipping::Text("secret".into());
        assert!(!format!("{selected:?}{clipping:?}").contains("secret"));
    }
}
