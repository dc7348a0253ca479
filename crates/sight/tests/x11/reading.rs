//! Selected text and the clipboard.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sight::{Clipping, Encoding, Picture, Rect, SightError};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _};
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{Display, RED, Started, USUAL, on_a_display};

fn xclip(selection: &str, kind: &str, bytes: &[u8]) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it");
    std::fs::write(&file, bytes).unwrap();
    let run = Command::new("xclip")
        .args(["-selection", selection, "-t", kind, "-i"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    assert!(run.success());
    Some(folder)
}

#[test]
fn nothing_selected_and_nothing_copied_are_sentences() {
    on_a_display("reading::nothing_selected_and_nothing_copied_are_sentences", &USUAL, |display| {
        assert_eq!(display.sight.selection().err(), Some(SightError::NothingSelected));
        assert_eq!(display.sight.clipboard().err(), Some(SightError::ClipboardEmpty));
    });
}

#[test]
fn text_marked_in_a_terminal_comes_with_its_title() {
    on_a_display("reading::text_marked_in_a_terminal_comes_with_its_title", &USUAL, |display| {
        let mut xterm = Command::new("xterm");
        xterm.args(["-T", "notes — höre", "-geometry", "60x20+100+100", "-e"]);
        xterm.args(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo whatever; done; cat"]);
        let Some(_xterm) = Started::program(&mut xterm) else {
            eprintln!("skipped, xterm is not installed");
            return;
        };
        let terminal = display.listed("the terminal is there", |window| window.program == "XTerm");
        if !double_click(display, terminal.rect.x + 20, terminal.rect.y + 40) {
            eprintln!("skipped, xdotool is not installed");
            return;
        }
        let selected = display.sight.selection().unwrap();
        assert_eq!(selected.text, "whatever");
        let from = selected.from.unwrap();
        assert_eq!((from.id, from.program.as_str()), (terminal.id, "XTerm"));
        assert!(from.title.contains("notes"), "{}", from.title);
        assert!(selected.age.unwrap() < crate::display::LONG);
        // It stays the terminal's when another window comes.
        display.window("other", Rect::new(700, 100, 80, 60), RED);
        assert_eq!(display.sight.selection().unwrap().from.unwrap().id, terminal.id);
    });
}

/// Double-clicks until something is selected: the terminal may still be starting.
fn double_click(display: &mut Display, x: i32, y: i32) -> bool {
    for _ in 0..20 {
        let mut xdotool = Command::new("xdotool");
        xdotool.args(["mousemove", &x.to_string(), &y.to_string()]);
        xdotool.args(["click", "--repeat", "2", "--delay", "60", "1"]);
        if xdotool.status().is_err() {
            return false;
        }
        // Long enough that the next clicks are no third and fourth.
        let deadline = Instant::now() + Duration::from_secs(1);
        while Instant::now() < deadline {
            if display.sight.selection().is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    panic!("nothing was ever selected");
}

/// Reads until there is what is waited for: a program that puts something there does so when it likes.
fn until<T>(what: &str, mut read: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + crate::display::LONG;
    loop {
        if let Some(found) = read() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn text_selected_by_a_program_without_a_window() {
    on_a_display("reading::text_selected_by_a_program_without_a_window", &USUAL, |display| {
        if xclip("primary", "UTF8_STRING", "naïve 文本\n".as_bytes()).is_none() {
            eprintln!("skipped, xclip is not installed");
            return;
        }
        let selected = until("the text is selected", || display.sight.selection().ok());
        assert_eq!((selected.text.as_str(), selected.from), ("naïve 文本\n", None));
    });
}

#[test]
fn text_and_pictures_on_the_clipboard() {
    on_a_display("reading::text_and_pictures_on_the_clipboard", &USUAL, |display| {
        if xclip("clipboard", "UTF8_STRING", "copied".as_bytes()).is_none() {
            eprintln!("skipped, xclip is not installed");
            return;
        }
        let copied = until("the text is copied", || display.sight.clipboard().ok());
        assert_eq!(copied, Clipping::Text("copied".into()));
        let picture = Picture::new(3, 1, [RED, [1, 2, 3, 255], [9, 8, 7, 255]].concat()).unwrap();
        xclip("clipboard", "image/png", &picture.encode(Encoding::Png).unwrap());
        let copied =
            until("another thing is copied", || display.sight.clipboard().ok().filter(|it| *it != copied));
        assert_eq!(copied, Clipping::Picture(picture));
        xclip("clipboard", "image/png", b"no picture at all");
        let broken = until("a broken picture is copied", || display.sight.clipboard().err());
        assert!(matches!(broken, SightError::Clipboard(_) | SightError::ClipboardEmpty), "{broken}");
    });
}

#[test]
fn a_program_that_does_not_answer_is_not_waited_for_without_end() {
    on_a_display(
        "reading::a_program_that_does_not_answer_is_not_waited_for_without_end",
        &USUAL,
        |display| {
            let hangs = display.window("hangs", Rect::new(100, 100, 80, 60), RED);
            let primary = AtomEnum::PRIMARY.into();
            display.conn.set_selection_owner(hangs.id.0, primary, x11rb::CURRENT_TIME).unwrap();
            display.conn.sync().unwrap();
            let read = display.sight.selection();
            assert!(matches!(read, Err(SightError::Clipboard(_) | SightError::NothingSelected)), "{read:?}");
            display.conn.flush().unwrap();
        },
    );
}
