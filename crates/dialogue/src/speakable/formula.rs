//! Formulas in LaTeX, read simply: "x squared plus two".

use super::SpokenLanguage::{self, Chinese, English, Spanish};
use super::{code, numbers};

/// How a formula is said.
pub(super) fn formula(source: &str, language: SpokenLanguage) -> String {
    let mut reader = Reader { rest: source, language, words: Vec::new() };
    reader.until(None);
    let words: Vec<String> = reader.words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

struct Reader<'a> {
    rest: &'a str,
    language: SpokenLanguage,
    words: Vec<String>,
}

impl Reader<'_> {
    fn until(&mut self, close: Option<char>) {
        while let Some(c) = self.rest.chars().next() {
            if Some(c) == close {
                self.rest = &self.rest[c.len_utf8()..];
                return;
            }
            self.step(c);
        }
    }

    fn pick(&self, of: [&str; 3]) -> String {
        of[self.language as usize].to_owned()
    }

    fn step(&mut self, c: char) {
        if c.is_ascii_digit() {
            let len = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
            let digits = self.rest[..len].trim_end_matches('.');
            self.rest = &self.rest[len.min(digits.len()).max(1)..];
            let said = match digits.split_once('.') {
                Some((whole, fraction)) => numbers::decimal(whole, fraction, self.language, false),
                None => numbers::cardinal(digits, self.language, numbers::Form::Alone),
            };
            self.words.push(said);
            return;
        }
        if c == '\\' {
            return self.command();
        }
        self.rest = &self.rest[c.len_utf8()..];
        match c {
            '^' => self.power(),
            '_' => {
                let below = self.argument();
                let said = self.pick(["sub", "sub", "下标"]);
                self.words.push(format!("{said} {below}"));
            }
            '{' => self.until(Some('}')),
            '!' => self.words.push(self.pick(["factorial", "factorial", "的阶乘"])),
            '²' => self.words.push(self.pick(["squared", "al cuadrado", "的平方"])),
            '³' => self.words.push(self.pick(["cubed", "al cubo", "的立方"])),
            '(' | '[' => {
                // A function's bracket: "f of x".
                if self.words.last().is_some_and(|word| matches!(word.as_str(), "f" | "g" | "h" | "P")) {
                    self.words.push(self.pick(["of", "de", ""]));
                }
            }
            _ if c.is_alphabetic() => self.words.push(c.to_string()),
            _ => {
                if let Some(said) = code::operator(c.encode_utf8(&mut [0; 4]), self.language) {
                    self.words.push(said.to_owned());
                }
            }
        }
    }

    /// What a command or a sign is applied to, as words.
    fn argument(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let outer = std::mem::take(&mut self.words);
        match self.rest.chars().next() {
            Some('{') => {
                self.rest = &self.rest[1..];
                self.until(Some('}'));
            }
            // One digit only: x^23 is x squared, then three.
            Some(c) if c.is_ascii_digit() => {
                self.rest = &self.rest[1..];
                self.words.push(numbers::cardinal(
                    c.encode_utf8(&mut [0; 4]),
                    self.language,
                    numbers::Form::Alone,
                ));
            }
            Some(c) => self.step(c),
            None => {}
        }
        std::mem::replace(&mut self.words, outer).join(" ")
    }

    fn power(&mut self) {
        let two = numbers::cardinal("2", self.language, numbers::Form::Alone);
        let three = numbers::cardinal("3", self.language, numbers::Form::Alone);
        let power = self.argument();
        let said = match self.language {
            English if power == two => "squared".to_owned(),
            English if power == three => "cubed".to_owned(),
            English => format!("to the power of {power}"),
            Spanish if power == two => "al cuadrado".to_owned(),
            Spanish if power == three => "al cubo".to_owned(),
            Spanish => format!("elevado a {power}"),
            Chinese if power == two => "的平方".to_owned(),
            Chinese if power == three => "的立方".to_owned(),
            Chinese => format!("的{power}次方"),
        };
        self.words.push(said);
    }

    fn command(&mut self) {
        let letters = self.rest[1..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len() - 1);
        let name = &self.rest[1..=letters];
        if letters == 0 {
            // Spaces and escaped signs.
            let sign = self.rest[1..].chars().next();
            self.rest = &self.rest[1 + sign.map_or(0, char::len_utf8)..];
            if sign == Some('%') {
                self.words.push(self.pick(["percent", "por ciento", "百分号"]));
            }
            return;
        }
        self.rest = &self.rest[1 + letters..];
        match name {
            "frac" | "dfrac" | "tfrac" => {
                let (over, under) = (self.argument(), self.argument());
                self.words.push(match self.language {
                    English => format!("{over} over {under}"),
                    Spanish => format!("{over} sobre {under}"),
                    Chinese => format!("{under} 分之 {over}"),
                });
            }
            "sqrt" => {
                let root = code::operator("√", self.language).unwrap_or_default();
                let of = self.argument();
                self.words.push(format!("{root} {of}"));
            }
            "text" | "mathrm" | "mathbf" | "operatorname" => {
                let text = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                if let Some((text, rest)) = text {
                    self.words.push(text.to_owned());
                    self.rest = rest;
                }
            }
            _ => {
                if let Some((_, said)) = COMMANDS.iter().find(|(command, _)| *command == name) {
                    self.words.push(self.pick(*said));
                } else if GREEK.contains(&name.to_lowercase().as_str()) {
                    self.words.push(name.to_lowercase());
                }
            }
        }
    }
}

const GREEK: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
];

#[rustfmt::skip]
const COMMANDS: &[(&str, [&str; 3])] = &[
    ("cdot", ["times", "por", "乘以"]), ("times", ["times", "por", "乘以"]), ("div", ["divided by", "entre", "除以"]),
    ("pm", ["plus or minus", "más o menos", "正负"]), ("leq", ["is at most", "es como mucho", "小于等于"]), ("le", ["is at most", "es como mucho", "小于等于"]),
    ("geq", ["is at least", "es como mínimo", "大于等于"]), ("ge", ["is at least", "es como mínimo", "大于等于"]),
    ("neq", ["is not equal to", "no es igual a", "不等于"]), ("ne", ["is not equal to", "no es igual a", "不等于"]),
    ("approx", ["is about", "es aproximadamente", "约等于"]), ("infty", ["infinity", "infinito", "无穷大"]),
    ("sum", ["the sum", "la suma", "求和"]), ("int", ["the integral", "la integral", "积分"]), ("prod", ["the product", "el producto", "连乘"]),
    ("to", ["to", "a", "趋于"]), ("rightarrow", ["to", "a", "趋于"]), ("in", ["in", "en", "属于"]), ("partial", ["partial", "parcial", "偏"]),
    ("sin", ["sine", "seno", "正弦"]), ("cos", ["cosine", "coseno", "余弦"]), ("tan", ["tangent", "tangente", "正切"]),
    ("log", ["log", "logaritmo", "对数"]), ("ln", ["natural log", "logaritmo natural", "自然对数"]), ("lim", ["the limit", "el límite", "极限"]),
    ("ldots", ["and so on", "y así sucesivamente", "等等"]), ("dots", ["and so on", "y así sucesivamente", "等等"]),
];
