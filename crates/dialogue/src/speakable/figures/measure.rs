//! Numbers and what is counted with them: plain ones, ranges, percents, ordinals, units, money.

use super::fractions::{fraction, signed_fraction};
use super::{Context, Found, calendar, digits};
use crate::speakable::SpokenLanguage::{self, Chinese, English, Spanish};
use crate::speakable::numbers::{self, Form, cardinal};
use crate::speakable::{is_han, units};

/// A number as it stands in a text.
pub(super) struct Number {
    pub(super) len: usize,
    negative: bool,
    pub(super) whole: String,
    pub(super) fraction: String,
    comma: bool,
    grouped: bool,
}

/// Characters counted in Chinese by measure words: before them two is 两.
const MEASURES: &str =
    "个只位次天年本张件条种家岁杯块分小米公斤倍名间头匹辆座瓶层批句口双把套点者周万亿千百美欧";

/// A number and what belongs to it.
pub(super) fn measure(text: &str, context: Context<'_>) -> Option<Found> {
    if let Some((money, sign)) = units::money(text) {
        let number = number(&text[sign..], context.language)?;
        return Some(with_money(text, &text[..sign], sign, &number, money, context));
    }
    if let Some(found) = signed_fraction(text, context.language) {
        return Some(found);
    }
    let first = number(text, context.language)?;
    let rest = &text[first.len..];
    if let Some(mark) = rest.chars().next().filter(|c| matches!(c, '-' | '–' | '—' | '~' | '～'))
        && rest[mark.len_utf8()..].starts_with(|c: char| c.is_ascii_digit())
        && let Some(second) = measure(&rest[mark.len_utf8()..], context)
    {
        let say = join(&plain(&first, rest, context), to(context.language), &second.say, context.language);
        return Some(Found { len: first.len + mark.len_utf8() + second.len, say });
    }
    if let Some(found) = with_second(text, &first, context) {
        return Some(found);
    }
    Some(
        fraction(text, &first, context)
            .or_else(|| suffixed(text, &first, context))
            .unwrap_or_else(|| Found { len: first.len, say: plain(&first, rest, context) }),
    )
}

/// Two numbers with a sign between them: `1920x1080`, `16:9`.
fn with_second(text: &str, first: &Number, context: Context<'_>) -> Option<Found> {
    let rest = &text[first.len..];
    let sign = rest.chars().next().filter(|c| matches!(c, 'x' | '×' | ':' | '：' | '^'))?;
    let after = &rest[sign.len_utf8()..];
    if !after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let second = measure(after, context)?;
    if sign == '^' {
        return Some(power(first, after, context));
    }
    let word = match (matches!(sign, 'x' | '×'), context.language) {
        (true, English) => "by",
        (true, Spanish) => "por",
        (true, Chinese) => "乘",
        (false, Chinese) => "比",
        (false, _) => to(context.language),
    };
    let say = join(&plain(first, rest, context), word, &second.say, context.language);
    Some(Found { len: first.len + sign.len_utf8() + second.len, say })
}

/// `10^6`; `exponent` begins with digits.
fn power(first: &Number, exponent: &str, context: Context<'_>) -> Found {
    let language = context.language;
    let of = &exponent[..digits(exponent)];
    let (base, power) = (say(first, language, Form::Alone), cardinal(of, language, Form::Alone));
    let say = match language {
        English => format!("{base} to the power of {power}"),
        Spanish => format!("{base} elevado a {power}"),
        Chinese => format!("{base}的{power}次方"),
    };
    Found { len: first.len + 1 + of.len(), say }
}

/// What is said between the ends of a range.
pub(in crate::speakable) fn to(language: SpokenLanguage) -> &'static str {
    match language {
        English => "to",
        Spanish => "a",
        Chinese => "到",
    }
}

fn join(first: &str, word: &str, second: &str, language: SpokenLanguage) -> String {
    if language == Chinese { format!("{first}{word}{second}") } else { format!("{first} {word} {second}") }
}

fn number(text: &str, language: SpokenLanguage) -> Option<Number> {
    let sign = text.chars().next().filter(|c| matches!(c, '-' | '−' | '+')).map_or(0, char::len_utf8);
    let rest = &text[sign..];
    let first = digits(rest);
    if first == 0 && !(rest.starts_with('.') && digits(&rest[1..]) > 0) {
        return None;
    }
    let mut whole = if first == 0 { "0".to_owned() } else { rest[..first].to_owned() };
    let mut at = first;
    let (group, points): (char, &[char]) = match language {
        Spanish => ('.', &[',', '.']),
        English | Chinese => (',', &['.']),
    };
    let group_at = |at: usize| {
        let mark = rest[at..].chars().next()?;
        let after = &rest[at + mark.len_utf8()..];
        let many = || rest[at + 1..].get(3..4) == Some(",") && digits(&rest[at + 5..]) == 3;
        let groups = mark == group || matches!(mark, '\u{a0}' | '\u{202f}') || (mark == ',' && many());
        (groups && digits(after) == 3).then(|| (mark.len_utf8() + 3, &after[..3]))
    };
    let mut grouped = false;
    while first <= 3 && !whole.starts_with('0') || grouped {
        let Some((len, group)) = group_at(at) else { break };
        whole.push_str(group);
        at += len;
        grouped = true;
    }
    let mut fraction = String::new();
    let point = rest[at..].chars().next().filter(|c| points.contains(c));
    if point.is_some() && digits(&rest[at + 1..]) > 0 {
        let len = digits(&rest[at + 1..]);
        fraction.push_str(&rest[at + 1..at + 1 + len]);
        at += 1 + len;
    }
    let negative = sign > 0 && !text.starts_with('+');
    Some(Number { len: sign + at, negative, whole, fraction, comma: point == Some(','), grouped })
}

