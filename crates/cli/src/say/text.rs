//! What is to be said: from the arguments or from standard input, cut into what is spoken one after another.

use std::io::{self, IsTerminal, Read};

use dialogue::speakable::SpokenLanguage;
use dialogue::spoken::Splitter;
use tokio::sync::mpsc;

use crate::exit::Failure;

/// Units that may wait to be spoken; a full queue makes the reader wait.
const WAITING: usize = 8;
/// Bytes that are read at once.
const PIECE: usize = 4096;

/// Where a text comes from.
pub(super) enum Source {
    Text(String),
    Stdin,
}

impl Source {
    pub(super) fn of(text: Option<&str>) -> anyhow::Result<Self> {
        match text {
            None if io::stdin().is_terminal() => {
                Err(Failure::usage("There is nothing to say: add a text, or pipe it in.").into())
            }
            None | Some("-") => Ok(Self::Stdin),
            Some(text) if text.trim().is_empty() => Err(Failure::usage("There is nothing to say.").into()),
            Some(text) => Ok(Self::Text(text.to_owned())),
        }
    }
}

/// Something that is spoken in one breath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) say: String,
    pub(super) language: String,
}

/// Cuts a text as it comes.
pub(super) enum Cutter {
    /// In a language whose figures and sentences are known.
    Known(Splitter),
    /// In any other, by lines; the voice reads figures as it can.
    Lines { language: String, pending: String },
}

impl Cutter {
    pub(super) fn new(language: Result<SpokenLanguage, String>) -> Self {
        match language {
            Ok(language) => Self::Known(Splitter::new(language)),
            Err(language) => Self::Lines { language, pending: String::new() },
        }
    }

    pub(super) fn push(&mut self, piece: &str) -> Vec<Unit> {
        match self {
            Self::Known(splitter) => splitter.push(piece).into_iter().filter_map(unit).collect(),
            Self::Lines { language, pending } => {
                pending.push_str(piece);
                let Some(end) = pending.rfind('\n') else { return Vec::new() };
                let rest = pending.split_off(end + 1);
                lines(&std::mem::replace(pending, rest), language)
            }
        }
    }

    pub(super) fn finish(&mut self) -> Vec<Unit> {
        match self {
            Self::Known(splitter) => splitter.finish().into_iter().filter_map(unit).collect(),
            Self::Lines { language, pending } => lines(&std::mem::take(pending), language),
        }
    }
}

fn unit(unit: dialogue::spoken::SpokenUnit) -> Option<Unit> {
    (!unit.is_silent()).then(|| Unit { say: unit.say, language: unit.language.tag().to_owned() })
}

fn lines(text: &str, language: &str) -> Vec<Unit> {
    let spoken = text.lines().map(str::trim).filter(|line| !line.is_empty());
    spoken.map(|line| Unit { say: line.to_owned(), language: language.to_owned() }).collect()
}

/// The units of a text as it comes. A thread of its own reads: standard input waits for whoever writes.
pub(super) fn units(source: Source, language: Result<SpokenLanguage, String>) -> mpsc::Receiver<Unit> {
    let (told, units) = mpsc::channel(WAITING);
    let mut cutter = Cutter::new(language);
    tokio::task::spawn_blocking(move || {
        let tell = |units: Vec<Unit>| units.into_iter().try_for_each(|unit| told.blocking_send(unit));
        let read = match source {
            Source::Text(text) => tell(cutter.push(&text)),
            Source::Stdin => read(&mut io::stdin().lock(), |piece| tell(cutter.push(piece))),
        };
        // An error means that nobody listens any more.
        let _ = read.and_then(|()| tell(cutter.finish()));
    });
    units
}

/// Hands on what is read, as soon as it is there. What is no UTF-8 is read as such programs show it.
fn read<E>(input: &mut impl Read, mut take: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut buffer = [0; PIECE];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        bytes.extend_from_slice(&buffer[..count]);
        // A character may come in two pieces: at most three bytes of it are kept for the next.
        let whole = match std::str::from_utf8(&bytes) {
            Err(error) if count > 0 && error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        let rest = bytes.split_off(whole);
        take(&String::from_utf8_lossy(&bytes))?;
        bytes = rest;
        if count == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: &str, pieces: &[&str]) -> Vec<String> {
        let known = SpokenLanguage::from_tag(language).ok_or_else(|| language.to_owned());
        let mut cutter = Cutter::new(known);
        let mut units: Vec<Unit> = pieces.iter().flat_map(|piece| cutter.push(piece)).collect();
        units.extend(cutter.finish());
        units.into_iter().map(|unit| format!("{}: {}", unit.language, unit.say)).collect()
    }

    #[test]
    fn an_unknown_language_is_cut_by_lines() {
        assert_eq!(
            said("de", &["Guten ", "Tag.\n\nWie ", "geht es?"]),
            ["de: Guten Tag.", "de: Wie geht es?"]
        );
    }

    #[test]
    fn a_sentence_is_spoken_before_the_next_has_come() {
        let mut cutter = Cutter::new(Ok(SpokenLanguage::English));
        let first = cutter.push("The first sentence is here. And the sec");
        assert!(!first.is_empty());
        assert!(first.iter().all(|unit| unit.language == "en"));
    }

    /// Gives one byte at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn characters_that_come_in_pieces_are_whole() {
        let read_all = |bytes: &[u8]| {
            let mut text = String::new();
            let read: Result<(), ()> = read(&mut Slow(bytes), |piece| {
                text.push_str(piece);
                Ok(())
            });
            assert_eq!(read, Ok(()));
            text
        };
        assert_eq!(read_all("¿Qué? 你好 👋".as_bytes()), "¿Qué? 你好 👋");
        assert_eq!(read_all(b"a\xffb\xe4\xbd"), "a\u{fffd}b\u{fffd}");
    }
}
