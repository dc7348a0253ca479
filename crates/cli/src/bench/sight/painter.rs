//! Something to look at: a window over all of the screen, which stands still or moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeGCAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, Gcontext, PropMode, Rectangle,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The window's title.
pub(super) const TITLE: &str = "Hark bench";

/// Between two pictures of what moves: 30 a second.
const FRAME: Duration = Duration::from_millis(33);

/// The side of the square that moves, pixels.
const SQUARE: u16 = 400;

/// Whether the picture changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    Still,
    Moving,
}

/// A painted window; closed when it is dropped.
pub(super) struct Painter {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Painter {
    pub(super) fn start(picture: Picture) -> anyhow::Result<Self> {
        let canvas = Canvas::open()?;
        let stop = Arc::new(AtomicBool::new(false));
        let until = stop.clone();
        let thread = std::thread::Builder::new().name("painter".into()).spawn(move || {
            while !until.load(Ordering::Relaxed) {
                if picture == Picture::Moving {
                    canvas.paint()?;
                }
                std::thread::sleep(FRAME);
            }
            anyhow::Ok(())
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Canvas {
    conn: RustConnection,
    window: Window,
    context: Gcontext,
    size: (u16, u16),
    begun: Instant,
}

impl Canvas {
    fn open() -> anyhow::Result<Self> {
        let (conn, screen) = x11rb::connect(None).context("there is no X server here")?;
        let screen = &conn.setup().roots[screen];
        let (root, size) = (screen.root, (screen.width_in_pixels, screen.height_in_pixels));
        let (window, context) = (conn.generate_id()?, conn.generate_id()?);
        let look = CreateWindowAux::new().background_pixel(0x0020_2830);
        let class = WindowClass::INPUT_OUTPUT;
        conn.create_window(0, window, root, 0, 0, size.0, size.1, 0, class, 0, &look)?;
        let (name, text) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        conn.change_property8(PropMode::REPLACE, window, name, text, TITLE.as_bytes())?;
        conn.create_gc(context, window, &CreateGCAux::new())?;
        conn.map_window(window)?;
        conn.sync()?;
        ensure!(size.0 > SQUARE && size.1 > SQUARE, "the screen is too small");
        Ok(Self { conn, window, context, size, begun: Instant::now() })
    }

    /// The square where it is now: it crosses the screen in some seconds, and its colour changes.
    fn paint(&self) -> anyhow::Result<()> {
        let ms = self.begun.elapsed().as_millis();
        let along = |room: u16, pace: u128| i16::try_from(ms * pace / 10 % u128::from(room)).unwrap_or(0);
        let (x, y) = (along(self.size.0 - SQUARE, 5), along(self.size.1 - SQUARE, 3));
        let colour = u32::try_from(ms % 0x00ff_ffff).unwrap_or(0);
        self.conn.clear_area(false, self.window, 0, 0, 0, 0)?;
        self.conn.change_gc(self.context, &ChangeGCAux::new().foreground(colour))?;
        let square = Rectangle { x, y, width: SQUARE, height: SQUARE };
        self.conn.poly_fill_rectangle(self.window, self.context, &[square])?;
        self.conn.flush()?;
        Ok(())
    }
}