/// The number alone; `rest` is what follows it.
fn plain(number: &Number, rest: &str, context: Context<'_>) -> String {
    let language = context.language;
    let alone = number.fraction.is_empty() && !number.negative && !number.grouped;
    if alone && language == Chinese && rest.trim_start().starts_with('年') && number.whole.len() == 4 {
        return numbers::year(&number.whole, language);
    }
    if alone
        && language == English
        && number.whole.len() == 4
        && matches!(number.whole.parse(), Ok(1100_u16..=2099))
    {
        return numbers::year(&number.whole, language);
    }
    if alone && language == English && number.whole.len() == 3 && matches!(context.before, "call" | "dial") {
        return numbers::digits(&number.whole, language);
    }
    let next = rest.trim_start();
    let day = number.whole.len() <= 2 && number.whole.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day));
    if alone && language == English && day {
        let word = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        let month_after = word.starts_with(char::is_uppercase) && calendar::is_month(&word.to_lowercase());
        if month_after || calendar::is_month(context.before) {
            return numbers::ordinal(&number.whole, language, Form::Alone);
        }
    }
    say(number, language, form_before(rest, language))
}

pub(super) fn say(number: &Number, language: SpokenLanguage, form: Form) -> String {
    let words = if number.fraction.is_empty() {
        cardinal(&number.whole, language, form)
    } else {
        numbers::decimal(&number.whole, &number.fraction, language, number.comma)
    };
    match (number.negative, language) {
        (false, _) => words,
        (true, English) => format!("minus {words}"),
        (true, Spanish) => format!("menos {words}"),
        (true, Chinese) => format!("负{words}"),
    }
}

/// The form a number takes before `rest`.
pub(super) fn form_before(rest: &str, language: SpokenLanguage) -> Form {
    let next = rest.strip_prefix(' ').unwrap_or(rest);
    match language {
        Chinese if next.starts_with(|c| MEASURES.contains(c)) => Form::Counting,
        English | Chinese => Form::Alone,
        Spanish => {
            let word = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            if rest.len() == next.len() || word.chars().count() < 3 || super::super::is_connector(word) {
                Form::Alone
            } else if ["a", "as", "ión", "iones", "dad", "dades"].iter().any(|end| word.ends_with(end)) {
                Form::CountingFeminine
            } else {
                Form::Counting
            }
        }
    }
}

fn is_one(number: &Number) -> bool {
    number.whole == "1" && number.fraction.is_empty()
}

/// Percents, ordinals, units, money, thousands.
fn suffixed(text: &str, number: &Number, context: Context<'_>) -> Option<Found> {
    let rest = &text[number.len..];
    let language = context.language;
    let percent = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    if let Some(after) = percent.strip_prefix(['%', '％']) {
        let said = say(number, language, Form::Alone);
        let say = match language {
            English => format!("{said} percent"),
            Spanish => format!("{said} por ciento"),
            Chinese => format!("百分之{said}"),
        };
        return Some(Found { len: text.len() - after.len(), say });
    }
    if let Some(found) = ordinal(text, number, language).or_else(|| decade(text, number, context)) {
        return Some(found);
    }
    if let Some((unit, len)) = units::unit(rest) {
        if units::is_money(unit) {
            return Some(with_money(text, rest[..len].trim(), 0, number, unit, context));
        }
        return Some(Found { len: number.len + len, say: with_unit(number, unit, language) });
    }
    let after = rest.strip_prefix('k')?;
    if after.starts_with(|c: char| c.is_alphanumeric() && !is_han(c)) {
        return None;
    }
    let scale = match language {
        English => " thousand",
        Spanish => " mil",
        Chinese => "千",
    };
    Some(Found { len: number.len + 1, say: format!("{}{scale}", say(number, language, Form::Counting)) })
}

