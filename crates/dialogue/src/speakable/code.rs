//! Inline code, names of files, addresses: read as a person reads them to another.

use super::SpokenLanguage::{self, Chinese, English, Spanish};

/// Ends of addresses and of file names that are known as such.
const DOMAINS: &[&str] = &[
    "com", "org", "net", "io", "dev", "edu", "gov", "ai", "app", "es", "cn", "mx", "uk", "de", "fr", "eu",
    "info",
];
const FILES: &[&str] = &[
    "rs", "py", "js", "ts", "md", "txt", "toml", "json", "yaml", "yml", "html", "css", "c", "h", "cpp",
    "java", "go", "sh", "pdf", "png", "jpg", "jpeg", "svg", "csv", "zip", "exe", "log", "wav", "mp3", "mp4",
    "gguf", "onnx", "xml", "conf",
];

struct Signs {
    dot: &'static str,
    slash: &'static str,
    at: &'static str,
    dash: &'static str,
    underscore: &'static str,
}

fn signs(language: SpokenLanguage) -> Signs {
    match language {
        English => Signs { dot: "dot", slash: "slash", at: "at", dash: "dash", underscore: "underscore" },
        Spanish => {
            Signs { dot: "punto", slash: "barra", at: "arroba", dash: "guion", underscore: "guion bajo" }
        }
        Chinese => Signs { dot: "点", slash: "斜杠", at: "艾特", dash: "杠", underscore: "下划线" },
    }
}

/// Inline code: names are words ("`snake_case`": "snake case"), calls lose their brackets, operators are said.
pub(super) fn inline(code: &str, language: SpokenLanguage) -> String {
    let code = code.trim();
    if let Some(said) = address(code, language) {
        return said;
    }
    let mut words = Vec::new();
    for token in code.split_whitespace() {
        match operator(token, language) {
            Some(said) => words.push(said.to_owned()),
            None => words.extend(name(token, language)),
        }
    }
    words.join(" ")
}

/// The words of a name in code, and the digits in it as numbers.
fn name(token: &str, language: SpokenLanguage) -> Vec<String> {
    let signs = signs(language);
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let end = |word: &mut String, words: &mut Vec<String>| {
        if word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty() {
            words.push(super::numbers::cardinal(word, language, super::numbers::Form::Alone));
            word.clear();
        } else if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    let mut letters = token.chars().peekable();
    while let Some(c) = letters.next() {
        let camel = c.is_uppercase()
            && (before.is_lowercase()
                || (before.is_uppercase() && letters.peek().is_some_and(|c| c.is_lowercase())));
        if !c.is_alphanumeric()
            || camel
            || (c.is_ascii_digit() != before.is_ascii_digit() && before.is_alphanumeric())
        {
            end(&mut word, &mut words);
        }
        if c.is_alphanumeric() {
            word.push(c);
        } else if c == '.' && letters.peek().is_some_and(|c| c.is_alphanumeric()) {
            words.push(signs.dot.to_owned());
        } else if c == '-' && before == ' ' {
            words.push(signs.dash.to_owned());
            // The second dash of an option is not said.
            letters.next_if_eq(&'-');
        } else if c == '/' {
            words.push(signs.slash.to_owned());
        } else if c == '@' {
            words.push(signs.at.to_owned());
        } else if let Some(said) = operator(c.encode_utf8(&mut [0; 4]), language)
            .filter(|_| !matches!(c, '*' | '&' | '-' | '#' | '|'))
        {
            words.push(said.to_owned());
        }
        before = c;
    }
    end(&mut word, &mut words);
    words
}

/// An operator, as it is said.
pub(super) fn operator(token: &str, language: SpokenLanguage) -> Option<&'static str> {
    const OPERATORS: &[(&str, [&str; 3])] = &[
        ("==", ["equals", "es igual a", "等于"]),
        ("!=", ["is not equal to", "no es igual a", "不等于"]),
        ("=", ["equals", "igual a", "等于"]),
        ("≠", ["is not equal to", "no es igual a", "不等于"]),
        ("<=", ["is at most", "es como mucho", "小于等于"]),
        (">=", ["is at least", "es como mínimo", "大于等于"]),
        ("≤", ["is at most", "es como mucho", "小于等于"]),
        ("≥", ["is at least", "es como mínimo", "大于等于"]),
        ("<", ["is less than", "es menor que", "小于"]),
        (">", ["is greater than", "es mayor que", "大于"]),
        ("+", ["plus", "más", "加"]),
        ("−", ["minus", "menos", "减"]),
        ("-", ["minus", "menos", "减"]),
        ("*", ["times", "por", "乘以"]),
        ("×", ["times", "por", "乘以"]),
        ("·", ["times", "por", "乘以"]),
        ("÷", ["divided by", "entre", "除以"]),
        ("/", ["divided by", "entre", "除以"]),
        ("±", ["plus or minus", "más o menos", "正负"]),
        ("≈", ["is about", "es aproximadamente", "约等于"]),
        ("->", ["to", "a", "到"]),
        ("=>", ["to", "a", "到"]),
        ("→", ["to", "a", "到"]),
        ("&&", ["and", "y", "和"]),
        ("&", ["and", "y", "和"]),
        ("||", ["or", "o", "或"]),
        ("|", ["pipe", "barra vertical", "竖线"]),
        ("%", ["percent", "por ciento", "百分号"]),
        ("#", ["number", "número", "号"]),
        ("√", ["the square root of", "la raíz cuadrada de", "根号"]),
        ("∞", ["infinity", "infinito", "无穷大"]),
        ("π", ["pi", "pi", "派"]),
    ];
    OPERATORS.iter().find(|(sign, _)| *sign == token).map(|(_, said)| said[language as usize])
}

