//! Dates, times and telephone numbers.

use super::{Context, Found, digits};
use crate::speakable::SpokenLanguage::{self, Chinese, English, Spanish};
use crate::speakable::numbers::{self, Form, cardinal};

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SPANISH_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// Whether this word in small letters is an English month or its abbreviation.
pub(in crate::speakable) fn is_month(word: &str) -> bool {
    word == "sept"
        || ENGLISH_MONTHS.iter().any(|month| {
            let month = month.to_lowercase();
            word == month || (word.len() == 3 && month.starts_with(word))
        })
}

/// `2026-08-05`, `2026/8/5`, and with the year last: `8/5/2026` is August in English, May elsewhere.
pub(super) fn date(text: &str, context: Context<'_>) -> Option<Found> {
    let (first, rest) = text.split_at(digits(text));
    let mark = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (second, rest) = rest[1..].split_at(digits(&rest[1..]));
    let rest = rest.strip_prefix(mark)?;
    let third = &rest[..digits(rest)];
    let len = first.len() + second.len() + third.len() + 2;
    if text[len..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = |digits: &str| digits.parse::<usize>().ok();
    let (year, month, day) = match (first.len(), second.len(), third.len()) {
        (4, 1 | 2, 1 | 2) => (first, number(second)?, number(third)?),
        (1 | 2, 1 | 2, 4) if context.language == English && mark == '/' && number(first)? <= 12 => {
            (third, number(first)?, number(second)?)
        }
        (1 | 2, 1 | 2, 4) => (third, number(second)?, number(first)?),
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(Found { len, say: say_date(year, month, day, context.language) })
}

fn say_date(year: &str, month: usize, day: usize, language: SpokenLanguage) -> String {
    let day = day.to_string();
    let year = numbers::year(year, language);
    match language {
        English => {
            format!("{} {}, {year}", ENGLISH_MONTHS[month - 1], numbers::ordinal(&day, language, Form::Alone))
        }
        Spanish => {
            format!("{} de {} de {year}", cardinal(&day, language, Form::Alone), SPANISH_MONTHS[month - 1])
        }
        Chinese => {
            let month = cardinal(&month.to_string(), language, Form::Alone);
            format!("{year}年{month}月{}日", cardinal(&day, language, Form::Alone))
        }
    }
}

/// `3:05`, `15:30`, `3:00 PM`, `5pm`.
pub(super) fn time(text: &str, context: Context<'_>) -> Option<Found> {
    let (hour, rest) = text.split_at(digits(text));
    if !matches!(hour.len(), 1 | 2) || hour.parse::<u8>().ok()? > 24 {
        return None;
    }
    let minute = rest.strip_prefix([':', '：']).map(|after| &after[..digits(after)]);
    let minute =
        minute.filter(|digits| digits.len() == 2 && digits.parse::<u8>().is_ok_and(|minute| minute < 60));
    let mark = minute.and_then(|_| rest.chars().next()).map_or(0, char::len_utf8);
    let mut len = hour.len() + minute.map_or(0, |minute| mark + minute.len());
    let seconds = minute.and_then(|_| text[len..].strip_prefix(':')).map(|after| &after[..digits(after)]);
    let seconds = seconds.filter(|digits| digits.len() == 2);
    len += seconds.map_or(0, |seconds| 1 + seconds.len());
    let half = half_of_day(&text[len..]);
    if minute.is_none() && half.is_none() || text[len..].starts_with(|c: char| c.is_ascii_digit() || c == ':')
    {
        return None;
    }
    let say = say_time([Some(hour), minute, seconds], half.map(|(half, _)| half), context.language);
    Some(Found { len: len + half.map_or(0, |(_, len)| len), say })
}

#[derive(Debug, Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

/// "am", "p.m." and the like after a blank or none, and their bytes.
fn half_of_day(text: &str) -> Option<(Half, usize)> {
    let blank =
        text.chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}')).map_or(0, char::len_utf8);
    let rest = text[blank..].to_ascii_lowercase();
    for (sign, half) in [
        ("a.m.", Half::Morning),
        ("a. m.", Half::Morning),
        ("am", Half::Morning),
        ("p.m.", Half::Afternoon),
        ("p. m.", Half::Afternoon),
        ("pm", Half::Afternoon),
    ] {
        if rest.starts_with(sign) && !rest[sign.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
            // A dot that ends the sentence as well is left to it.
            let len = if rest.len() == sign.len() { sign.trim_end_matches('.').len() } else { sign.len() };
            return Some((half, blank + len));
        }
    }
    None
}

fn say_time(
    [hour, minute, seconds]: [Option<&str>; 3],
    half: Option<Half>,
    language: SpokenLanguage,
) -> String {
    let number = |digits: Option<&str>| digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0);
    let (hour, minutes) = (number(hour).to_string(), number(minute));
    let say = |number: u64| cardinal(&number.to_string(), language, Form::Alone);
    match language {
        English => {
            let hours = cardinal(&hour, language, Form::Alone);
            let time = match (minutes, half) {
                (0, Some(_)) => hours,
                (0, None) if number(Some(&hour)) > 12 || hour == "0" => format!("{hours} hundred"),
                (0, None) => format!("{hours} o'clock"),
                (1..=9, _) => format!("{hours} oh {}", say(minutes)),
                _ => format!("{hours} {}", say(minutes)),
            };
            let time = seconds
                .map_or(time.clone(), |seconds| format!("{time} and {} seconds", say(number(Some(seconds)))));
            match half {
                Some(Half::Morning) => format!("{time} AM"),
                Some(Half::Afternoon) => format!("{time} PM"),
                None => time,
            }
        }
        Spanish => {
            let hours = cardinal(&hour, language, Form::CountingFeminine);
            let time = match minutes {
                0 => hours,
                15 if half.is_some() => format!("{hours} y cuarto"),
                30 if half.is_some() => format!("{hours} y media"),
                _ => format!("{hours} y {}", say(minutes)),
            };
            match half {
                Some(Half::Morning) => format!("{time} de la mañana"),
                Some(Half::Afternoon) => format!("{time} de la tarde"),
                None => time,
            }
        }
        Chinese => {
            let hours = cardinal(&hour, language, Form::Counting);
            let time = match minutes {
                0 => format!("{hours}点"),
                1..=9 => format!("{hours}点零{}分", say(minutes)),
                _ => format!("{hours}点{}分", say(minutes)),
            };
            match half {
                Some(Half::Morning) => format!("上午{time}"),
                Some(Half::Afternoon) => format!("下午{time}"),
                None => time,
            }
        }
    }
}

