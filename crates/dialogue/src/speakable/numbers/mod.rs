//! Numbers as words.

mod chinese;
mod english;
mod spanish;

use super::SpokenLanguage::{self, Chinese, English, Spanish};

/// The form that what is counted asks for; it matters in Spanish, and for a Chinese two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// Counting nothing: "uno", "二".
    #[default]
    Alone,
    /// Before what is counted: "un", "两".
    Counting,
    /// The same before something feminine: "una", "两".
    CountingFeminine,
}

/// Digits that are a number of their own are read as one up to here; longer ones digit by digit.
const LONGEST: usize = 15;

/// A whole number of decimal digits, as words. Numbers that begin with 0 or are very long are read digit by digit.
pub(super) fn cardinal(of: &str, language: SpokenLanguage, form: Form) -> String {
    let leading_zero = of.len() > 1 && of.starts_with('0');
    match of.parse::<u64>() {
        Ok(number) if !leading_zero && of.len() <= LONGEST => match language {
            English => english::cardinal(number),
            Spanish => spanish::cardinal(number, form),
            Chinese => chinese::cardinal(number, form),
        },
        _ => digits(of, language),
    }
}

/// The digits in `of`, one by one; other characters are skipped.
pub(super) fn digits(of: &str, language: SpokenLanguage) -> String {
    let words = of.chars().filter_map(|c| c.to_digit(10)).map(|digit| {
        let digit = u64::from(digit);
        match language {
            English => english::cardinal(digit),
            Spanish => spanish::cardinal(digit, Form::Alone),
            Chinese => chinese::cardinal(digit, Form::Alone),
        }
    });
    words.collect::<Vec<_>>().join(if language == Chinese { "" } else { " " })
}

/// A number with a fraction: `whole` and `fraction` are decimal digits. `comma` tells what the source had for a point.
pub(super) fn decimal(whole: &str, fraction: &str, language: SpokenLanguage, comma: bool) -> String {
    let whole = cardinal(whole, language, Form::Alone);
    match language {
        English => format!("{whole} point {}", digits(fraction, language)),
        Spanish => {
            let mark = if comma { "coma" } else { "punto" };
            let fraction = if fraction.len() <= 2 {
                cardinal(fraction, language, Form::Alone)
            } else {
                digits(fraction, language)
            };
            format!("{whole} {mark} {fraction}")
        }
        Chinese => format!("{whole}点{}", digits(fraction, language)),
    }
}

/// "third", "tercero" (`feminine`: "tercera"), "第三". Spanish counts on with plain numbers beyond ten.
pub(super) fn ordinal(of: &str, language: SpokenLanguage, form: Form) -> String {
    let Ok(number) = of.parse::<u64>() else { return digits(of, language) };
    match language {
        English => english::ordinal(number),
        Spanish => spanish::ordinal(number, form),
        Chinese => format!("第{}", chinese::cardinal(number, Form::Alone)),
    }
}

/// A year: "nineteen eighty-four", "二零二六".
pub(super) fn year(of: &str, language: SpokenLanguage) -> String {
    match (language, of.parse::<u64>()) {
        (English, Ok(number)) => english::year(number),
        (Chinese, _) => digits(of, language),
        _ => cardinal(of, language, Form::Alone),
    }
}