/// A web address, a mail address, a path or a file name, if `token` is one. Of a web address its host and a short path
/// are said, never its scheme or its query.
pub(super) fn address(token: &str, language: SpokenLanguage) -> Option<String> {
    if token.contains(char::is_whitespace) || token.is_empty() {
        return None;
    }
    let signs = signs(language);
    if let Some((user, host)) = token.split_once('@') {
        let (host, user) = (host.trim_start_matches("mailto:"), user.trim_start_matches("mailto:"));
        let mail = !user.is_empty() && host.contains('.') && !host.contains('@') && host.chars().all(is_host);
        return mail.then(|| {
            format!("{} {} {}", spell(user, &signs, language), signs.at, spell(host, &signs, language))
        });
    }
    let scheme = token.find("://").filter(|&at| token[..at].chars().all(|c| c.is_ascii_alphabetic()));
    let bare = scheme.map_or(token, |at| &token[at + 3..]);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let host = bare.split(['/', '?', '#']).next().unwrap_or(bare);
    let end = host.rsplit('.').next().unwrap_or_default();
    let known =
        host.contains('.') && host.chars().all(is_host) && DOMAINS.contains(&end) && !host.starts_with('.');
    if scheme.is_some() || bare.len() < token.len() || known {
        let path = bare[host.len()..].split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let short = parts.len() <= 2 && parts.iter().all(|part| part.len() <= 20 && !part.contains('%'));
        let mut said = spell(host, &signs, language);
        for part in parts.iter().filter(|_| short) {
            said = format!("{said} {} {}", signs.slash, spell(part, &signs, language));
        }
        return Some(said);
    }
    path(token, &signs, language)
}

fn path(token: &str, signs: &Signs, language: SpokenLanguage) -> Option<String> {
    let rooted = ["/", "~/", "./", "../"].iter().any(|root| {
        token
            .strip_prefix(root)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '.'))
    });
    let drive = token.get(1..3) == Some(":\\");
    let (stem, end) = token.rsplit_once('.').unwrap_or((token, ""));
    let file = FILES.contains(&end)
        && !stem.is_empty()
        && stem.chars().all(|c| c.is_alphanumeric() || "-_./\\".contains(c));
    if !(rooted || drive || file) || (rooted && token.len() < 3) {
        return None;
    }
    let parts: Vec<&str> = token
        .split(['/', '\\'])
        .filter(|part| !part.is_empty() && !matches!(*part, "." | "~" | ".."))
        .collect();
    let slash = format!(" {} ", signs.slash);
    let said: Vec<String> =
        parts.iter().map(|part| spell(part.trim_end_matches(':'), signs, language)).collect();
    let first = if token.starts_with('/') { format!("{} ", signs.slash) } else { String::new() };
    Some(format!("{first}{}", said.join(&slash)))
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | ':')
}

/// A part of an address: its words, with the signs between them said.
fn spell(part: &str, signs: &Signs, language: SpokenLanguage) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        let len = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        if len > 0 {
            words.extend(name(&rest[..len], language));
            rest = &rest[len..];
            continue;
        }
        match c {
            '.' => words.push(signs.dot.to_owned()),
            '-' => words.push(signs.dash.to_owned()),
            '_' => words.push(signs.underscore.to_owned()),
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    words.join(" ")
}
