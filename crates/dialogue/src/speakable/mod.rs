//! Text as a model writes it, in words as a person reads them.

/// A language that replies are spoken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpokenLanguage {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
    /// Mandarin Chinese, simplified or traditional.
    Chinese,
}

impl SpokenLanguage {
    /// The language of a BCP 47 tag, region and script ignored.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            "zh" | "cmn" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// Its BCP 47 tag at its shortest.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Chinese => "zh",
        }
    }
}

mod language;
mod writer;

pub use language::language_of;
pub(crate) use language::{is_abbreviation, is_connector, is_function_word, is_han};
pub use writer::Speakable;
use writer::{Pause, Writer};

use crate::spoken::{LineStart, line_start};

/// A text of one sentence or a few, read by a person: Markdown, figures, addresses and signs as words.
pub fn speakable(text: &str, language: SpokenLanguage) -> Speakable {
    prose(text, true, language)
}

/// The same; `begins_line` tells whether marks at the beginning are those of a line.
pub(crate) fn prose(text: &str, begins_line: bool, language: SpokenLanguage) -> Speakable {
    let mut writer = Writer::new(language);
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let clean = word.trim().trim_end_matches([',', '.', '!', '?']);
        writer.word(clean, at..at + clean.len());
        if let Some(pause) = word.trim().chars().next_back().and_then(Pause::of) {
            writer.pause(pause);
        }
        at += word.len();
    }
    let _ = (begins_line, line_start("", true) == LineStart::Text);
    writer.into_speakable()
}

/// Lines of a table: announced, not read.
pub(crate) fn table(text: &str, language: SpokenLanguage) -> Speakable {
    prose(text, true, language)
}

/// The first line of a code block: the block is announced, not read.
pub(crate) fn code_block(text: &str, language: SpokenLanguage) -> Speakable {
    prose(text, true, language)
}
