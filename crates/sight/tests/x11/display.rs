//! A display, and windows on it in plain colours, so that every pixel is known.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use sight::{Desktop, Rect, SightError, Target, Window, WindowId};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _,
    CreateWindowAux, EventMask, PropMode, StackMode, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The monitors: two of different heights side by side, as on a desk.
pub(crate) const LEFT: Rect = Rect::new(0, 0, 640, 480);
pub(crate) const RIGHT: Rect = Rect::new(640, 0, 400, 400);

pub(crate) const GROUND: [u8; 4] = [10, 20, 30, 255];
pub(crate) const RED: [u8; 4] = [255, 0, 0, 255];
pub(crate) const GREEN: [u8; 4] = [0, 255, 0, 255];
pub(crate) const BLUE: [u8; 4] = [0, 0, 255, 255];

/// Says in the second process that it is the second.
const AGAIN: &str = "HARK_SIGHT_DISPLAY";

/// What a display is like.
pub(crate) struct Like {
    pub(crate) depth: u8,
    pub(crate) manager: bool,
    pub(crate) arguments: &'static [&'static str],
}

/// As nearly everywhere.
pub(crate) const USUAL: Like = Like { depth: 24, manager: true, arguments: &[] };

/// Runs a test on a display of its own. Libraries find the display through the environment, which must not be changed
/// while threads run; so the test's program is started again for this test alone. `test` is its full name.
pub(crate) fn on_a_display(test: &str, like: &Like, body: impl FnOnce(&mut Display)) {
    if std::env::var_os(AGAIN).is_some() {
        body(&mut Display::open(like));
        return;
    }
    let Some((mut server, name)) = start(like) else {
        eprintln!("{test}: skipped, Xvfb or openbox is not installed");
        return;
    };
    let run = again(test, &name);
    server.end();
    print!("{}", run.said);
    // A name that is not a test's would run nothing and pass.
    assert!(run.passed && run.said.contains("running 1 test"), "{test} failed on its display");
}

/// What became of the test in the second process, and what was said there.
struct Run {
    passed: bool,
    said: String,
}

/// Runs one test in a process of its own. What it says goes to a file: a pipe would be open as long as any program that
/// the test started lives, and some of them stay until their display is gone.
fn again(test: &str, display: &str) -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut run = Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", test, "--nocapture"]).env("DISPLAY", display).env(AGAIN, "yes");
    run.env_remove("WAYLAND_DISPLAY").stdin(Stdio::null());
    // One file for both, written at its end by either.
    let both = std::fs::OpenOptions::new().append(true).open(file.path()).unwrap();
    let mut run = Started(run.stdout(both.try_clone().unwrap()).stderr(both).spawn().unwrap());
    let deadline = Instant::now() + LONGEST;
    let ended = loop {
        match run.0.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() >= deadline => break None,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    run.end();
    let said = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned();
    assert!(ended.is_some(), "{test} did not end in {LONGEST:?}; until then it said:\n{said}");
    Run { passed: ended.is_some_and(|status| status.success()), said }
}

fn start(like: &Like) -> Option<(Started, String)> {
    if Command::new("openbox").arg("--version").stdout(Stdio::null()).status().is_err() {
        return None;
    }
    let mut server = Command::new("Xvfb");
    let screen = format!("1040x480x{}", like.depth);
    server.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"]);
    server.args(like.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Started(server.spawn().ok()?);
    let mut told = BufReader::new(server.0.stdout.take()?);
    let (tell, number) = channel();
    std::thread::spawn(move || {
        let mut number = String::new();
        let _ = told.read_line(&mut number).map(|_| tell.send(number));
    });
    let number = number.recv_timeout(LONG).unwrap_or_default();
    assert!(!number.trim().is_empty(), "Xvfb opened no display");
    Some((server, format!(":{}", number.trim())))
}

/// A program that ends with the test.
pub(crate) struct Started(Child);

impl Started {
    pub(crate) fn program(command: &mut Command) -> Option<Self> {
        Some(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?))
    }

    pub(crate) fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
    }
}

/// A person's desk: what is shown here belongs to other programs.
pub(crate) struct Display {
    pub(crate) conn: RustConnection,
    pub(crate) root: u32,
    pub(crate) sight: Box<dyn Desktop>,
    depth: u8,
    _manager: Option<Started>,
}

impl Display {
    fn open(like: &Like) -> Self {
        let (conn, screen) = x11rb::connect(None).unwrap();
        let root = conn.setup().roots[screen].root;
        let manager = like.manager.then(|| Started::program(&mut Command::new("openbox")).unwrap());
        let sight = sight::open().unwrap();
        let display = Self { conn, root, sight, depth: like.depth, _manager: manager };
        display.two_monitors();
        if like.manager {
            display.until_managed();
        }
        let ground = ChangeWindowAttributesAux::new().background_pixel(display.colour(GROUND));
        display.conn.change_window_attributes(root, &ground).unwrap();
        display.conn.clear_area(false, root, 0, 0, 0, 0).unwrap();
        display.conn.sync().unwrap();
        display
    }

