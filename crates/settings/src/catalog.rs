//! Every setting with its kind and range: the one table that loading, patching, saving and the settings page go by.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{KeyCombo, Settings, SettingsProblem};

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// True or false.
    Switch,
    /// One of these words.
    Choice {
        /// The words.
        options: &'static [&'static str],
    },
    /// A whole number, both ends included.
    Whole {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A number, both ends included.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A text.
    Text {
        /// The most characters.
        max_chars: usize,
    },
    /// The path of a folder.
    Folder,
    /// An `http://` or `https://` address.
    WebAddress,
    /// A key combination, in its one spelling.
    Keys,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SettingInfo {
    /// As in `model.temperature`.
    pub path: &'static str,
    /// What it may be.
    #[serde(flatten)]
    pub kind: Kind,
    /// The word that stands for "none" in the file, for a setting that may be none (`null` in a patch).
    pub none: Option<&'static str>,
}

const fn must(path: &'static str, kind: Kind) -> SettingInfo {
    SettingInfo { path, kind, none: None }
}

const fn may(path: &'static str, kind: Kind, none: &'static str) -> SettingInfo {
    SettingInfo { path, kind, none: Some(none) }
}

const fn choice(options: &'static [&'static str]) -> Kind {
    Kind::Choice { options }
}

const TOKENS: Kind = Kind::Whole { min: 512, max: 1_048_576 };
const NAME: Kind = Kind::Text { max_chars: 500 };
/// Whole numbers up to here survive a journey through JavaScript.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// Every setting but the servers, in the file's order.
pub(crate) const SETTINGS: &[SettingInfo] = &[
    must("general.language", choice(&["system", "en", "zh", "es"])),
    must("general.theme", choice(&["system", "light", "dark"])),
    must("general.send_with", choice(&["enter", "ctrl_enter"])),
    must("general.text_size", Kind::Whole { min: 50, max: 300 }),
    must("general.reduced_motion", choice(&["system", "on", "off"])),
    must("general.on_close", choice(&["ask", "keep", "quit"])),
    must("general.notify", choice(&["plain", "text", "off"])),
    may("shortcuts.summon", Kind::Keys, "off"),
    may("shortcuts.talk", Kind::Keys, "off"),
    may("shortcuts.look", Kind::Keys, "off"),
    may("model.active", NAME, ""),
    must("model.context_tokens", TOKENS),
    may("model.threads", Kind::Whole { min: 1, max: 512 }, "auto"),
    must("model.gpu", choice(&["auto", "off"])),
    must("model.temperature", Kind::Number { min: 0.0, max: 2.0 }),
    must("model.top_p", Kind::Number { min: 0.0, max: 1.0 }),
    must("model.top_k", Kind::Whole { min: 0, max: 10_000 }),
    must("model.min_p", Kind::Number { min: 0.0, max: 1.0 }),
    must("model.repeat_penalty", Kind::Number { min: 0.5, max: 2.0 }),
    may("model.seed", Kind::Whole { min: 0, max: MAX_SAFE }, "random"),
    may("model.max_tokens", Kind::Whole { min: 1, max: 1_048_576 }, "unlimited"),
    must("model.thinking", choice(&["auto", "off"])),
    must("model.system_prompt", Kind::Text { max_chars: 100_000 }),
    may("models.folder", Kind::Folder, ""),
    may("models.hub_endpoint", Kind::WebAddress, ""),
    must("models.offline", Kind::Switch),
    may("voice.microphone", NAME, ""),
    may("voice.speaker", NAME, ""),
    must("voice.mode", choice(&["hands_free", "push_to_talk"])),
    must("voice.language", choice(&["auto", "en", "es", "zh"])),
    may("voice.recogniser", NAME, ""),
    may("voice.voice", NAME, ""),
    must("voice.rate", Kind::Number { min: 0.5, max: 2.0 }),
    must("voice.volume", Kind::Number { min: 0.0, max: 1.0 }),
    must("history.keep_deleted_days", Kind::Whole { min: 0, max: 3650 }),
];

