//! English, as it is said in America: without "and".

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 5] = [
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1000, "thousand"),
];

pub(super) fn cardinal(mut number: u64) -> String {
    if number == 0 {
        return SMALL[0].to_owned();
    }
    let mut words = Vec::new();
    for (scale, name) in SCALES {
        if number >= scale {
            words.push(format!("{} {name}", cardinal(number / scale)));
            number %= scale;
        }
    }
    if number >= 100 {
        words.push(format!("{} hundred", SMALL[index(number / 100)]));
        number %= 100;
    }
    if number > 0 {
        words.push(below_hundred(number));
    }
    words.join(" ")
}

fn below_hundred(number: u64) -> String {
    match (number / 10, number % 10) {
        (0 | 1, _) => SMALL[index(number)].to_owned(),
        (tens, 0) => TENS[index(tens)].to_owned(),
        (tens, ones) => format!("{}-{}", TENS[index(tens)], SMALL[index(ones)]),
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub(super) fn ordinal(number: u64) -> String {
    const ODD: [(&str, &str); 8] = [
        ("one", "first"),
        ("two", "second"),
        ("three", "third"),
        ("five", "fifth"),
        ("eight", "eighth"),
        ("nine", "ninth"),
        ("twelve", "twelfth"),
        ("zero", "zeroth"),
    ];
    let words = cardinal(number);
    if let Some((from, to)) = ODD.iter().find(|(from, _)| words.ends_with(from)) {
        return format!("{}{to}", &words[..words.len() - from.len()]);
    }
    match words.strip_suffix('y') {
        Some(tens) => format!("{tens}ieth"),
        None => format!("{words}th"),
    }
}

pub(super) fn year(number: u64) -> String {
    match (number / 100, number % 100) {
        (..=10 | 100.., _) | (20, 0..=9) => cardinal(number),
        (century, 0) => format!("{} hundred", below_hundred(century)),
        (century, ones @ 1..=9) => format!("{} oh {}", below_hundred(century), SMALL[index(ones)]),
        (century, rest) => format!("{} {}", below_hundred(century), below_hundred(rest)),
    }
}

pub(super) fn fraction(part: u64, whole: u64) -> String {
    let name = match whole {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        3 | 5..=10 | 16 | 32 | 100 => ordinal(whole),
        _ => return format!("{} over {}", cardinal(part), cardinal(whole)),
    };
    match (part, whole) {
        (1, _) => format!("one {name}"),
        (_, 2) => format!("{} halves", cardinal(part)),
        _ => format!("{} {name}s", cardinal(part)),
    }
}
