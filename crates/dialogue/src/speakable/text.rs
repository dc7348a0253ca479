//! Text without Markdown: its words, figures, addresses, signs and marks.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::SpokenLanguage::{Chinese, English, Spanish};
use super::figures::{Context, Found, figure, to};
use super::markup::Run;
use super::writer::{Pause, Writer};
use super::{code, is_han};

/// Reads a run aloud.
pub(super) fn read(run: &Run, writer: &mut Writer) {
    let mut reader = Reader { run, writer, before: String::new(), figure: None };
    let mut at = 0;
    while at < run.text.len() {
        at = reader.step(at);
    }
}

struct Reader<'a> {
    run: &'a Run,
    writer: &'a mut Writer,
    /// The last word, in small letters.
    before: String,
    /// Where the last figure ended, if it was the last that was said.
    figure: Option<usize>,
}

impl Reader<'_> {
    /// Reads what stands at `at`, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        let text = self.run.text.as_str();
        let rest = &text[at..];
        let Some(c) = rest.chars().next() else { return text.len() };
        let before = text[..at].chars().next_back();
        let fresh = before.is_none_or(|c| !c.is_alphanumeric() || is_han(c));
        if c.is_whitespace() {
            return at + c.len_utf8();
        }
        if fresh
            && let Some(found) = self
                .address(rest, before)
                .or_else(|| self.figure(rest, before))
                .or_else(|| self.abbreviation(rest))
        {
            let end = self.say(at..at + found.len, &found.say);
            self.figure = text[..end].ends_with(|c: char| !c.is_alphabetic()).then_some(end);
            return end;
        }
        if is_letter(c) {
            return self.word(at);
        }
        self.sign(at, c, before)
    }

    fn say(&mut self, at: Range<usize>, words: &str) -> usize {
        self.writer.word(words, self.run.source(at.clone()));
        self.figure = None;
        self.before = self.run.text[at.clone()].trim_end_matches('.').to_lowercase();
        at.end
    }

    fn address(&self, rest: &str, before: Option<char>) -> Option<Found> {
        if before.is_some_and(|c| !(c.is_whitespace() || is_han(c) || "([{<\"'“‘«（：，。、".contains(c)))
        {
            return None;
        }
        let len = rest
            .find(|c: char| c.is_whitespace() || is_han(c) || "，。；：！？、()<>\"“”«»（）".contains(c))
            .unwrap_or(rest.len());
        let token = rest[..len].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’', ']', '*']);
        let say = code::address(token, self.writer.language)?;
        Some(Found { len: token.len(), say })
    }

    fn figure(&self, rest: &str, before: Option<char>) -> Option<Found> {
        // A sign belongs to its number when nothing but blank space stands before it; else it is an operation or a dash.
        let signed = rest.starts_with(['+', '-', '−']);
        let after_figure = self.before.ends_with(|c: char| c.is_ascii_digit());
        if signed
            && (before.is_some_and(|c| !(c.is_whitespace() || c == '(' || is_han(c)))
                || after_figure && !rest.starts_with('+'))
        {
            return None;
        }
        figure(rest, Context { language: self.writer.language, before: &self.before })
    }

    fn abbreviation(&self, rest: &str) -> Option<Found> {
        let table: &[(&str, &str)] = match self.writer.language {
            English => ENGLISH,
            Spanish => SPANISH,
            Chinese => CHINESE,
        };
        let (sign, say) = table.iter().find(|(sign, _)| {
            rest.get(..sign.len()).is_some_and(|start| start == *sign || start.to_lowercase() == *sign)
                && !rest[sign.len()..].starts_with(char::is_alphanumeric)
        })?;
        let number = rest[sign.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit());
        let counts = matches!(*sign, "no." | "fig." | "p." | "pp." | "vol." | "núm." | "pág.");
        // The dot of an abbreviation that ends the text ends the sentence too.
        let last = rest[sign.len()..].trim().is_empty() && sign.ends_with('.');
        (number || !counts).then(|| Found { len: sign.len() - usize::from(last), say: (*say).to_owned() })
    }

    fn word(&mut self, at: usize) -> usize {
        let rest = &self.run.text[at..];
        if rest.starts_with(is_han) {
            let len = rest.chars().next().map_or(0, char::len_utf8);
            return self.say(at..at + len, &rest[..len]);
        }
        let joins = |c: char| matches!(c, '\'' | '’' | '-' | '_' | '\u{301}' | '\u{303}' | '\u{308}');
        let len = rest
            .char_indices()
            .find(|&(at, c)| {
                let next = rest[at + c.len_utf8()..].chars().next();
                is_han(c)
                    || !(is_letter(c) || joins(c) && next.is_some_and(|c| c.is_alphanumeric() && !is_han(c)))
            })
            .map_or(rest.len(), |(at, _)| at);
        let dotted = dotted(rest);
        let len = len.max(dotted);
        let token = &rest[..len];
        let plain = lowered(token);
        let token = plain.as_str();
        let said = if dotted > 0 {
            token.replace('.', "")
        } else if token.contains('_') || token.contains(|c: char| c.is_ascii_digit()) {
            code::inline(token, self.writer.language)
        } else {
            token.replace('’', "'")
        };
        self.say(at..at + len, &said)
    }

    /// Signs that are said, marks that make a pause, and what is silent.
    fn sign(&mut self, at: usize, c: char, before: Option<char>) -> usize {
        let rest = &self.run.text[at..];
        let next = at + c.len_utf8();
        let after = rest[c.len_utf8()..].chars().next();
        if rest.starts_with("...") {
            self.writer.pause(Pause::Short);
            return at + 3;
        }
        if let Some(found) = self.operator(rest) {
            return self.say(at..at + found.0, found.1);
        }
        if let Some(pause) = Pause::of(c) {
            self.writer.pause(if c == '…' { Pause::Short } else { pause });
            return next;
        }
        if let Some(said) = self.range(at, rest).or_else(|| self.spoken_sign(rest, c, before, after)) {
            return self.say(at..at + said.0, said.1);
        }
        match c {
            '-' if rest.starts_with("--") => self.writer.pause_between(),
            '—' | '–' | '(' | ')' | '（' | '）' => self.writer.pause_between(),
            '-' if loose(before) && loose(after) => self.writer.pause_between(),
            _ if is_pictograph(c) => {
                let grapheme = rest.graphemes(true).next().map_or(c.len_utf8(), str::len);
                return at + grapheme;
            }
            _ => {}
        }
        next
    }

    /// What stands between two figures: `50%-60%`, `10:30 – 11:30`.
    fn range(&self, at: usize, rest: &str) -> Option<(usize, &'static str)> {
        let end = self.figure?;
        let sign = rest.chars().next().filter(|c| matches!(c, '-' | '–' | '~' | '～'))?;
        let after = &rest[sign.len_utf8()..];
        let close = end == at || (sign == '–' && self.run.text[end..at].trim().is_empty());
        let next = if close && sign == '–' { after.trim_start() } else { after };
        (close && next.starts_with(|c: char| c.is_ascii_digit() || "$€£¥".contains(c)))
            .then(|| (sign.len_utf8(), to(self.writer.language)))
    }

    /// An operator of more than one character, or a name that ends in signs.
    fn operator(&self, rest: &str) -> Option<(usize, &'static str)> {
        let sign = ["->", "=>", "==", "!=", "<=", ">="].into_iter().find(|sign| rest.starts_with(sign))?;
        code::operator(sign, self.writer.language).map(|said| (sign.len(), said))
    }

    /// A sign that is a word, and its bytes.
    fn spoken_sign(
        &self,
        rest: &str,
        c: char,
        before: Option<char>,
        after: Option<char>,
    ) -> Option<(usize, &'static str)> {
        let language = self.writer.language;
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let operation = loose(before) && loose(after) || digit(before) && digit(after);
        match c {
            '~' | '≈' if digit(after) => Some((c.len_utf8(), ["about", "unos", "约"][language as usize])),
            '@' if after.is_some_and(char::is_alphabetic) => {
                Some((1, ["at", "arroba", "艾特"][language as usize]))
            }
            '²' => Some((2, ["squared", "al cuadrado", "的平方"][language as usize])),
            '³' => Some((2, ["cubed", "al cubo", "的立方"][language as usize])),
            '+' if digit(before) && loose(after) => code::operator("+", language).map(|said| (1, said)),
            '/' if (digit(before) || before == Some('%')) && after.is_some_and(char::is_alphabetic) => {
                Some((1, ["per", "por", "每"][language as usize]))
            }
            '#' if digit(after) => code::operator("#", language).map(|said| (1, said)),
            '<' | '>' | '≤' | '≥' | '=' | '+' | '*' | '/' | '−' | '|' if !operation && !digit(after) => {
                None
            }
            '-' if !(operation
                && digit(self.run.text.trim_end().chars().next_back())
                && digit(self.before.chars().next_back())) =>
            {
                None
            }
            '/' if !operation => None,
            '|' | '%' => None,
            _ => code::operator(&rest[..c.len_utf8()], language).map(|said| (c.len_utf8(), said)),
        }
    }
}

