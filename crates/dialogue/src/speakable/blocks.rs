//! What is seen rather than read: code blocks and tables are announced.

use std::ops::Range;

use super::SpokenLanguage::{self, Chinese, English, Spanish};
use super::numbers::{Form, cardinal};
use super::writer::{Pause, Speakable, Writer};

/// The first line of a code block.
pub(crate) fn code_block(line: &str, language: SpokenLanguage) -> Speakable {
    let info = line.trim().trim_start_matches(['`', '~']).trim();
    let tag = info.split([' ', ',', '{', ':']).next().unwrap_or_default().to_lowercase();
    let name = LANGUAGES.iter().find(|(tags, _)| tags.contains(&tag.as_str())).map(|(_, name)| *name);
    let say = match (language, name) {
        (English, Some("")) => "Here is a command; it is on the screen.".to_owned(),
        (English, Some(name)) => format!("Here is some {name} code; it is on the screen."),
        (English, None) => "Here is some code; it is on the screen.".to_owned(),
        (Spanish, Some("")) => "Aquí tienes un comando; está en la pantalla.".to_owned(),
        (Spanish, Some(name)) => format!("Aquí tienes código en {name}; está en la pantalla."),
        (Spanish, None) => "Aquí tienes el código; está en la pantalla.".to_owned(),
        (Chinese, Some("")) => "命令在屏幕上。".to_owned(),
        (Chinese, Some(name)) => format!("{name}代码在屏幕上。"),
        (Chinese, None) => "代码在屏幕上。".to_owned(),
    };
    announce(&say, line, language)
}

/// Lines of a table; lines with bars that are no table are read with short pauses.
pub(crate) fn table(text: &str, language: SpokenLanguage) -> Speakable {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let rule = |line: &str| line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    if lines.len() < 2 || !rule(lines[1]) {
        return super::prose(text, true, language);
    }
    let columns = lines[1].trim_matches('|').split('|').count();
    let rows = lines.len() - 2;
    let count = |number: usize| cardinal(&number.to_string(), language, Form::Counting);
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let feminine = cardinal(&columns.to_string(), language, Form::CountingFeminine);
    let say = match language {
        English => format!(
            "Here is a table with {} row{} and {} column{}; it is on the screen.",
            count(rows),
            plural(rows),
            count(columns),
            plural(columns)
        ),
        Spanish => format!(
            "Aquí tienes una tabla de {} fila{} y {feminine} columna{}; está en la pantalla.",
            cardinal(&rows.to_string(), language, Form::CountingFeminine),
            plural(rows),
            plural(columns)
        ),
        Chinese => format!(
            "这里有一个{}行{}列的表格，在屏幕上。",
            cardinal(&rows.to_string(), language, Form::Alone),
            cardinal(&columns.to_string(), language, Form::Alone)
        ),
    };
    announce(&say, text, language)
}

/// Words that stand for the whole of `source`: one figure, so that it counts as heard as a whole.
fn announce(say: &str, source: &str, language: SpokenLanguage) -> Speakable {
    let mut writer = Writer::new(language);
    let whole: Range<usize> = source.len() - source.trim_start().len()..source.trim_end().len();
    writer.word(say.trim_end_matches(['.', '。']), whole);
    writer.pause(Pause::Long);
    writer.into_speakable()
}

/// Tags of code blocks and what the language is called; commands have no name.
const LANGUAGES: &[(&[&str], &str)] = &[
    (&["rust", "rs"], "Rust"),
    (&["python", "py", "python3"], "Python"),
    (&["javascript", "js", "jsx", "node"], "JavaScript"),
    (&["typescript", "ts", "tsx"], "TypeScript"),
    (&["c"], "C"),
    (&["cpp", "c++", "cc"], "C plus plus"),
    (&["csharp", "cs", "c#"], "C sharp"),
    (&["java"], "Java"),
    (&["kotlin", "kt"], "Kotlin"),
    (&["swift"], "Swift"),
    (&["go", "golang"], "Go"),
    (&["ruby", "rb"], "Ruby"),
    (&["php"], "PHP"),
    (&["html"], "HTML"),
    (&["css", "scss"], "CSS"),
    (&["sql"], "SQL"),
    (&["json"], "JSON"),
    (&["yaml", "yml"], "YAML"),
    (&["toml"], "TOML"),
    (&["xml"], "XML"),
    (&["latex", "tex"], "LaTeX"),
    (&["haskell", "hs"], "Haskell"),
    (&["lua"], "Lua"),
    (&["r"], "R"),
    (&["bash", "sh", "shell", "console", "zsh", "powershell"], ""),
];
