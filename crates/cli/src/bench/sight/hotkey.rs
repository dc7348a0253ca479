//! `sight.hotkey_p95_ms`: from a key press to the bar as it will stay on the screen.
//!
//! Keys are pressed by the server itself (XTEST), and the picture is read back from it, so this is what a person would see
//! less the time of keyboard and monitor. A part of the bar that does not blink is compared with how it looked when nothing
//! moved any more.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;
use worker_host::worker_program;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, CreateWindowAux, ImageFormat, InputFocus,
    KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::super::figure::{Figure, median, rounded};
use super::super::processes::Pid;
use super::super::screen::Screen;
use super::super::setup::build_of;

pub(super) const NAME: &str = "sight.hotkey_p95_ms";

/// The combination that is pressed: hardly anybody else's.
const SETTINGS: &str = "[general]\non_close = \"quit\"\n[shortcuts]\nsummon = \"Ctrl+Shift+F9\"\n";
/// Control, Shift, F9 (X11/keysymdef.h).
const KEYS: [u32; 3] = [0xffe3, 0xffe1, 0xffc6];

/// The bar's title.
const TITLE: &[u8] = b"Hark bar";

/// What is looked at of the bar: the sign at its left end.
const SIGN: (i16, i16, u16, u16) = (4, 4, 44, 52);

/// So long is waited for what should come in a moment.
const LONG: Duration = Duration::from_secs(20);
/// After this long nothing of a bar that was shown or hidden moves any more.
const STILL: Duration = Duration::from_millis(400);

pub(super) fn measure(presses: u32) -> anyhow::Result<Vec<Figure>> {
    let program =
        std::fs::canonicalize(worker_program("hark-desktop").context("the window's program was not built")?)?;
    let screen = Screen::open()?;
    let display = Display::open(screen.name().as_deref())?;
    let manager = manager(&screen);
    let home = tempfile::tempdir()?;
    std::fs::write(home.path().join("settings.toml"), SETTINGS)?;
    let opened = screen.command(&program, home.path()).arg("--background").spawn();
    let _opened = Started(opened.context("dbus-run-session cannot be started")?);
    display.work()?;
    let bar = display.bar()?;
    let samples = display.press_often(bar, presses)?;
    let painted: Vec<f64> = samples.iter().map(|sample| sample.painted).collect();
    let mapped: Vec<f64> = samples.iter().map(|sample| sample.mapped).collect();
    let conditions = json!({
        "what": "key press (XTEST) to the bar's first whole picture, read back from the X server; 95 of 100 were faster",
        "median_ms": rounded(median(&painted)),
        "worst_ms": rounded(painted.iter().copied().fold(0.0, f64::max)),
        "mapped_median_ms": rounded(median(&mapped)),
        "mapped_p95_ms": rounded(p95(&mapped)),
        "each": painted.iter().copied().map(rounded).collect::<Vec<_>>(),
        "display": screen.describe(),
        "window_manager": manager.as_ref().map(|(name, _)| *name),
        "window_build": build_of(&program),
    });
    Ok(vec![Figure::new(NAME, p95(&painted), "ms", painted.len(), conditions)])
}

/// One press, milliseconds after it.
struct Sample {
    /// The bar's window was there.
    mapped: f64,
    /// Its picture was whole.
    painted: f64,
}

fn p95(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// A window manager of its own for a display of its own, where one is installed.
fn manager(screen: &Screen) -> Option<(&'static str, Started)> {
    let display = screen.name()?;
    let mut command = Command::new("openbox");
    command.env("DISPLAY", display).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Some(("openbox", Started(command.spawn().ok()?)))
}

/// Ended, with all that it started, when it is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        Pid(self.0.id()).end_tree();
        let _ = self.0.wait();
    }
}

struct Display {
    connection: RustConnection,
    root: Window,
    keys: Vec<u8>,
}

impl Display {
    fn open(name: Option<&str>) -> anyhow::Result<Self> {
        let (connection, screen) = x11rb::connect(name).context("there is no X server here")?;
        let root = connection.setup().roots[screen].root;
        connection.xtest_get_version(2, 2)?.reply().context("the X server presses no keys")?;
        let keys = KEYS.iter().map(|&key| place(&connection, key)).collect::<anyhow::Result<_>>()?;
        // So that the bar's own picture is told from what was there before.
        let colour = ChangeWindowAttributesAux::new().background_pixel(0x00ff_00ff);
        connection.change_window_attributes(root, &colour)?;
        connection.clear_area(false, root, 0, 0, 0, 0)?;
        connection.flush()?;
        Ok(Self { connection, root, keys })
    }

    /// A window of another program, with the focus: where nobody has it the server gives no key to anybody.
    fn work(&self) -> anyhow::Result<()> {
        let window = self.connection.generate_id()?;
        let (root, input) = (self.root, WindowClass::INPUT_OUTPUT);
        let look = CreateWindowAux::new().background_pixel(0x0020_2020);
        self.connection.create_window(0, window, root, 40, 500, 300, 200, 0, input, 0, &look)?;
        self.connection.map_window(window)?.check()?;
        until(LONG, || self.is_mapped(window))?;
        self.connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check()?;
        until(LONG, || Ok(self.connection.get_input_focus()?.reply()?.focus == window))
    }