fn ordinal(text: &str, number: &Number, language: SpokenLanguage) -> Option<Found> {
    let (signs, form): (&[&str], Form) = match language {
        English => (&["st", "nd", "rd", "th"], Form::Alone),
        Spanish if text[number.len..].starts_with(['ª']) || text[number.len..].starts_with(".ª") => {
            (&[".ª", "ª"], Form::CountingFeminine)
        }
        Spanish if text[number.len..].trim_start_matches('.').starts_with("er") => {
            (&[".er", "er"], Form::Counting)
        }
        Spanish => (&[".º", "º"], Form::Alone),
        Chinese => return None,
    };
    let rest = &text[number.len..];
    let sign = signs.iter().find(|sign| rest.starts_with(**sign))?;
    let after = &rest[sign.len()..];
    let degree = *sign == "º" && after.starts_with(['C', 'F']);
    if !number.fraction.is_empty() || degree || after.starts_with(char::is_alphanumeric) {
        return None;
    }
    let form = if form == Form::Alone { form_before(after, language) } else { form };
    Some(Found { len: number.len + sign.len(), say: numbers::ordinal(&number.whole, language, form) })
}

/// `the 1990s`, `the 90s`, `90's`.
fn decade(text: &str, number: &Number, context: Context<'_>) -> Option<Found> {
    let rest = &text[number.len..];
    let sign = ["s", "'s", "’s"].into_iter().find(|sign| rest.starts_with(sign))?;
    let round = number.whole.ends_with('0') && number.fraction.is_empty();
    let short = number.whole.len() == 2 && (sign != "s" || context.before == "the");
    if context.language != English || !round || !(short || number.whole.len() == 4) {
        return None;
    }
    if rest[sign.len()..].starts_with(char::is_alphanumeric) {
        return None;
    }
    let year = numbers::year(&number.whole, context.language);
    let say = year.strip_suffix('y').map_or_else(|| format!("{year}s"), |tens| format!("{tens}ies"));
    Some(Found { len: number.len + sign.len(), say })
}

fn with_unit(number: &Number, unit: &units::Unit, language: SpokenLanguage) -> String {
    let name = unit.name(language, is_one(number));
    let form = match language {
        Spanish if name.split(' ').next().is_some_and(|word| word.ends_with('a') || word.ends_with("as")) => {
            Form::CountingFeminine
        }
        _ => Form::Counting,
    };
    let said = say(number, language, form);
    match language {
        Chinese => format!("{said}{name}"),
        Spanish if said.ends_with("millón") || said.ends_with("millones") => format!("{said} de {name}"),
        _ => format!("{said} {name}"),
    }
}

/// Money: `sign` stands `before` the number in bytes, or after it where that is 0.
fn with_money(
    text: &str,
    sign: &str,
    before: usize,
    number: &Number,
    unit: &'static units::Unit,
    context: Context<'_>,
) -> Found {
    let language = context.language;
    let behind = if before == 0 { units::unit(&text[number.len..]).map_or(0, |(_, len)| len) } else { 0 };
    let len = before + number.len + behind;
    if let Some((scale, scale_len)) = scale(&text[len..], language) {
        let said = say(number, language, Form::Counting);
        let name = unit.name(language, false);
        let say = match language {
            English => format!("{said} {scale} {name}"),
            Spanish if scale == "mil" => format!("{said} mil {name}"),
            Spanish => format!("{said} {scale} de {name}"),
            Chinese => format!("{said}{scale}{name}"),
        };
        return Found { len: len + scale_len, say };
    }
    if number.fraction.len() == 2 && !number.negative {
        let whole = Number { fraction: String::new(), whole: number.whole.clone(), ..*number };
        let said = with_unit(&whole, unit, language);
        let part = number.fraction.trim_start_matches('0');
        match (units::cents(sign, language), language) {
            _ if part.is_empty() => return Found { len, say: said },
            (Some(names), _) => {
                let cents =
                    format!("{} {}", cardinal(part, language, Form::Alone), names[usize::from(part != "1")]);
                let say = if whole.whole == "0" { cents } else { format!("{said} and {cents}") };
                return Found { len, say };
            }
            (None, Spanish) => {
                return Found { len, say: format!("{said} con {}", cardinal(part, language, Form::Alone)) };
            }
            _ => {}
        }
    }
    Found { len, say: with_unit(number, unit, language) }
}

/// "million" and the like after an amount of money, and its bytes.
fn scale(text: &str, language: SpokenLanguage) -> Option<(&'static str, usize)> {
    const SCALES: &[(SpokenLanguage, &str, &str)] = &[
        (English, " million", "million"),
        (English, " billion", "billion"),
        (English, " trillion", "trillion"),
        (English, " thousand", "thousand"),
        (English, "k", "thousand"),
        (English, "K", "thousand"),
        (English, "M", "million"),
        (English, "B", "billion"),
        (Spanish, " millones", "millones"),
        (Spanish, " mil", "mil"),
        (Chinese, "万", "万"),
        (Chinese, "亿", "亿"),
    ];
    let (_, sign, word) = SCALES.iter().find(|(of, sign, _)| {
        *of == language
            && text
                .strip_prefix(sign)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() && !is_han(c)))
    })?;
    Some((word, sign.len()))
}