    /// Waits until the window manager takes windows: while it starts it may overlook one.
    fn until_managed(&self) {
        let probe = self.conn.generate_id().unwrap();
        let class = WindowClass::INPUT_OUTPUT;
        self.conn
            .create_window(0, probe, self.root, 0, 0, 9, 9, 0, class, 0, &CreateWindowAux::new())
            .unwrap();
        until("the window manager rules", || {
            self.conn.unmap_window(probe).unwrap();
            self.conn.map_window(probe).unwrap();
            self.conn.sync().unwrap();
            std::thread::sleep(Duration::from_millis(20));
            self.property(probe, "WM_STATE") && self.property(self.root, "_NET_SUPPORTING_WM_CHECK")
        });
        self.conn.destroy_window(probe).unwrap();
        until("the probe is forgotten", || {
            let list = self.atom("_NET_CLIENT_LIST");
            let asked = self.conn.get_property(false, self.root, list, AtomEnum::ANY, 0, 9).unwrap();
            asked.reply().unwrap().value_len == 0
        });
    }

    fn two_monitors(&self) {
        let outputs =
            self.conn.randr_get_screen_resources_current(self.root).unwrap().reply().unwrap().outputs;
        for (name, rect, outputs) in [("left", LEFT, outputs), ("right", RIGHT, vec![])] {
            let monitor = MonitorInfo {
                name: self.atom(name),
                primary: name == "right",
                automatic: false,
                x: rect.x.try_into().unwrap(),
                y: rect.y.try_into().unwrap(),
                width: rect.width.try_into().unwrap(),
                height: rect.height.try_into().unwrap(),
                width_in_millimeters: 300,
                height_in_millimeters: 200,
                outputs,
            };
            self.conn.randr_set_monitor(self.root, monitor).unwrap().check().unwrap();
        }
    }