/// Telephone numbers as they are commonly written: `+34 912 345 678`, `(555) 123-4567`, `555-123-4567`, `555-1234`,
/// `612 345 678` in Spanish, eleven digits in Chinese. Read by groups, digit by digit.
pub(super) fn phone(text: &str, context: Context<'_>) -> Option<Found> {
    let mut len = 0;
    for (at, c) in text.char_indices() {
        if c.is_ascii_digit() {
            len = at + 1;
        } else if !(matches!(c, '(' | ')' | '-' | ' ') || (at == 0 && c == '+')) || text[..at].ends_with("  ")
        {
            break;
        }
    }
    let number = &text[..len];
    let groups: Vec<&str> =
        number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let all: usize = lengths.iter().sum();
    let shaped = match (number.chars().next()?, lengths.as_slice()) {
        ('+', _) => (8..=15).contains(&all),
        ('(', [3, 3, 4]) => true,
        (_, [3, 3, 4] | [1, 3, 3, 4] | [3, 4]) => !number.contains(' ') && number.contains('-'),
        ('6'..='9', [3, 3, 3] | [3, 2, 2, 2]) => context.language == Spanish && !number.contains(['-', '(']),
        ('0', [3 | 4, 7 | 8]) | ('1', [11] | [3, 4, 4]) => context.language == Chinese,
        _ => false,
    };
    if !shaped || text[len..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let said: Vec<String> = groups.iter().map(|group| numbers::digits(group, context.language)).collect();
    let plus = match (number.starts_with('+'), context.language) {
        (false, _) => "",
        (true, English) => "plus ",
        (true, Spanish) => "más ",
        (true, Chinese) => "加",
    };
    let said = match context.language {
        // One is read "yao" in numbers of telephones.
        Chinese => said.join("，").replace('一', "幺"),
        _ => said.join(", "),
    };
    Some(Found { len, say: format!("{plus}{said}") })
}
