//! Figures: whatever begins with a digit, a sign before one, or a sign of money.

mod calendar;
mod fractions;
mod measure;

pub(super) use measure::to;

use super::{SpokenLanguage, numbers};

/// Something that was recognised at a place of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its bytes.
    pub(super) len: usize,
    /// How it is read.
    pub(super) say: String,
}

/// Where a figure stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) language: SpokenLanguage,
    /// The last word before it, in small letters.
    pub(super) before: &'a str,
}

/// The figure that `text` begins with.
pub(super) fn figure(text: &str, context: Context<'_>) -> Option<Found> {
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    if !digit
        && !text.starts_with([
            '+', '-', '−', '.', '(', '$', '€', '£', '¥', '￥', '₹', 'U', '½', '¼', '¾', '⅓', '⅔',
        ])
    {
        return None;
    }
    calendar::phone(text, context)
        .or_else(|| calendar::date(text, context))
        .or_else(|| calendar::time(text, context))
        .or_else(|| version(text, context))
        .or_else(|| measure::measure(text, context))
}

/// Numbers with dots that are no decimal number: versions, addresses.
fn version(text: &str, context: Context<'_>) -> Option<Found> {
    let len = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let dotted = text[..len].trim_end_matches('.');
    let parts: Vec<&str> = dotted.split('.').collect();
    let groups = parts[1..].iter().all(|part| part.len() == 3) && context.language == SpokenLanguage::Spanish;
    if parts.len() < 3 || parts.iter().any(|part| part.is_empty()) || groups {
        return None;
    }
    let dot = match context.language {
        SpokenLanguage::English => " point ",
        SpokenLanguage::Spanish => " punto ",
        SpokenLanguage::Chinese => "点",
    };
    let words: Vec<String> =
        parts.iter().map(|part| numbers::cardinal(part, context.language, numbers::Form::Alone)).collect();
    Some(Found { len: dotted.len(), say: words.join(dot) })
}

/// The bytes of ASCII digits that `text` begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