/// The fields of a server; the paths are within it.
pub(crate) const SERVER: &[SettingInfo] = &[
    must("id", Kind::Text { max_chars: 100 }),
    may("name", NAME, ""),
    must("base_url", Kind::WebAddress),
    may("model", NAME, ""),
    may("context_tokens", TOKENS, "auto"),
];
const MAX_SERVERS: usize = 100;

/// Every setting but the servers (`servers`, an array), with its default.
pub fn describe() -> Vec<(&'static SettingInfo, Value)> {
    let defaults = to_value(&Settings::default());
    SETTINGS.iter().map(|info| (info, lookup(&defaults, info.path).clone())).collect()
}

pub(crate) fn find(path: &str) -> Option<&'static SettingInfo> {
    SETTINGS.iter().find(|info| info.path == path)
}

impl SettingInfo {
    /// The value as [`Settings`] has it; none if it is not allowed.
    pub(crate) fn accept(&self, value: &Value) -> Option<Value> {
        if let Some(none) = self.none
            && (value.is_null() || value.as_str().is_some_and(|it| it.trim().eq_ignore_ascii_case(none)))
        {
            return Some(Value::Null);
        }
        let allowed = match self.kind {
            Kind::Switch => value.is_boolean(),
            Kind::Choice { options } => value.as_str().is_some_and(|it| options.contains(&it)),
            Kind::Whole { min, max } => {
                return whole(value).filter(|it| (min..=max).contains(it)).map(Value::from);
            }
            Kind::Number { min, max } => {
                return value.as_f64().filter(|it| (min..=max).contains(it)).map(Value::from);
            }
            Kind::Text { max_chars } => value.as_str().is_some_and(|it| it.chars().nth(max_chars).is_none()),
            Kind::Folder => value.as_str().is_some_and(|it| !it.trim().is_empty() && !it.contains('\0')),
            Kind::WebAddress => value.as_str().is_some_and(is_web_address),
            Kind::Keys => {
                let combo: KeyCombo = value.as_str()?.parse().ok()?;
                return Some(Value::from(combo.to_string()));
            }
        };
        allowed.then(|| value.clone())
    }

    /// What the setting may be, to go on "must be".
    pub(crate) fn requirement(&self) -> String {
        let kind = match self.kind {
            Kind::Switch => "true or false".to_owned(),
            Kind::Choice { options } => {
                let quoted: Vec<String> = options.iter().map(|it| format!("\"{it}\"")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Kind::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Number { min, max } => format!("a number from {min} to {max}"),
            Kind::Text { max_chars } => format!("a text in quotes of at most {max_chars} characters"),
            Kind::Folder => "the path of a folder, in quotes".to_owned(),
            Kind::WebAddress => "an address in quotes that begins with http:// or https://".to_owned(),
            Kind::Keys => "a key combination in quotes, like \"Alt+Space\"".to_owned(),
        };
        match self.none {
            Some(none) => format!("{kind}, or \"{none}\""),
            None => kind,
        }
    }

    /// The word of a choice that was probably meant.
    pub(crate) fn meant(&self, value: &Value) -> Option<&'static str> {
        let Kind::Choice { options } = self.kind else { return None };
        nearest(value.as_str()?, options.iter().copied())
    }
}

/// JavaScript makes no difference between 40 and 40.0.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|it| it.fract() == 0.0 && it.abs() <= MAX_SAFE as f64)?;
        format!("{number:.0}").parse().ok()
    })
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

/// The closest of `candidates`, if it is close enough to be a slip of the keyboard.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.trim().to_lowercase();
    if text.len() > 100 {
        return None;
    }
    let distance = |it: &&'a str| strsim::damerau_levenshtein(&text, it);
    candidates.min_by_key(distance).filter(|it| distance(it) <= (it.len() / 3).max(1))
}

