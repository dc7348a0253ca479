//! Names of models.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a model in the catalogue and of its folder in the store: 1 to 120 characters of `a-z`, `0-9`, `.`,
/// `_` and `-`, beginning with a letter or digit. So it is always a single, harmless path component.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

/// A text that cannot name a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” cannot be the name of a model: use a-z, 0-9, dots, dashes and underscores.")]
pub struct BadModelId(String);

impl ModelId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest valid name: lower case, everything else becomes a dash. `None` if nothing is left.
    pub fn from_words(words: &str) -> Option<Self> {
        let mut id = String::new();
        for c in words.to_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' | '.' | '_' => id.push(c),
                _ if id.ends_with('-') => {}
                _ => id.push('-'),
            }
        }
        let id: String = id.trim_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(100).collect();
        id.parse().ok()
    }
}

impl FromStr for ModelId {
    type Err = BadModelId;

    fn from_str(text: &str) -> Result<Self, BadModelId> {
        let letters =
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if letters && first && text.len() <= 120 {
            Ok(Self(text.into()))
        } else {
            Err(BadModelId(text.into()))
        }
    }
}

impl TryFrom<String> for ModelId {
    type Error = BadModelId;

    fn try_from(text: String) -> Result<Self, BadModelId> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_harmless_path_component() {
        for good in ["smollm2-135m", "qwen3.5-0.8b", "a_b"] {
            assert!(good.parse::<ModelId>().is_ok(), "{good}");
        }
        for bad in ["", "..", ".hidden", "a/b", "a\\b", "A", "ü", "a b", "-a"] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn words_become_a_name() {
        let id = |words| ModelId::from_words(words).map(String::from);
        assert_eq!(id("Qwen/Qwen3-VL:Q4_K_M").as_deref(), Some("qwen-qwen3-vl-q4_k_m"));
        assert_eq!(id("../../etc/passwd").as_deref(), Some("etc-passwd"));
        assert_eq!(id("模型"), None);
    }
}
