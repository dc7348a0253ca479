//! The program, given pictures and what is none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// 64 x 48 pixels: red above, blue below; made with heif-enc of libheif 1.15 from a PNG. A phone that was held upright
/// would have stored it lying, with a note to turn it: this one has that note (turned by 90 degrees), so that it is shown
/// as 48 x 64 with red at one side.
const TURNED: &[u8] = include_bytes!("turned.heic");
const PLAIN: &[u8] = include_bytes!("plain.heic");

fn run(bytes: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_worker-heic"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap()
}

fn decoded(bytes: &[u8]) -> image::RgbImage {
    let out = run(bytes);
    assert!(out.status.success(), "{:?}", out.status);
    image::load_from_memory(&out.stdout).unwrap().into_rgb8()
}

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green < 60 && blue < 60
}

#[test]
fn a_picture_is_read() {
    let picture = decoded(PLAIN);
    assert_eq!(picture.dimensions(), (64, 48));
    assert!(is_red(picture.get_pixel(32, 5).0) && !is_red(picture.get_pixel(32, 43).0));
}

#[test]
fn one_that_lies_is_turned_upright() {
    let picture = decoded(TURNED);
    assert_eq!(picture.dimensions(), (48, 64));
    assert_ne!(is_red(picture.get_pixel(4, 32).0), is_red(picture.get_pixel(44, 32).0));
}

#[test]
fn what_is_damaged_is_refused() {
    assert_eq!(run(&PLAIN[..PLAIN.len() / 2]).status.code(), Some(1));
    assert_eq!(run(b"no picture").status.code(), Some(1));
    assert_eq!(run(b"").status.code(), Some(1));
}