    pub(crate) fn atom(&self, name: &str) -> u32 {
        self.conn.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn property(&self, window: u32, name: &str) -> bool {
        let asked = self.conn.get_property(false, window, self.atom(name), AtomEnum::ANY, 0, 1).unwrap();
        asked.reply().unwrap().value_len > 0
    }

    /// The pixel of a colour on a screen of this depth.
    pub(crate) fn colour(&self, [r, g, b, _]: [u8; 4]) -> u32 {
        let [r, g, b] = [r, g, b].map(u32::from);
        if self.depth == 16 { (r >> 3) << 11 | (g >> 2) << 5 | b >> 3 } else { r << 16 | g << 8 | b }
    }

    /// A window in one colour, of a program that says who it is. Waits until it is there, where the window manager put it.
    pub(crate) fn window(&mut self, title: &str, rect: Rect, colour: [u8; 4]) -> Window {
        self.window_of(4_000_000, title, rect, colour)
    }

    /// One of this process.
    pub(crate) fn own_window(&mut self, title: &str, rect: Rect, colour: [u8; 4]) -> Window {
        self.window_of(std::process::id(), title, rect, colour)
    }

    fn window_of(&mut self, pid: u32, title: &str, rect: Rect, colour: [u8; 4]) -> Window {
        let id = self.conn.generate_id().unwrap();
        let (x, y) = (rect.x.try_into().unwrap(), rect.y.try_into().unwrap());
        let (width, height) = (rect.width.try_into().unwrap(), rect.height.try_into().unwrap());
        let look = CreateWindowAux::new()
            .background_pixel(self.colour(colour))
            .event_mask(EventMask::STRUCTURE_NOTIFY);
        let class = WindowClass::INPUT_OUTPUT;
        self.conn.create_window(0, id, self.root, x, y, width, height, 0, class, 0, &look).unwrap();
        let (text, eight) = (self.atom("UTF8_STRING"), PropMode::REPLACE);
        self.conn.change_property8(eight, id, self.atom("_NET_WM_NAME"), text, title.as_bytes()).unwrap();
        self.conn.change_property8(eight, id, AtomEnum::WM_NAME, AtomEnum::STRING, b"old").unwrap();
        let class = b"painter\0Painter\0";
        self.conn.change_property8(eight, id, AtomEnum::WM_CLASS, AtomEnum::STRING, class).unwrap();
        let cardinal = AtomEnum::CARDINAL;
        self.conn.change_property32(eight, id, self.atom("_NET_WM_PID"), cardinal, &[pid]).unwrap();
        // The user chose the place (ICCCM 4.1.2.3), of what is inside the frame (gravity 10).
        let mut hints = [0_u32; 18];
        (hints[0], hints[17]) = (1 | 512, 10);
        let kind = AtomEnum::WM_SIZE_HINTS;
        self.conn.change_property32(eight, id, AtomEnum::WM_NORMAL_HINTS, kind, &hints).unwrap();
        self.conn.map_window(id).unwrap();
        self.conn.flush().unwrap();
        let listed = self.listed("the window is shown", |window| {
            window.id == WindowId(id) && !window.minimised && !window.title.is_empty()
        });
        // Its colour is there; a part of it is on the screen.
        let inside = rect.intersection(Rect::new(0, 0, 1040, 480)).unwrap();
        let (x, y) = ((inside.x - rect.x).try_into().unwrap(), (inside.y - rect.y).try_into().unwrap());
        until("the window is painted", || self.shows(listed.id, x, y, colour));
        listed
    }

    /// Whether the server has painted a window here.
    fn shows(&self, id: WindowId, x: i16, y: i16, colour: [u8; 4]) -> bool {
        let format = x11rb::protocol::xproto::ImageFormat::Z_PIXMAP;
        let pixel = self.conn.get_image(format, id.0, x, y, 1, 1, u32::MAX).unwrap().reply();
        let bytes = self.colour(colour).to_le_bytes();
        let known = if self.depth == 16 { 2 } else { 3 };
        pixel.is_ok_and(|image| image.data[..known] == bytes[..known])
    }

    /// Waits until a window as described is listed.
    pub(crate) fn listed(&mut self, what: &str, wanted: impl Fn(&Window) -> bool) -> Window {
        let mut found = None;
        let deadline = Instant::now() + LONG;
        while found.is_none() {
            found = self.sight.windows().unwrap().into_iter().find(&wanted);
            assert!(Instant::now() < deadline, "it never came that {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
        found.unwrap()
    }

    pub(crate) fn raise(&self, window: &Window) {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.conn.configure_window(window.id.0, &above).unwrap();
        self.conn.flush().unwrap();
    }

    /// Paints a window anew, in another colour.
    pub(crate) fn paint(&self, window: &Window, colour: [u8; 4]) {
        let look = ChangeWindowAttributesAux::new().background_pixel(self.colour(colour));
        self.conn.change_window_attributes(window.id.0, &look).unwrap();
        self.conn.clear_area(false, window.id.0, 0, 0, 0, 0).unwrap();
        self.conn.sync().unwrap();
    }

    /// Asks the window manager to put a window away (ICCCM 4.1.4), and waits until it has.
    pub(crate) fn minimise(&mut self, window: &Window) {
        let kind = self.atom("WM_CHANGE_STATE");
        let message = ClientMessageEvent::new(32, window.id.0, kind, [3, 0, 0, 0, 0]);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.conn.send_event(false, self.root, to, message).unwrap();
        self.conn.flush().unwrap();
        let id = window.id;
        self.listed("the window is put away", |window| window.id == id && window.minimised);
    }

    /// Asks the window manager for a window to be brought up (EWMH), and waits until it is.
    pub(crate) fn activate(&mut self, window: &Window) {
        let kind = self.atom("_NET_ACTIVE_WINDOW");
        let message = ClientMessageEvent::new(32, window.id.0, kind, [2, 0, 0, 0, 0]);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.conn.send_event(false, self.root, to, message).unwrap();
        self.conn.flush().unwrap();
        let id = window.id;
        self.listed("the window is brought up", |window| window.id == id && !window.minimised);
    }

    /// Waits until these windows are listed, in this order.
    pub(crate) fn until_order(&mut self, wanted: &[WindowId]) {
        let deadline = Instant::now() + LONG;
        loop {
            let found: Vec<_> = self.sight.windows().unwrap().iter().map(|window| window.id).collect();
            if found == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "listed are {found:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn close(&self, window: &Window) {
        self.conn.destroy_window(window.id.0).unwrap();
        self.conn.sync().unwrap();
    }

    pub(crate) fn point_at(&self, x: i16, y: i16) {
        self.conn.warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y).unwrap();
        self.conn.sync().unwrap();
    }

    /// The colours of a picture, each once.
    pub(crate) fn colours(&mut self, target: Target) -> Result<Vec<[u8; 4]>, SightError> {
        Ok(colours(&self.sight.grab(target)?))
    }
}

/// Waits until something holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "it never came that {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// So long is waited for what should come in a moment.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A test that takes longer hangs.
const LONGEST: Duration = Duration::from_mins(2);

/// The colours of a picture, each once.
pub(crate) fn colours(picture: &sight::Picture) -> Vec<[u8; 4]> {
    let found: std::collections::BTreeSet<[u8; 4]> = picture.pixels().as_chunks().0.iter().copied().collect();
    found.into_iter().collect()
}
