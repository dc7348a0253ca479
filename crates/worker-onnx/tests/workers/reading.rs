//! PP-OCR with its real models: what is on a screen is read as a person reads it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use engine::{Image, ImagePixels, ReadAnswer, ReadPicture, TextLine};

use crate::setup::{library, models};

const DETECTOR: &str = "ch_PP-OCRv4_det_infer.onnx";
const RECOGNISER: &str = "ch_PP-OCRv4_rec_infer.onnx";

/// Six lines of Python in `DejaVu` Sans Mono of 16 pixels, light on dark, 520 x 190 pixels.
const CODE: &[u8] = include_bytes!("code.png");
const WRITTEN: [&str; 6] = [
    "def tide(moon, sun):",
    "# heights in metres",
    "spring = 0.54 * moon + 0.25 * sun",
    "if spring > 1.25:",
    "return \"high\"",
    "return round(spring, 2)",
];

fn pixels(file: &[u8]) -> ImagePixels {
    let decoded = image::load_from_memory(file).unwrap().into_rgb8();
    Image::new(decoded.width(), decoded.height(), decoded.into_raw()).unwrap().pixels().unwrap()
}

fn asked(models: &Path, picture: ImagePixels) -> ReadPicture {
    ReadPicture {
        library: library(models),
        detector: models.join(DETECTOR),
        recogniser: models.join(RECOGNISER),
        picture,
    }
}

fn answer(asked: &ReadPicture) -> ReadAnswer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_worker-paddle"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&rmp_serde::to_vec_named(asked).unwrap()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{:?}", done.status);
    rmp_serde::from_slice(&done.stdout).unwrap()
}

/// The models, where they are.
fn here() -> Option<std::path::PathBuf> {
    let models = models()?;
    if !models.join(RECOGNISER).is_file() {
        println!("skipped: {RECOGNISER} is absent");
        return None;
    }
    Some(models)
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn code_on_a_screen_is_read() {
    let Some(models) = here() else { return };
    let mut lines = answer(&asked(&models, pixels(CODE))).unwrap();
    lines.sort_by_key(|line| (line.top, line.left));
    let read: String = lines.iter().map(|line| line.text.as_str()).collect();
    let (read, written) = (letters(&read), letters(&WRITTEN.concat()));
    let wrong = distance(&written, &read);
    let shown: String = read.iter().collect();
    assert!(wrong * 100 <= written.len() * 3, "{wrong} of {} letters are wrong: {shown}", written.len());
    // What is indented stands farther to the right.
    let left = |part: &str| lines.iter().find(|line: &&TextLine| line.text.contains(part)).unwrap().left;
    assert!(left("def") + 20 < left("heights") && left("heights") + 20 < left("high"), "{lines:?}");
}

/// The edit distance (Levenshtein).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, its) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != its);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[test]
fn where_nothing_is_written_nothing_is_read() {
    let Some(models) = here() else { return };
    let grey = Image::new(200, 100, vec![127; 200 * 100 * 3]).unwrap().pixels().unwrap();
    assert_eq!(answer(&asked(&models, grey)), Ok(Vec::new()));
}

#[test]
fn a_file_that_is_missing_is_said() {
    let Some(models) = here() else { return };
    let picture = pixels(CODE);
    let without = ReadPicture { detector: models.join("nowhere.onnx"), ..asked(&models, picture) };
    let sentence = answer(&without).unwrap_err();
    assert!(sentence.contains("nowhere.onnx is missing. Download it again."), "{sentence}");
}
