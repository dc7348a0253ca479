//! Spanish; a billón is a million millions.

use super::Form;

const SMALL: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const TENS: [&str; 10] =
    ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const HUNDREDS: [&str; 10] = [
    "",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

pub(super) fn cardinal(number: u64, form: Form) -> String {
    if number == 0 {
        return SMALL[0].to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = number;
    for (scale, one, many) in [(1_000_000_000_000, "billón", "billones"), (1_000_000, "millón", "millones")]
    {
        match rest / scale {
            0 => {}
            1 => words.push(format!("un {one}")),
            count => words.push(format!("{} {many}", cardinal(count, Form::Counting))),
        }
        rest %= scale;
    }
    match rest / 1000 {
        0 => {}
        1 => words.push("mil".to_owned()),
        count => {
            let before = if form == Form::Alone { Form::Counting } else { form };
            words.push(format!("{} mil", below_thousand(count, before)));
        }
    }
    if !rest.is_multiple_of(1000) {
        words.push(below_thousand(rest % 1000, form));
    }
    words.join(" ")
}

fn below_thousand(number: u64, form: Form) -> String {
    let index = |number: u64| usize::try_from(number).unwrap_or(0);
    if number == 100 {
        return "cien".to_owned();
    }
    let hundreds = HUNDREDS[index(number / 100)];
    let hundreds = match form {
        Form::CountingFeminine if number >= 200 => format!("{}as", hundreds.trim_end_matches("os")),
        _ => hundreds.to_owned(),
    };
    let rest = number % 100;
    let tail = match (rest, form) {
        (0, _) => String::new(),
        (1, form) => one(form).to_owned(),
        (21, Form::Counting) => "veintiún".to_owned(),
        (21, Form::CountingFeminine) => "veintiuna".to_owned(),
        (..=29, _) => SMALL[index(rest)].to_owned(),
        (_, form) => match rest % 10 {
            0 => TENS[index(rest / 10)].to_owned(),
            1 => format!("{} y {}", TENS[index(rest / 10)], one(form)),
            ones => format!("{} y {}", TENS[index(rest / 10)], SMALL[index(ones)]),
        },
    };
    [hundreds, tail].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn one(form: Form) -> &'static str {
    match form {
        Form::Alone => "uno",
        Form::Counting => "un",
        Form::CountingFeminine => "una",
    }
}

pub(super) fn ordinal(number: u64, form: Form) -> String {
    const ORDINALS: [&str; 11] = [
        "", "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno",
        "décimo",
    ];
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    let Some(word) = ORDINALS.get(index).filter(|word| !word.is_empty()) else {
        return cardinal(number, form);
    };
    let stem = word.trim_end_matches('o');
    match (form, number) {
        (Form::CountingFeminine, _) => format!("{stem}a"),
        (Form::Counting, 1 | 3) => stem.to_owned(),
        _ => (*word).to_owned(),
    }
}

pub(super) fn fraction(part: u64, whole: u64) -> String {
    let name = match whole {
        2 => "medio".to_owned(),
        3 => "tercio".to_owned(),
        4..=10 => ordinal(whole, Form::Alone),
        _ => return format!("{} sobre {}", cardinal(part, Form::Alone), cardinal(whole, Form::Alone)),
    };
    let plural = if part == 1 { "" } else { "s" };
    format!("{} {name}{plural}", cardinal(part, Form::Counting))
}
