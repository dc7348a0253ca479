//! Units of measure and money.

use super::SpokenLanguage::{self, Chinese, English, Spanish};

/// A unit: its sign, its names in English and Spanish for one and for many, and in Chinese. Spanish names in -a are
/// feminine.
pub(super) struct Unit {
    signs: &'static [&'static str],
    english: [&'static str; 2],
    spanish: [&'static str; 2],
    chinese: &'static str,
}

impl Unit {
    pub(super) fn name(&self, language: SpokenLanguage, one: bool) -> &'static str {
        let number = usize::from(!one);
        match language {
            English => self.english[number],
            Spanish => self.spanish[number],
            Chinese => self.chinese,
        }
    }
}

macro_rules! units {
    ($($signs:expr => $e1:literal $e2:literal, $s1:literal $s2:literal, $zh:literal;)*) => {
        &[$(Unit { signs: &$signs, english: [$e1, $e2], spanish: [$s1, $s2], chinese: $zh }),*]
    };
}

#[rustfmt::skip]
const UNITS: &[Unit] = units! {
    ["km/h", "kph"] => "kilometer per hour" "kilometers per hour", "kilómetro por hora" "kilómetros por hora", "公里每小时";
    ["m/s"] => "meter per second" "meters per second", "metro por segundo" "metros por segundo", "米每秒";
    ["mph"] => "mile per hour" "miles per hour", "milla por hora" "millas por hora", "英里每小时";
    ["km²", "km2"] => "square kilometer" "square kilometers", "kilómetro cuadrado" "kilómetros cuadrados", "平方公里";
    ["m²", "m2"] => "square meter" "square meters", "metro cuadrado" "metros cuadrados", "平方米";
    ["m³", "m3"] => "cubic meter" "cubic meters", "metro cúbico" "metros cúbicos", "立方米";
    ["km"] => "kilometer" "kilometers", "kilómetro" "kilómetros", "公里";
    ["cm"] => "centimeter" "centimeters", "centímetro" "centímetros", "厘米";
    ["mm"] => "millimeter" "millimeters", "milímetro" "milímetros", "毫米";
    ["µm", "μm"] => "micrometer" "micrometers", "micrómetro" "micrómetros", "微米";
    ["nm"] => "nanometer" "nanometers", "nanómetro" "nanómetros", "纳米";
    ["m"] => "meter" "meters", "metro" "metros", "米";
    ["mi"] => "mile" "miles", "milla" "millas", "英里";
    ["ft"] => "foot" "feet", "pie" "pies", "英尺";
    ["in"] => "inch" "inches", "pulgada" "pulgadas", "英寸";
    ["yd"] => "yard" "yards", "yarda" "yardas", "码";
    ["kg"] => "kilogram" "kilograms", "kilogramo" "kilogramos", "公斤";
    ["mg"] => "milligram" "milligrams", "miligramo" "miligramos", "毫克";
    ["g"] => "gram" "grams", "gramo" "gramos", "克";
    ["lb", "lbs"] => "pound" "pounds", "libra" "libras", "磅";
    ["oz"] => "ounce" "ounces", "onza" "onzas", "盎司";
    ["ml", "mL"] => "milliliter" "milliliters", "mililitro" "mililitros", "毫升";
    ["L", "l"] => "liter" "liters", "litro" "litros", "升";
    ["tbsp"] => "tablespoon" "tablespoons", "cucharada" "cucharadas", "汤匙";
    ["tsp"] => "teaspoon" "teaspoons", "cucharadita" "cucharaditas", "茶匙";
    ["°C", "ºC", "℃"] => "degree Celsius" "degrees Celsius", "grado Celsius" "grados Celsius", "摄氏度";
    ["°F", "ºF", "℉"] => "degree Fahrenheit" "degrees Fahrenheit", "grado Fahrenheit" "grados Fahrenheit", "华氏度";
    ["°"] => "degree" "degrees", "grado" "grados", "度";
    ["ms"] => "millisecond" "milliseconds", "milisegundo" "milisegundos", "毫秒";
    ["µs", "μs"] => "microsecond" "microseconds", "microsegundo" "microsegundos", "微秒";
    ["ns"] => "nanosecond" "nanoseconds", "nanosegundo" "nanosegundos", "纳秒";
    ["s", "sec"] => "second" "seconds", "segundo" "segundos", "秒";
    ["min"] => "minute" "minutes", "minuto" "minutos", "分钟";
    ["h", "hr", "hrs"] => "hour" "hours", "hora" "horas", "小时";
    ["GHz"] => "gigahertz" "gigahertz", "gigahercio" "gigahercios", "吉赫";
    ["MHz"] => "megahertz" "megahertz", "megahercio" "megahercios", "兆赫";
    ["kHz"] => "kilohertz" "kilohertz", "kilohercio" "kilohercios", "千赫";
    ["Hz"] => "hertz" "hertz", "hercio" "hercios", "赫兹";
    ["TB", "TiB"] => "terabyte" "terabytes", "terabyte" "terabytes", "太字节";
    ["GB", "GiB"] => "gigabyte" "gigabytes", "gigabyte" "gigabytes", "吉字节";
    ["MB", "MiB"] => "megabyte" "megabytes", "megabyte" "megabytes", "兆字节";
    ["kB", "KB", "KiB"] => "kilobyte" "kilobytes", "kilobyte" "kilobytes", "千字节";
    ["Mbps", "Mbit/s"] => "megabit per second" "megabits per second", "megabit por segundo" "megabits por segundo", "兆比特每秒";
    ["kWh"] => "kilowatt hour" "kilowatt hours", "kilovatio hora" "kilovatios hora", "千瓦时";
    ["kW"] => "kilowatt" "kilowatts", "kilovatio" "kilovatios", "千瓦";
    ["W"] => "watt" "watts", "vatio" "vatios", "瓦";
    ["V"] => "volt" "volts", "voltio" "voltios", "伏";
    ["dB"] => "decibel" "decibels", "decibelio" "decibelios", "分贝";
    ["kcal"] => "kilocalorie" "kilocalories", "kilocaloría" "kilocalorías", "千卡";
    ["px"] => "pixel" "pixels", "píxel" "píxeles", "像素";
    ["fps"] => "frame per second" "frames per second", "fotograma por segundo" "fotogramas por segundo", "帧每秒";
};