/// One server's value as [`Settings`] has it, or the field that is wrong and what it must be.
pub(crate) fn accept_server(server: &Map<String, Value>) -> Result<Value, (String, String)> {
    let mut accepted = Map::new();
    for info in SERVER {
        let given = server.get(info.path).unwrap_or(&Value::Null);
        let value = info
            .accept(given)
            .filter(|it| info.path != "id" || it.as_str().is_some_and(|id| !id.trim().is_empty()));
        let value = value.ok_or_else(|| (info.path.to_owned(), format!("must be {}", info.requirement())))?;
        accepted.insert(info.path.to_owned(), value);
    }
    if let Some(unknown) = server.keys().find(|key| SERVER.iter().all(|info| info.path != *key)) {
        return Err((unknown.clone(), "is not a field of a server".to_owned()));
    }
    Ok(Value::Object(accepted))
}

impl Settings {
    /// Changes one setting: `path` as in `model.temperature`, `null` for none; or all servers at once, `servers`, an
    /// array of objects. On a problem nothing is changed.
    pub fn apply(&mut self, path: &str, value: &Value) -> Result<(), SettingsProblem> {
        let problem =
            |path: &str, sentence: String| SettingsProblem { path: path.to_owned(), place: None, sentence };
        let accepted = if path == "servers" {
            accept_servers(value).map_err(|(at, why)| problem(&at, format!("`{at}` {why}.")))?
        } else {
            let info = find(path).ok_or_else(|| problem(path, unknown(path)))?;
            let wrong = || problem(path, format!("`{path}` must be {}.", info.requirement()));
            info.accept(value).ok_or_else(wrong)?
        };
        let mut all = to_value(self);
        *lookup_mut(&mut all, path) = accepted;
        *self = serde_json::from_value(all)
            .map_err(|_| problem(path, format!("`{path}` cannot have this value.")))?;
        Ok(())
    }

    /// The first value that is not allowed, if any: for settings that were changed field by field.
    pub fn check(&self) -> Result<(), SettingsProblem> {
        let all = to_value(self);
        let mut probe = Self::default();
        SETTINGS
            .iter()
            .map(|info| info.path)
            .chain(["servers"])
            .try_for_each(|path| probe.apply(path, lookup(&all, path)))
    }
}

fn accept_servers(value: &Value) -> Result<Value, (String, String)> {
    let servers = value.as_array().filter(|it| it.len() <= MAX_SERVERS);
    let servers =
        servers.ok_or_else(|| ("servers".to_owned(), format!("must be a list of at most {MAX_SERVERS}")))?;
    let mut accepted: Vec<Value> = Vec::new();
    for (n, server) in servers.iter().enumerate() {
        let at = |field: &str| format!("servers.{n}.{field}");
        let fields =
            server.as_object().ok_or_else(|| (format!("servers.{n}"), "must be an object".to_owned()))?;
        let server = accept_server(fields).map_err(|(field, why)| (at(&field), why))?;
        if accepted.iter().any(|other| other["id"] == server["id"]) {
            return Err((at("id"), "must be different for each server".to_owned()));
        }
        accepted.push(server);
    }
    Ok(Value::Array(accepted))
}

/// What to say of a setting that does not exist.
pub(crate) fn unknown(path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    let known = || SETTINGS.iter().map(|info| info.path);
    // The right name in the wrong group is a likelier mistake than the wrong name.
    let elsewhere = known().find(|it| it.rsplit('.').next() == Some(last));
    match elsewhere.or_else(|| nearest(path, known())) {
        Some(meant) => format!("There is no setting `{path}`; did you mean `{meant}`?"),
        None => format!("There is no setting `{path}`."),
    }
}

pub(crate) fn to_value(settings: &Settings) -> Value {
    // A folder whose name is not Unicode is the one thing that cannot become JSON.
    serde_json::to_value(settings).unwrap_or_else(|_| json!({}))
}

pub(crate) fn lookup<'a>(all: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(all, |at, key| &at[key])
}

pub(crate) fn lookup_mut<'a>(all: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(all, |at, key| &mut at[key])
}
