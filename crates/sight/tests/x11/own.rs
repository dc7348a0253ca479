//! Our own windows are not in the picture.

use sight::{Curtain, NoWindows, Own, Rect, SightError, Target, Window, look};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::display::{GREEN, GROUND, RED, USUAL, on_a_display};

/// Hides and shows a window as a program's event loop does: asked for, and done when it is.
struct Ours<'a> {
    conn: &'a RustConnection,
    window: Window,
    obeys: bool,
}

impl Curtain for Ours<'_> {
    fn own(&self) -> Own {
        Own::default()
    }
    fn hide(&self) {
        if self.obeys {
            self.conn.unmap_window(self.window.id.0).unwrap();
            self.conn.flush().unwrap();
        }
    }
    fn show(&self) {
        self.conn.map_window(self.window.id.0).unwrap();
        self.conn.flush().unwrap();
    }
}

/// The place of the window of ours in these tests.
const BAR: Rect = Rect::new(120, 120, 100, 40);

#[test]
fn it_is_hidden_for_the_picture_and_shown_again() {
    on_a_display("own::it_is_hidden_for_the_picture_and_shown_again", &USUAL, |display| {
        let code = display.window("code", Rect::new(100, 100, 200, 150), RED);
        let bar = display.own_window("Hark", BAR, GREEN);
        let sight = &mut display.sight;
        let conn = &display.conn;
        let ours = Ours { conn, window: bar.clone(), obeys: true };
        let with = look(&mut **sight, Target::Region(BAR), &NoWindows).unwrap();
        assert_eq!(crate::display::colours(&with), [GREEN]);
        let region = Rect::new(100, 100, 200, 150);
        let without = look(&mut **sight, Target::Region(region), &ours).unwrap();
        assert_eq!(crate::display::colours(&without), [RED]);
        let id = bar.id;
        display.listed("our window is back", |window| window.id == id && !window.minimised);
        // A window's own picture has nothing of what lies over it: nothing needs to be hidden.
        let stays = Ours { conn: &display.conn, window: bar.clone(), obeys: false };
        let seen = look(&mut *display.sight, Target::Window(code.id), &stays).unwrap();
        assert_eq!(crate::display::colours(&seen), [RED]);
        let elsewhere = Target::Region(Rect::new(400, 400, 50, 50));
        let seen = look(&mut *display.sight, elsewhere, &stays).unwrap();
        assert_eq!(crate::display::colours(&seen), [GROUND]);
    });
}

#[test]
fn without_its_leaving_no_picture_is_taken() {
    on_a_display("own::without_its_leaving_no_picture_is_taken", &USUAL, |display| {
        let bar = display.own_window("Hark", BAR, GREEN);
        let stays = Ours { conn: &display.conn, window: bar, obeys: false };
        let seen = look(&mut *display.sight, Target::Everything, &stays);
        assert_eq!(seen, Err(SightError::OwnWindowStays));
    });
}

#[test]
fn a_program_that_draws_by_itself_has_drawn_what_was_behind() {
    on_a_display("own::a_program_that_draws_by_itself_has_drawn_what_was_behind", &USUAL, |display| {
        let mut xterm = std::process::Command::new("xterm");
        xterm.args(["-T", "text", "-geometry", "60x20+100+100", "-bg", "#203040", "-fg", "#ffffff", "-e"]);
        xterm.args([
            "sh",
            "-c",
            "for i in 1 2 3 4 5 6 7 8 9; do echo line $i of a text; done; printf '\\033[?25l'; cat",
        ]);
        let Some(_xterm) = crate::display::Started::program(&mut xterm) else {
            eprintln!("skipped, xterm is not installed");
            return;
        };
        let text = display.listed("the terminal is there", |window| window.title == "text");
        let target = Target::Region(text.rect);
        // White letters are there, and nothing moves any more.
        let mut before = display.sight.grab(target).unwrap();
        loop {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let now = display.sight.grab(target).unwrap();
            if now == before && crate::display::colours(&now).contains(&[255; 4]) {
                break;
            }
            before = now;
        }
        let bar = display.own_window("Hark", BAR, GREEN);
        let ours = Ours { conn: &display.conn, window: bar, obeys: true };
        let without = look(&mut *display.sight, target, &ours).unwrap();
        assert!(without == before, "what was behind is not drawn");
    });
}