#[rustfmt::skip]
const MONEY: &[Unit] = units! {
    ["US$", "$", "USD"] => "dollar" "dollars", "dólar" "dólares", "美元";
    ["€", "EUR"] => "euro" "euros", "euro" "euros", "欧元";
    ["£", "GBP"] => "pound" "pounds", "libra" "libras", "英镑";
    ["¥", "￥", "CNY", "RMB"] => "yuan" "yuan", "yuan" "yuanes", "元";
    ["JPY"] => "yen" "yen", "yen" "yenes", "日元";
    ["₹", "INR"] => "rupee" "rupees", "rupia" "rupias", "卢比";
    ["MXN"] => "Mexican peso" "Mexican pesos", "peso mexicano" "pesos mexicanos", "墨西哥比索";
};

/// The unit whose sign `text` begins with, and the sign's bytes; a blank may stand before it.
pub(super) fn unit(text: &str) -> Option<(&'static Unit, usize)> {
    let blank =
        text.chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}')).map_or(0, char::len_utf8);
    let found = longest(UNITS.iter().chain(MONEY), &text[blank..])?;
    // "5 in the morning", "3 s" of a word: what may be a word stands right after its number.
    let wordlike =
        blank > 0 && matches!(&text[blank..blank + found.1], "in" | "a" | "m" | "V" | "W" | "h" | "l" | "s");
    let in_words = wordlike && text[blank + found.1..].starts_with(' ');
    (!(in_words && text[blank..].starts_with("in"))).then_some((found.0, blank + found.1))
}

/// The money whose sign `text` begins with, and the sign's bytes.
pub(super) fn money(text: &str) -> Option<(&'static Unit, usize)> {
    let found = longest(MONEY.iter(), text)?;
    text[found.1..].starts_with(|c: char| c.is_ascii_digit()).then_some(found)
}

/// Whether a unit is money.
pub(super) fn is_money(unit: &Unit) -> bool {
    MONEY.iter().any(|money| std::ptr::eq(money, unit))
}

fn longest(units: impl Iterator<Item = &'static Unit>, text: &str) -> Option<(&'static Unit, usize)> {
    let ends = |sign: &str| {
        let letters = sign.ends_with(|c: char| c.is_alphanumeric());
        let next = text[sign.len()..].chars().next();
        !(letters
            && next.is_some_and(|c| {
                c.is_alphanumeric() && (c.is_ascii() || !super::is_han(c)) && !c.is_ascii_digit()
            }))
    };
    units
        .flat_map(|unit| unit.signs.iter().map(move |sign| (unit, *sign)))
        .filter(|(_, sign)| text.starts_with(sign) && ends(sign))
        .max_by_key(|(_, sign)| sign.len())
        .map(|(unit, sign)| (unit, sign.len()))
}

/// The names of a hundredth of this money, for one and for many, in a language that says them.
pub(super) fn cents(sign: &str, language: SpokenLanguage) -> Option<[&'static str; 2]> {
    match (sign, language) {
        ("$" | "US$" | "USD" | "€" | "EUR", English) => Some(["cent", "cents"]),
        ("£" | "GBP", English) => Some(["penny", "pence"]),
        _ => None,
    }
}
