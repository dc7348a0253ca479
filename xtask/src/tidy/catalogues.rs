//! Every language of the interface has the same messages, with the same places to fill in.

use super::{
    Complaint,
    tree::{SourceFile, Tree},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "ui/src/i18n/";

/// The language the others are held against.
const MODEL: &str = "en";

/// Message keys (`a.b.c`) and the `{places}` in each.
type Messages = BTreeMap<String, BTreeSet<String>>;

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let catalogues: Vec<&SourceFile> = tree.below(FOLDER).filter(|file| language(file).is_some()).collect();
    let Some(model) = catalogues.iter().find(|file| language(file) == Some(MODEL)) else {
        return Vec::new();
    };
    let model = read(model);
    catalogues.iter().flat_map(|file| compare(file, &model, &read(file))).collect()
}

/// `en` of `ui/src/i18n/en.json` or `zh-CN.ts`; other files in that folder are code.
fn language(file: &SourceFile) -> Option<&str> {
    let (name, ending) = file.path.strip_prefix(FOLDER)?.rsplit_once('.')?;
    let letters = name.split('-').next().unwrap_or(name);
    let is_code = letters.len() == 2 && letters.chars().all(|letter| letter.is_ascii_lowercase());
    (is_code && ["json", "ts"].contains(&ending)).then_some(name)
}

fn read(file: &SourceFile) -> Result<Messages, String> {
    if !file.has_ending(&["json"]) {
        return Ok(of_typescript(&file.text));
    }
    let value: Value = serde_json::from_str(&file.text).map_err(|error| error.to_string())?;
    let mut messages = Messages::new();
    of_json("", &value, &mut messages);
    Ok(messages)
}

fn compare(
    file: &SourceFile,
    model: &Result<Messages, String>,
    found: &Result<Messages, String>,
) -> Vec<Complaint> {
    let (model, found) = match (model, found) {
        (Ok(model), Ok(found)) => (model, found),
        (_, Err(error)) => return vec![Complaint::about(&file.path, error.clone())],
        // The model's own error is told when it is compared with itself.
        (Err(_), Ok(_)) => return Vec::new(),
    };
    let missing =
        model.keys().filter(|key| !found.contains_key(*key)).map(|key| format!("has no message {key}"));
    let more = found
        .keys()
        .filter(|key| !model.contains_key(*key))
        .map(|key| format!("has {key}, which {MODEL} has not"));
    let unequal = model
        .iter()
        .filter(|(key, places)| found.get(*key).is_some_and(|found| found != *places))
        .map(|(key, _)| format!("{key} has other {{places}} than in {MODEL}"));
    missing.chain(more).chain(unequal).map(|message| Complaint::about(&file.path, message)).collect()
}

fn of_json(prefix: &str, value: &Value, messages: &mut Messages) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                of_json(&key, inner, messages);
            }
        }
        text => {
            messages.insert(prefix.to_owned(), places(text.as_str().unwrap_or_default()));
        }
    }
}

/// Object literals with one key a line, as prettier leaves them. Values that are functions count by their key alone.
fn of_typescript(text: &str) -> Messages {
    let mut messages = Messages::new();
    let mut path: Vec<String> = Vec::new();
    let mut last: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if let Some((key, value)) = key_and_value(line) {
            if value.ends_with('{') && !value.contains("=>") {
                path.push(key);
                continue;
            }
            let full = path.iter().map(String::as_str).chain([key.as_str()]).collect::<Vec<_>>().join(".");
            messages.insert(full.clone(), places(value));
            last = Some(full);
        } else if line.starts_with('}') {
            path.pop();
        } else if line.starts_with(['\'', '"', '`'])
            && let Some(places_of_last) = last.as_ref().and_then(|key| messages.get_mut(key))
        {
            // A long text that prettier put on the next line.
            places_of_last.extend(places(line));
        }
    }
    messages
}

fn key_and_value(line: &str) -> Option<(String, &str)> {
    let (key, value) = if let Some(quote @ ('\'' | '"')) = line.chars().next() {
        let (key, rest) = line[1..].split_once(quote)?;
        (key, rest.trim_start().strip_prefix(':')?)
    } else {
        line.split_once(':')?
    };
    let is_key =
        !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "_.-$".contains(letter));
    is_key.then(|| (key.to_owned(), value.trim()))
}

/// The names of the places in a message of ICU's form: of `{n, plural, one {# file} other {# files of {whole}}}` they are
/// `n` and `whole`, and the branches are text.
fn places(text: &str) -> BTreeSet<String> {
    #[derive(PartialEq)]
    enum Inside {
        Text,
        Place,
    }
    let mut names = BTreeSet::new();
    let mut stack = vec![Inside::Text];
    for (at, letter) in text.char_indices() {
        match letter {
            '{' if stack.last() == Some(&Inside::Place) => stack.push(Inside::Text),
            '{' => {
                let name = text[at + 1..].split([',', '}']).next().unwrap_or_default().trim();
                names.insert(name.to_owned());
                stack.push(Inside::Place);
            }
            '}' if stack.len() > 1 => {
                stack.pop();
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        find(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn json_catalogues_are_compared() {
        let en = ("ui/src/i18n/en.json", r#"{"chat": {"send": "Send", "left": "{count} left"}}"#);
        assert!(
            check(&[
                en,
                ("ui/src/i18n/es.json", r#"{"chat": {"send": "Enviar", "left": "quedan {count}"}}"#)
            ])
            .is_empty()
        );
        let found = check(&[en, ("ui/src/i18n/zh.json", r#"{"chat": {"left": "{n}", "more": ""}}"#)]);
        assert_eq!(
            found,
            [
                "ui/src/i18n/zh.json: has no message chat.send",
                "ui/src/i18n/zh.json: has chat.more, which en has not",
                "ui/src/i18n/zh.json: chat.left has other {places} than in en",
            ]
        );
        assert_eq!(check(&[en, ("ui/src/i18n/zh.json", "{")]).len(), 1);
    }

    #[test]
    fn typescript_catalogues_are_compared() {
        let en = (
            "ui/src/i18n/en.ts",
            "export const en = {\n  chat: {\n    send: 'Send',\n    'is.long':\n      'at {speed}',\n  },\n  count: (n: number) => `${n}`,\n};\n",
        );
        let es = "export const es: Messages = {\n  chat: {\n    send: 'Enviar',\n    'is.long': 'a {speed}',\n  },\n  count: (n) => `${n}`,\n};\n";
        assert_eq!(check(&[en, ("ui/src/i18n/es.ts", es)]), Vec::<String>::new());
        let short = "export const es = {\n  chat: {\n    send: 'Enviar',\n  },\n};\n";
        assert_eq!(check(&[en, ("ui/src/i18n/es.ts", short)]).len(), 2);
    }

    #[test]
    fn places_are_names_and_not_branches() {
        let found = |text| places(text).into_iter().collect::<Vec<_>>();
        assert_eq!(
            found("{n, plural, =0 {nothing} one {one of {whole}} other {# files}} by {who}"),
            ["n", "who", "whole"]
        );
        assert_eq!(found("no places"), Vec::<String>::new());
    }

    #[test]
    fn other_files_in_the_folder_are_code() {
        assert!(check(&[("ui/src/i18n/index.ts", "a: 'b',"), ("ui/src/i18n/en.json", "{}")]).is_empty());
    }
}
