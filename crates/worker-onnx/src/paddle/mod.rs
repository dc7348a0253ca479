//! PP-OCR: the text in a picture. One network marks where lines of text are (differentiable binarisation), another reads
//! each of them (CTC).
//!
//! What is done before and after the networks is what their publisher does (PaddleOCR, and RapidOCR, from whose package the
//! files come: <https://github.com/RapidAI/RapidOCR/tree/main/python/rapidocr_onnxruntime>), with one difference: lines are
//! taken to be level, as they are on a screen and on a page that was scanned straight.

mod detect;
mod plane;
mod recognise;

use engine::{JobError, ReadAnswer, ReadPicture, SpeechLoad, TextLine};

use crate::runtime::Runtime;
use detect::Detector;
use plane::Plane;
use recognise::Recogniser;

/// A line that is read less surely than this, in the mean over its letters, is left out.
const SURE: f32 = 0.5;

/// The most lines that are read of a picture: more than a screen full of small print has.
const MOST_LINES: usize = 300;

/// Reads the text in a picture.
///
/// # Errors
/// A sentence for the user.
pub fn read(asked: &ReadPicture) -> ReadAnswer {
    lines(asked).map_err(|error| error.to_string())
}

fn lines(asked: &ReadPicture) -> Result<Vec<TextLine>, JobError> {
    asked.picture.check().map_err(|error| JobError::BadRequest { reason: error.to_string() })?;
    let load = SpeechLoad {
        name: "PP-OCR".into(),
        files: vec![("library".into(), asked.library.clone())],
        threads: None,
    };
    let runtime = Runtime::open(&load)?;
    let picture = Plane::of(&asked.picture);
    let mut boxes = Detector::open(&runtime, &asked.detector)?.find(&picture)?;
    // The largest first, so that what is left out is the small print.
    boxes.sort_by_key(|found| std::cmp::Reverse(found.height));
    boxes.truncate(MOST_LINES);
    let mut recogniser = Recogniser::open(&runtime, &asked.recogniser)?;
    let mut lines = Vec::new();
    for place in boxes {
        let (text, sure) = recogniser.read(&picture, place)?;
        if sure >= SURE && !text.trim().is_empty() {
            let (left, top) = (place.left, place.top);
            lines.push(TextLine { text, left, top, width: place.width, height: place.height });
        }
    }
    Ok(lines)
}

/// A part of a picture, in pixels from its top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}
