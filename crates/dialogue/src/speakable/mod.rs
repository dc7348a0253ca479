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

mod blocks;
mod code;
mod figures;
mod formula;
mod language;
mod markup;
mod numbers;
mod text;
mod units;
mod writer;

pub(crate) use blocks::{code_block, table};
pub use language::language_of;
pub(crate) use language::{is_abbreviation, is_connector, is_han};
use markup::{Ending, Item};
pub use writer::Speakable;
use writer::{Pause, Writer};

/// A sentence or a few lines, as a person reads them aloud: Markdown is silent, links are their texts and pictures their
/// descriptions, figures, addresses, formulas and signs are words, and emoji are silent, because the words beside them
/// say the same. Headings and items of lists end with a pause.
pub fn speakable(text: &str, language: SpokenLanguage) -> Speakable {
    prose(text, true, language)
}

/// The same; `begins_line` tells whether marks at the beginning are those of a line.
pub(crate) fn prose(text: &str, begins_line: bool, language: SpokenLanguage) -> Speakable {
    let mut writer = Writer::new(language);
    let (items, ending) = markup::items(text, begins_line);
    for item in &items {
        match item {
            Item::Text(run) => text::read(run, &mut writer),
            Item::Code(range) => writer.word(&code::inline(&text[range.clone()], language), range.clone()),
            Item::Formula(range) => {
                writer.word(&formula::formula(&text[range.clone()], language), range.clone());
            }
            Item::Number(range) => {
                let digits = text[range.clone()].trim_end_matches(['.', ')', ' ']);
                writer.word(&numbers::cardinal(digits, language, numbers::Form::Alone), range.clone());
                writer.pause(Pause::Short);
            }
        }
    }
    if ending == Ending::FullStop && text.ends_with('\n') {
        writer.pause_at_end();
    }
    writer.into_speakable()
}

#[cfg(test)]
mod tests;