    /// Waits until the bar's window exists and its key shows it. It is pressed, not grabbed to see whether it is free: two
    /// that grab have neither.
    fn bar(&self) -> anyhow::Result<Window> {
        const COMES: Duration = Duration::from_secs(1);
        let deadline = Instant::now() + LONG;
        while Instant::now() < deadline {
            let Some(bar) = self.find(self.root)? else {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            self.press()?;
            if until(COMES, || self.is_mapped(bar)).is_ok() {
                std::thread::sleep(STILL);
                self.hide(bar)?;
                return Ok(bar);
            }
        }
        bail!("the window's program made no bar, or its key does not show it")
    }

    fn find(&self, below: Window) -> anyhow::Result<Option<Window>> {
        for child in self.connection.query_tree(below)?.reply()?.children {
            let asked =
                self.connection.get_property(false, child, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 16)?;
            // A window that has gone meanwhile is not it.
            let Ok(name) = asked.reply() else { continue };
            if name.value == TITLE {
                return Ok(Some(child));
            }
            if let Ok(Some(found)) = self.find(child) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn press_often(&self, bar: Window, presses: u32) -> anyhow::Result<Vec<Sample>> {
        // The first ones bring everything into memory, and the last of them shows how it looks when it stands.
        for _ in 0..3 {
            self.press()?;
            until(LONG, || self.is_mapped(bar))?;
            std::thread::sleep(Duration::from_secs(1));
            self.hide(bar)?;
        }
        self.press()?;
        until(LONG, || self.is_mapped(bar))?;
        std::thread::sleep(Duration::from_secs(1));
        let settled = self.sign(bar)?;
        ensure!(settled.iter().any(|byte| *byte != settled[0]), "the bar's page shows nothing");
        self.hide(bar)?;
        let mut samples = Vec::new();
        for _ in 0..presses {
            samples.push(self.sample(bar, &settled)?);
            std::thread::sleep(STILL);
            self.hide(bar)?;
        }
        Ok(samples)
    }

    fn sample(&self, bar: Window, settled: &[u8]) -> anyhow::Result<Sample> {
        let begun = self.press()?;
        until(LONG, || self.is_mapped(bar))?;
        let mapped = begun.elapsed();
        until(LONG, || Ok(self.sign(bar).is_ok_and(|sign| sign == settled)))?;
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        Ok(Sample { mapped: ms(mapped), painted: ms(begun.elapsed()) })
    }

    fn hide(&self, bar: Window) -> anyhow::Result<()> {
        self.press()?;
        until(LONG, || Ok(!self.is_mapped(bar)?))?;
        std::thread::sleep(STILL);
        Ok(())
    }

    /// Presses the combination and lets it go; when the last key went down.
    fn press(&self) -> anyhow::Result<Instant> {
        let [control, shift, key] = self.keys[..] else { bail!("three keys") };
        for held in [control, shift] {
            self.key(KEY_PRESS_EVENT, held)?;
        }
        self.connection.get_input_focus()?.reply()?;
        let begun = Instant::now();
        self.key(KEY_PRESS_EVENT, key)?;
        for held in [key, shift, control] {
            self.key(KEY_RELEASE_EVENT, held)?;
        }
        self.connection.flush()?;
        Ok(begun)
    }

    fn key(&self, kind: u8, key: u8) -> anyhow::Result<()> {
        self.connection.xtest_fake_input(kind, key, 0, self.root, 0, 0, 0)?;
        Ok(())
    }

    fn is_mapped(&self, bar: Window) -> anyhow::Result<bool> {
        let state = self.connection.get_window_attributes(bar)?.reply()?.map_state;
        Ok(state == MapState::VIEWABLE)
    }

    /// The picture of a part of the bar.
    fn sign(&self, bar: Window) -> anyhow::Result<Vec<u8>> {
        let (x, y, width, height) = SIGN;
        let picture = ImageFormat::Z_PIXMAP;
        Ok(self.connection.get_image(picture, bar, x, y, width, height, u32::MAX)?.reply()?.data)
    }
}

fn until(most: Duration, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = Instant::now() + most;
    while !holds()? {
        ensure!(Instant::now() < deadline, "the bar did not come, or go, in {most:?}");
        // A look costs the server a tenth of this.
        std::thread::sleep(Duration::from_micros(300));
    }
    Ok(())
}

/// Where a key is on the keyboard.
fn place(connection: &RustConnection, key: u32) -> anyhow::Result<u8> {
    let setup = connection.setup();
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let map = connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
    let each = usize::from(map.keysyms_per_keycode.max(1));
    let mut places = (first..=last).zip(map.keysyms.chunks(each));
    let found = places.find(|(_, symbols)| symbols.first() == Some(&key));
    Ok(found.context("the keyboard has no such key")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p95_is_what_95_of_100_stay_below() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        assert!((p95(&samples) - 95.0).abs() < f64::EPSILON);
        assert!((p95(&[3.0, 1.0]) - 3.0).abs() < f64::EPSILON);
    }
}
