//! Key combinations as people write them in the file and see them in the window: `Alt+Space`, `Ctrl+Shift+K`.
//!
//! Always holds: a combination has one spelling (`Display`), and reading that gives the same combination.

use std::fmt;
use std::str::FromStr;

/// A key that is held while another is pressed, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modifier {
    /// Ctrl.
    Ctrl,
    /// Alt; on a Mac: Option.
    Alt,
    /// Shift.
    Shift,
    /// The key with the system's sign; on a Mac: Command.
    Super,
}

/// A key with what is held beside it. It can be had everywhere in the system, so it never is a key that one types with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyCombo {
    modifiers: Vec<Modifier>,
    key: String,
}

/// Why a text is no key combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyComboError {
    /// A part of it is no key.
    #[error("There is no key of this name.")]
    UnknownKey,
    /// Only keys that are held, or two that are not.
    #[error("A shortcut is keys that are held, and one more.")]
    NotOneKey,
    /// It would take a key away that one types with.
    #[error("Hold Ctrl, Alt or Super with it; without, the key could not be used for anything else.")]
    Typed,
}

/// Keys that are no letter, no digit and no F key. Punctuation has no place here: it is elsewhere on every keyboard.
#[rustfmt::skip]
const NAMED: [&str; 14] = [
    "Space", "Enter", "Tab", "Backspace", "Insert", "Delete", "Home", "End", "PageUp", "PageDown", "Up", "Down", "Left",
    "Right",
];

impl KeyCombo {
    /// What is held.
    pub fn modifiers(&self) -> &[Modifier] {
        &self.modifiers
    }

    /// The key: `A` to `Z`, `0` to `9`, `F1` to `F24`, `Space`, `Enter`, `Tab`, `Backspace`, `Insert`, `Delete`, `Home`,
    /// `End`, `PageUp`, `PageDown`, `Up`, `Down`, `Left` or `Right`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for KeyCombo {
    type Err = KeyComboError;

    /// Reads it in any order and case, with the names that other systems have for the same keys.
    fn from_str(text: &str) -> Result<Self, KeyComboError> {
        let mut modifiers = Vec::new();
        let mut key = None;
        for part in text.split('+').map(str::trim) {
            match modifier(part) {
                Some(modifier) => modifiers.push(modifier),
                None if key.is_none() => key = Some(named(part).ok_or(KeyComboError::UnknownKey)?),
                None => return Err(KeyComboError::NotOneKey),
            }
        }
        modifiers.sort_unstable();
        modifiers.dedup();
        let key = key.ok_or(KeyComboError::NotOneKey)?;
        let held = modifiers.iter().any(|&modifier| modifier != Modifier::Shift);
        if !held && function(&key).is_none() {
            return Err(KeyComboError::Typed);
        }
        Ok(Self { modifiers, key })
    }
}

impl fmt::Display for KeyCombo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for modifier in &self.modifiers {
            write!(f, "{modifier:?}+")?;
        }
        f.write_str(&self.key)
    }
}

fn modifier(part: &str) -> Option<Modifier> {
    match part.to_ascii_lowercase().as_str() {
        "ctrl" | "control" => Some(Modifier::Ctrl),
        "alt" | "option" => Some(Modifier::Alt),
        "shift" => Some(Modifier::Shift),
        "super" | "meta" | "cmd" | "command" | "win" | "windows" => Some(Modifier::Super),
        _ => None,
    }
}

fn named(part: &str) -> Option<String> {
    let upper = part.to_ascii_uppercase();
    let single = upper.len() == 1 && upper.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if single || function(&upper).is_some() {
        return Some(upper);
    }
    NAMED.iter().find(|name| name.eq_ignore_ascii_case(part)).map(|&name| name.to_owned())
}

/// The number of an F key.
fn function(key: &str) -> Option<u8> {
    let number = key.strip_prefix('F')?;
    let known = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|number| known && (1..=24).contains(number))
}

/// Combinations to be offered in place of one that is taken, best first: `wanted` and what is in use already are left out.
pub fn other_combos<'a>(wanted: &'a str, in_use: &'a [KeyCombo]) -> impl Iterator<Item = KeyCombo> + 'a {
    #[rustfmt::skip]
    const OFFERED: [&str; 9] = [
        "Alt+Space", "Ctrl+Alt+Space", "Ctrl+Shift+Space", "Super+Space", "Alt+Shift+Space", "Ctrl+Alt+H",
        "Ctrl+Shift+H", "Super+H", "Ctrl+Alt+J",
    ];
    OFFERED
        .iter()
        .filter_map(|text| text.parse::<KeyCombo>().ok())
        .filter(move |combo| combo.to_string() != wanted && !in_use.contains(combo))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn reads(text: &str, expect: &str) {
        assert_eq!(text.parse::<KeyCombo>().map(|combo| combo.to_string()), Ok(expect.to_owned()));
    }

    #[track_caller]
    fn refuses(text: &str, expect: KeyComboError) {
        assert_eq!(text.parse::<KeyCombo>(), Err(expect));
    }

    #[test]
    fn every_way_of_writing_it_is_the_same_combination() {
        reads("Alt+Space", "Alt+Space");
        reads(" shift + ALT +space", "Alt+Shift+Space");
        reads("Cmd+Option+k", "Alt+Super+K");
        reads("control+7", "Ctrl+7");
        reads("f13", "F13");
        reads("Win+PageDown", "Super+PageDown");
        reads("ctrl+ctrl+right", "Ctrl+Right");
    }

    #[test]
    fn what_is_no_combination_says_why() {
        refuses("", KeyComboError::UnknownKey);
        refuses("Alt", KeyComboError::NotOneKey);
        refuses("Alt+A+B", KeyComboError::NotOneKey);
        refuses("Alt+Foo", KeyComboError::UnknownKey);
        refuses("Alt+F25", KeyComboError::UnknownKey);
        refuses("Alt+F01", KeyComboError::UnknownKey);
        refuses("A", KeyComboError::Typed);
        refuses("Shift+Space", KeyComboError::Typed);
        refuses("Alt+é", KeyComboError::UnknownKey);
    }

    #[test]
    fn others_are_offered_without_those_in_use() {
        let used: KeyCombo = "Ctrl+Alt+Space".parse().unwrap();
        let first = other_combos("Alt+Space", std::slice::from_ref(&used)).next().unwrap();
        assert_eq!(first.to_string(), "Ctrl+Shift+Space");
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_what_it_reads_it_writes(text in "[ +a-zA-Z0-9é]{0,20}") {
            if let Ok(combo) = text.parse::<KeyCombo>() {
                prop_assert_eq!(combo.to_string().parse::<KeyCombo>(), Ok(combo));
            }
        }
    }
}
