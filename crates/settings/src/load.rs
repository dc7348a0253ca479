//! From the text of a file to valid settings and a list of what could not be used.

use serde_json::{Map, Value};
use toml_edit::{Document, Item, TableLike};

use crate::catalog::{self, SERVER, SETTINGS, SettingInfo};
use crate::{Place, Settings, SettingsProblem, migrate, salvage};

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file's settings, defaults where it has none that can be used.
    pub settings: Settings,
    /// What could not be used, in the file's order where it has one.
    pub problems: Vec<SettingsProblem>,
}

/// More is no settings file.
const MAX_BYTES: usize = 1 << 20;

impl Settings {
    /// Reads the text of a settings file. It never fails: what cannot be used is told and has its default.
    pub fn parse(text: &str) -> Loaded {
        parse(text, migrate::STEPS)
    }
}

pub(crate) fn parse(text: &str, steps: &[migrate::Step]) -> Loaded {
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.len() > MAX_BYTES {
        let sentence =
            "The settings file is larger than 1 MiB and was not read; the defaults are used.".to_owned();
        let problems = vec![SettingsProblem { path: String::new(), place: None, sentence }];
        return Loaded { settings: Settings::default(), problems };
    }
    let (mut document, mut problems) = salvage::parse(text);
    let newest = steps.len() as u64 + 1;
    let version = migrate::version(document.as_table());
    if version < newest {
        let mut older = document.clone().into_mut();
        migrate::to_newest(&mut older, steps);
        // What the editor writes can be read again; if not, the older form is read as it is.
        document = Document::parse(older.to_string()).unwrap_or(document);
    }
    let mut reading =
        Reading { text: document.raw(), all: catalog::to_value(&Settings::default()), problems: Vec::new() };
    reading.root(document.as_table(), version <= newest);
    if version > newest {
        let sentence = format!(
            "The settings were written by a newer version of Hark (form {version}). What this version knows of them is \
             used, and nothing is written to the file; update Hark to change them."
        );
        reading.problem("version", document.get("version").and_then(Item::span), sentence);
    }
    problems.append(&mut reading.problems);
    problems.sort_by_key(|problem| problem.place.map_or(0, |place| place.line));
    // Every value in `all` was accepted, so this cannot fail.
    let settings = serde_json::from_value(reading.all).unwrap_or_default();
    Loaded { settings, problems }
}

struct Reading<'a> {
    text: &'a str,
    all: Value,
    problems: Vec<SettingsProblem>,
}

type Span = Option<std::ops::Range<usize>>;

