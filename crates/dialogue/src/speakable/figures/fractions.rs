//! Parts of a whole: `3/4`, `1½`, `3 1/2`.

use super::measure::{Number, form_before, say};
use super::{Context, Found, digits};
use crate::speakable::SpokenLanguage::{self, Chinese, English, Spanish};
use crate::speakable::numbers::{self, Form, cardinal};

/// `3/4`, `24/7`.
pub(super) fn fraction(text: &str, first: &Number, context: Context<'_>) -> Option<Found> {
    let rest = text[first.len..].strip_prefix('/')?;
    let second = &rest[..digits(rest)];
    if second.is_empty() || rest[second.len()..].starts_with('/') {
        return None;
    }
    let language = context.language;
    let after = &rest[second.len()..];
    let (part, whole) = (first.whole.parse::<u64>().ok()?, second.parse::<u64>().ok()?);
    let (first_said, second_said) =
        (say(first, language, Form::Alone), cardinal(second, language, Form::Alone));
    let say = match (language, form_before(after, language)) {
        // A score: 4.5/5.
        (English, _) if !first.fraction.is_empty() => format!("{first_said} out of {second_said}"),
        (Spanish, _) if !first.fraction.is_empty() => format!("{first_said} de {second_said}"),
        (Chinese, _) if !first.fraction.is_empty() => format!("{first_said}比{second_said}"),
        (Spanish, Form::Counting) if (part, whole) == (1, 2) => "medio".to_owned(),
        (Spanish, Form::CountingFeminine) if (part, whole) == (1, 2) => "media".to_owned(),
        _ if part < whole && whole <= 100 => numbers::fraction(part, whole, language),
        _ => format!("{first_said} {second_said}"),
    };
    Some(Found { len: first.len + 1 + second.len(), say })
}

/// `3 1/2`.
fn mixed(text: &str, language: SpokenLanguage) -> Option<Found> {
    let len = digits(text);
    let rest = text[len..].strip_prefix(' ').filter(|_| len > 0)?;
    let (part, below) = rest.split_at(digits(rest));
    let below = below.strip_prefix('/')?;
    let whole = &below[..digits(below)];
    if below[whole.len()..].starts_with('/') {
        return None;
    }
    let (over, under) = (part.parse::<u64>().ok()?, whole.parse::<u64>().ok()?);
    let say = and_part(&text[..len], &numbers::fraction(over, under, language), language);
    (over < under && under <= 16).then(|| Found { len: len + 2 + part.len() + whole.len(), say })
}

/// A whole number and a part, as said.
fn and_part(whole: &str, part: &str, language: SpokenLanguage) -> String {
    let whole = cardinal(whole, language, Form::Alone);
    match language {
        English => format!("{whole} and {}", part.replace("one ", "a ")),
        Spanish => format!("{whole} y {}", part.replace("un medio", "medio")),
        Chinese => format!("{whole}又{part}"),
    }
}

/// `½`, `1½`.
pub(super) fn signed_fraction(text: &str, language: SpokenLanguage) -> Option<Found> {
    if let Some(found) = mixed(text, language) {
        return Some(found);
    }
    let len = digits(text);
    let sign = text[len..].chars().next()?;
    let (part, whole) = match sign {
        '½' => (1, 2),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        _ => return None,
    };
    let said = numbers::fraction(part, whole, language);
    let say = if len == 0 { said } else { and_part(&text[..len], &said, language) };
    Some(Found { len: len + sign.len_utf8(), say })
}