/// Part of a word or number; raised figures are signs.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '²' | '³')
}

fn loose(c: Option<char>) -> bool {
    c.is_none_or(char::is_whitespace)
}

/// Figures that stand low, as plain ones: `CO₂`.
fn lowered(token: &str) -> String {
    let figure = |c: char| match c {
        '₀'..='₉' => char::from_digit(u32::from(c) - u32::from('₀'), 10).unwrap_or(c),
        _ => c,
    };
    token.chars().map(figure).collect()
}

/// Bytes of letters with a dot after each: `U.S.`, `a.m.`
fn dotted(text: &str) -> usize {
    let mut len = 0;
    loop {
        let mut letters = text[len..].chars();
        match (letters.next(), letters.next()) {
            (Some(letter), Some('.')) if letter.is_alphabetic() => len += letter.len_utf8() + 1,
            _ => break,
        }
    }
    if len > 3 && !text[len..].starts_with(char::is_alphabetic) { len } else { 0 }
}

/// Pictures, faces, flags and what modifies them: all silent, since the words beside them say the same.
pub(super) fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}

#[rustfmt::skip]
const ENGLISH: &[(&str, &str)] = &[
    ("e.g.", "for example"), ("i.e.", "that is"), ("etc.", "et cetera"), ("etc", "et cetera"), ("vs.", "versus"),
    ("vs", "versus"), ("mr.", "Mister"), ("mrs.", "Missus"), ("ms.", "Miz"), ("dr.", "Doctor"), ("prof.", "Professor"),
    ("st.", "Saint"), ("jr.", "Junior"), ("sr.", "Senior"), ("approx.", "approximately"), ("fig.", "figure"), ("no.", "number"),
    ("vol.", "volume"), ("p.", "page"), ("pp.", "pages"), ("dept.", "department"), ("inc.", "Incorporated"),
    ("ltd.", "Limited"), ("jan.", "January"), ("feb.", "February"), ("apr.", "April"), ("aug.", "August"),
    ("sept.", "September"), ("sep.", "September"), ("oct.", "October"), ("nov.", "November"), ("dec.", "December"),
    ("c++", "C plus plus"), ("c#", "C sharp"), ("f#", "F sharp"), ("ph.d.", "PhD"), ("mon.", "Monday"), ("tue.", "Tuesday"), ("wed.", "Wednesday"), ("thu.", "Thursday"), ("fri.", "Friday"),
    ("sat.", "Saturday"), ("sun.", "Sunday"), ("yr.", "year"), ("yr", "year"), ("w/o", "without"), ("w/", "with"), ("24/7", "twenty-four seven"),
];
#[rustfmt::skip]
const SPANISH: &[(&str, &str)] = &[
    ("p. ej.", "por ejemplo"), ("p.ej.", "por ejemplo"), ("etc.", "etcétera"), ("etc", "etcétera"), ("sr.", "señor"),
    ("sra.", "señora"), ("srta.", "señorita"), ("dr.", "doctor"), ("dra.", "doctora"), ("ud.", "usted"), ("uds.", "ustedes"),
    ("pág.", "página"), ("núm.", "número"), ("n.º", "número"), ("nº", "número"), ("avda.", "avenida"), ("aprox.", "aproximadamente"),
    ("tel.", "teléfono"), ("ee. uu.", "Estados Unidos"), ("ee.uu.", "Estados Unidos"), ("vs.", "contra"), ("prof.", "profesor"),
    ("art.", "artículo"), ("c++", "C más más"), ("c#", "C sharp"), ("máx.", "máximo"), ("mín.", "mínimo"),
];
const CHINESE: &[(&str, &str)] = &[("c++", "C加加"), ("c#", "C sharp")];
