//! A picture that is written or only measured, and what is told of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use sight::{Encoding, Picture};

use crate::exit::Failure;
use crate::terminal::{bytes, note};

/// How good a photograph has to be: hardly to be told from the original.
const QUALITY: u8 = 90;

/// What became of a picture.
pub(super) struct Kept {
    width: u32,
    height: u32,
    took: Duration,
    file: Option<Where>,
}

enum Where {
    Output,
    File { path: PathBuf, bytes: u64 },
}

impl Kept {
    /// Writes it where that is wanted. `took`: how long it took to get.
    pub(super) fn picture(picture: &Picture, file: Option<&Path>, took: Duration) -> anyhow::Result<Self> {
        let file = file.map(|path| write(picture, path)).transpose()?;
        Ok(Self { width: picture.width(), height: picture.height(), took, file })
    }

    pub(super) fn tell(&self, json: bool) -> anyhow::Result<()> {
        let text = if json { format!("{:#}", self.json()) } else { self.sentence() };
        if matches!(self.file, Some(Where::Output)) {
            note(text);
        } else {
            super::out(&(text + "\n"))?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let file = match &self.file {
            Some(Where::File { path, .. }) => Some(path),
            _ => None,
        };
        let ms = (self.took.as_secs_f64() * 10_000.0).round() / 10.0;
        json!({ "width": self.width, "height": self.height, "took_ms": ms, "file": file })
    }

    fn sentence(&self) -> String {
        let Self { width, height, .. } = self;
        let ms = self.took.as_secs_f64() * 1000.0;
        let seen = format!("{width} x {height} pixels, seen in {ms:.0} ms");
        match &self.file {
            None => format!("{seen}; -o FILE keeps the picture."),
            Some(Where::Output) => seen,
            Some(Where::File { path, bytes: size }) => {
                format!("{seen}, written to {} ({})", path.display(), bytes(*size))
            }
        }
    }
}

fn write(picture: &Picture, path: &Path) -> anyhow::Result<Where> {
    if path.as_os_str() == "-" {
        let png = picture.encode(Encoding::Png)?;
        std::io::stdout().write_all(&png).context("Standard output is gone")?;
        return Ok(Where::Output);
    }
    let encoded = picture.encode(encoding(path)?)?;
    std::fs::write(path, &encoded).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Where::File { path: path.to_owned(), bytes: encoded.len() as u64 })
}

fn encoding(path: &Path) -> Result<Encoding, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "png" => Ok(Encoding::Png),
        "jpg" | "jpeg" => Ok(Encoding::Jpeg(QUALITY)),
        _ => Err(Failure::usage(format!("{}: the name must end in .png or .jpg.", path.display()))),
    }
}