impl Reading<'_> {
    fn problem(&mut self, path: &str, span: Span, sentence: String) {
        let place = span.map(|span| Place::of(self.text, span.start));
        self.problems.push(SettingsProblem { path: path.to_owned(), place, sentence });
    }

    /// `strict`: tell of what is unknown. A newer version may know it.
    fn root(&mut self, root: &toml_edit::Table, strict: bool) {
        for (key, item) in root {
            let span = root.key(key).and_then(toml_edit::Key::span);
            let group = SETTINGS.iter().any(|info| info.path.split('.').next() == Some(key));
            match (key, item.as_table_like()) {
                ("version", _) if item.as_integer().is_some_and(|it| it > 0) => {}
                ("version", _) => {
                    self.problem(key, item.span(), "`version` must be a whole number; 1 is used.".to_owned());
                }
                ("servers", _) => self.servers(item, span, strict),
                (_, Some(table)) if group => self.group(key, table, strict),
                _ if group => {
                    self.problem(
                        key,
                        span,
                        format!("`{key}` must be a group of settings, under [{key}]; it was left out."),
                    );
                }
                _ if strict => self.unknown(key, span),
                _ => {}
            }
        }
    }

    fn group(&mut self, group: &str, table: &dyn TableLike, strict: bool) {
        for (key, item) in table.iter() {
            let path = format!("{group}.{key}");
            match catalog::find(&path) {
                Some(info) => self.setting(info, item),
                None if strict => self.unknown(&path, table.key(key).and_then(toml_edit::Key::span)),
                None => {}
            }
        }
    }

    fn setting(&mut self, info: &SettingInfo, item: &Item) {
        let given = to_json(item);
        if let Some(value) = given.as_ref().and_then(|it| info.accept(it)) {
            *catalog::lookup_mut(&mut self.all, info.path) = value;
            return;
        }
        let default = default_of(info, catalog::lookup(&self.all, info.path));
        let meant =
            given.as_ref().and_then(|it| info.meant(it)).map(|it| format!(" (did you mean \"{it}\"?)"));
        let (path, must) = (info.path, info.requirement());
        let sentence = format!("`{path}` must be {must}{}; {default} is used.", meant.unwrap_or_default());
        self.problem(path, item.span(), sentence);
    }

    fn unknown(&mut self, path: &str, span: Span) {
        let groups = SETTINGS.iter().filter_map(|info| info.path.split('.').next()).chain(["servers"]);
        let sentence = match catalog::nearest(path, groups) {
            Some(group) if !path.contains('.') => {
                format!("There is no group `{path}`; did you mean `{group}`?")
            }
            _ => catalog::unknown(path),
        };
        self.problem(path, span, sentence);
    }

    fn servers(&mut self, item: &Item, span: Span, strict: bool) {
        let inline = item.as_array().filter(|it| it.iter().all(toml_edit::Value::is_inline_table));
        if let Some(servers) = item.as_array_of_tables() {
            for (n, table) in servers.iter().enumerate() {
                self.server(n, table, table.span().or(span.clone()), strict);
            }
        } else if let Some(servers) = inline {
            for (n, table) in servers.iter().filter_map(toml_edit::Value::as_inline_table).enumerate() {
                self.server(n, table, table.span().or(span.clone()), strict);
            }
        } else {
            let sentence = "Each server must be under a heading [[servers]]; they were left out.";
            self.problem("servers", span, sentence.to_owned());
        }
    }

    fn server(&mut self, n: usize, table: &dyn TableLike, heading: Span, strict: bool) {
        let path = |field: &str| format!("servers.{n}.{field}");
        let mut fields = Map::new();
        for (key, item) in table.iter() {
            let known = SERVER.iter().any(|info| info.path == key);
            if known {
                fields.insert(key.to_owned(), to_json(item).unwrap_or(Value::Array(Vec::new())));
            } else if strict {
                let meant = catalog::nearest(key, SERVER.iter().map(|info| info.path));
                let meant = meant.map_or(".".to_owned(), |it| format!("; did you mean `{it}`?"));
                let sentence = format!("A server has no field `{key}`{meant}");
                self.problem(&path(key), table.key(key).and_then(toml_edit::Key::span), sentence);
            }
        }
        let accepted = catalog::accept_server(&fields).and_then(|server| {
            let taken =
                self.all["servers"].as_array().is_some_and(|it| it.iter().any(|it| it["id"] == server["id"]));
            if taken {
                Err(("id".to_owned(), "must be different for each server".to_owned()))
            } else {
                Ok(server)
            }
        });
        match (accepted, &mut self.all["servers"]) {
            (Ok(server), Value::Array(servers)) => servers.push(server),
            (Ok(_), _) => {}
            (Err((field, why)), _) => {
                let span = table.get(&field).and_then(Item::span).or(heading);
                let sentence = format!("`{field}` of server {} {why}; the server was left out.", n + 1);
                self.problem(&path(&field), span, sentence);
            }
        }
    }
}

/// None for what no setting can be: a date, a number that is not finite, a list, a table.
pub(crate) fn to_json(item: &Item) -> Option<Value> {
    Some(match item.as_value()? {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::Number(serde_json::Number::from_f64(*number.value())?),
        toml_edit::Value::Boolean(switch) => Value::from(*switch.value()),
        _ => return None,
    })
}

fn default_of(info: &SettingInfo, value: &Value) -> String {
    match (value, info.none) {
        (Value::Null, Some(none)) => format!("the default, \"{none}\","),
        _ => format!("the default, {value},"),
    }
}