/// A part of a whole: "three quarters", "tres cuartos", "四分之三".
pub(super) fn fraction(part: u64, whole: u64, language: SpokenLanguage) -> String {
    match language {
        English => english::fraction(part, whole),
        Spanish => spanish::fraction(part, whole),
        Chinese => {
            format!("{}分之{}", chinese::cardinal(whole, Form::Alone), chinese::cardinal(part, Form::Alone))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: SpokenLanguage, cases: &[(&str, &str)]) {
        for (number, expect) in cases {
            assert_eq!(cardinal(number, language, Form::Alone), *expect, "{number}");
        }
    }

    #[test]
    fn english_cardinals() {
        check(
            English,
            &[
                ("0", "zero"),
                ("13", "thirteen"),
                ("21", "twenty-one"),
                ("100", "one hundred"),
                ("342", "three hundred forty-two"),
                ("1000", "one thousand"),
                ("1001", "one thousand one"),
                ("12345", "twelve thousand three hundred forty-five"),
                ("1000000", "one million"),
                ("2000000042", "two billion forty-two"),
                ("007", "zero zero seven"),
            ],
        );
    }

    #[test]
    fn spanish_cardinals() {
        check(
            Spanish,
            &[
                ("0", "cero"),
                ("1", "uno"),
                ("16", "dieciséis"),
                ("21", "veintiuno"),
                ("22", "veintidós"),
                ("31", "treinta y uno"),
                ("100", "cien"),
                ("101", "ciento uno"),
                ("555", "quinientos cincuenta y cinco"),
                ("1000", "mil"),
                ("1984", "mil novecientos ochenta y cuatro"),
                ("21000", "veintiún mil"),
                ("1000000", "un millón"),
                ("2500000", "dos millones quinientos mil"),
                ("1000000000", "mil millones"),
                ("1000000000000", "un billón"),
            ],
        );
        assert_eq!(cardinal("1", Spanish, Form::Counting), "un");
        assert_eq!(cardinal("21", Spanish, Form::Counting), "veintiún");
        assert_eq!(cardinal("31", Spanish, Form::CountingFeminine), "treinta y una");
        assert_eq!(cardinal("200", Spanish, Form::CountingFeminine), "doscientas");
    }

    #[test]
    fn chinese_cardinals() {
        check(
            Chinese,
            &[
                ("0", "零"),
                ("2", "二"),
                ("10", "十"),
                ("12", "十二"),
                ("20", "二十"),
                ("101", "一百零一"),
                ("110", "一百一十"),
                ("200", "两百"),
                ("1001", "一千零一"),
                ("2026", "两千零二十六"),
                ("10000", "一万"),
                ("10010", "一万零一十"),
                ("22000", "两万两千"),
                ("123456789", "一亿两千三百四十五万六千七百八十九"),
                ("100000001", "一亿零一"),
            ],
        );
        assert_eq!(cardinal("2", Chinese, Form::Counting), "两");
        assert_eq!(cardinal("12", Chinese, Form::Counting), "十二");
    }

    #[test]
    fn other_numbers() {
        assert_eq!(ordinal("21", English, Form::Alone), "twenty-first");
        assert_eq!(ordinal("12", English, Form::Alone), "twelfth");
        assert_eq!(ordinal("40", English, Form::Alone), "fortieth");
        assert_eq!(ordinal("3", Spanish, Form::CountingFeminine), "tercera");
        assert_eq!(ordinal("3", Chinese, Form::Alone), "第三");
        assert_eq!(year("1984", English), "nineteen eighty-four");
        assert_eq!(year("1905", English), "nineteen oh five");
        assert_eq!(year("2000", English), "two thousand");
        assert_eq!(year("2007", English), "two thousand seven");
        assert_eq!(year("2026", English), "twenty twenty-six");
        assert_eq!(year("1900", English), "nineteen hundred");
        assert_eq!(year("2026", Chinese), "二零二六");
        assert_eq!(decimal("3", "14", English, false), "three point one four");
        assert_eq!(decimal("3", "14", Spanish, true), "tres coma catorce");
        assert_eq!(decimal("0", "05", Spanish, true), "cero coma cero cinco");
        assert_eq!(decimal("3", "14", Chinese, false), "三点一四");
        assert_eq!(fraction(1, 2, English), "one half");
        assert_eq!(fraction(3, 4, English), "three quarters");
        assert_eq!(fraction(2, 3, English), "two thirds");
        assert_eq!(fraction(5, 24, English), "five over twenty-four");
        assert_eq!(fraction(1, 2, Spanish), "un medio");
        assert_eq!(fraction(3, 4, Spanish), "tres cuartos");
        assert_eq!(fraction(1, 2, Chinese), "二分之一");
    }
}
