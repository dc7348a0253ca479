//! Mandarin, in groups of four digits.

use super::Form;

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

pub(super) fn cardinal(number: u64, form: Form) -> String {
    match number {
        0 => return DIGITS[0].to_owned(),
        2 if form != Form::Alone => return "两".to_owned(),
        _ => {}
    }
    let mut said = String::new();
    let mut zero = false;
    for (scale, name) in [(1_000_000_000_000, "兆"), (100_000_000, "亿"), (10_000, "万"), (1, "")] {
        let group = number / scale % 10_000;
        if group == 0 {
            zero = !said.is_empty();
            continue;
        }
        if !said.is_empty() && (zero || group < 1000) {
            said.push_str(DIGITS[0]);
        }
        zero = false;
        if group == 2 && !name.is_empty() {
            said.push('两');
        } else {
            said.push_str(&below_ten_thousand(group));
        }
        said.push_str(name);
    }
    // Ten to nineteen begin with the ten.
    match said.strip_prefix("一十") {
        Some(rest) => format!("十{rest}"),
        None => said,
    }
}

fn below_ten_thousand(number: u64) -> String {
    let mut said = String::new();
    let mut zero = false;
    for (scale, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = usize::try_from(number / scale % 10).unwrap_or(0);
        if digit == 0 {
            zero = !said.is_empty();
            continue;
        }
        if zero {
            said.push_str(DIGITS[0]);
            zero = false;
        }
        said.push_str(if digit == 2 && scale >= 100 { "两" } else { DIGITS[digit] });
        said.push_str(name);
    }
    said
}
