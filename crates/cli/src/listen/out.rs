//! Where what was heard goes, part by part, in the form that is wanted.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use super::Format;
use super::subtitles::{self, VTT_HEAD};
use super::timed::TimedWord;
use crate::terminal::{DIM, harmless};
use crate::wrap::{columns, wrapped};

/// A part of what was said: what a recogniser made of one piece of sound.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) words: Vec<TimedWord>,
    pub(super) language: Option<String>,
}

/// An open file, or standard output.
pub(super) struct Output {
    format: Format,
    to: Box<dyn Write>,
    /// A person watches: words that may change are shown too.
    watched: bool,
    /// Cues of subtitles written.
    cues: usize,
    /// For JSON, which is written as a whole.
    parts: Vec<Part>,
    /// Columns that the tentative words take now.
    tentative: usize,
}

impl Output {
    pub(super) fn open(format: Format, path: Option<&Path>) -> anyhow::Result<Self> {
        let to: Box<dyn Write> = match path {
            Some(path) => Box::new(BufWriter::new(
                File::create(path).with_context(|| format!("{} cannot be written", path.display()))?,
            )),
            None => Box::new(io::stdout()),
        };
        let watched = format == Format::Text && path.is_none() && io::stdout().is_terminal();
        let mut output = Self { format, to, watched, cues: 0, parts: Vec::new(), tentative: 0 };
        if format == Format::Vtt {
            output.to.write_all(VTT_HEAD.as_bytes())?;
        }
        Ok(output)
    }

    /// Shows what is being said, in place of what was shown before.
    pub(super) fn tentative(&mut self, committed: &str, tentative: &str) -> io::Result<()> {
        if !self.watched {
            return Ok(());
        }
        self.forget_tentative()?;
        let room = columns().saturating_sub(1);
        let text = harmless(&[committed, tentative].join(" ").replace(['\n', '\r'], " "));
        // What is new is at the end.
        let all: Vec<char> = text.trim().chars().collect();
        let shown: String = all[all.len().saturating_sub(room)..].iter().collect();
        self.tentative = shown.chars().count();
        let mut out = anstream::stdout();
        write!(out, "{DIM}{shown}{DIM:#}")?;
        out.flush()
    }

    fn forget_tentative(&mut self) -> io::Result<()> {
        if self.tentative > 0 {
            write!(self.to, "\r{:width$}\r", "", width = self.tentative)?;
            self.tentative = 0;
            self.to.flush()?;
        }
        Ok(())
    }

    /// Takes the next part.
    pub(super) fn take(&mut self, part: Part) -> io::Result<()> {
        self.forget_tentative()?;
        if part.text.trim().is_empty() {
            return Ok(());
        }
        match self.format {
            Format::Text if self.watched => {
                writeln!(self.to, "{}", wrapped(&harmless(part.text.trim()), columns(), 0))?;
            }
            Format::Text => writeln!(self.to, "{}", part.text.trim())?,
            Format::Srt | Format::Vtt => {
                for cue in subtitles::cues(&part.words) {
                    self.cues += 1;
                    let text = if self.format == Format::Srt {
                        subtitles::srt(self.cues, &cue)
                    } else {
                        subtitles::vtt(&cue)
                    };
                    self.to.write_all(text.as_bytes())?;
                }
            }
            Format::Json => self.parts.push(part),
        }
        self.to.flush()
    }

    /// Writes what is left.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.forget_tentative()?;
        if self.format == Format::Json {
            let text: Vec<&str> = self.parts.iter().map(|part| part.text.trim()).collect();
            let language = self.parts.iter().find_map(|part| part.language.as_deref());
            let measured =
                self.parts.iter().flat_map(|part| &part.words).all(|word| word.probability.is_some());
            let parts: Vec<_> = self
                .parts
                .iter()
                .map(|part| json!({ "text": part.text.trim(), "words": part.words }))
                .collect();
            let told = json!({
                "text": text.join(" "), "language": language,
                "word_times": if measured { "measured" } else { "estimated" }, "parts": parts,
            });
            writeln!(self.to, "{}", serde_json::to_string_pretty(&told)?)?;
        }
        Ok(self.to.flush()?)
    }
}
