//! Where the store keeps things, whom it may ask, and how patient it is.
//!
//! Everything is passed in; the environment is read in [`StoreConfig::from_env`] and nowhere else.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The hub asked when nothing else is set.
const DEFAULT_HUB: &str = "https://huggingface.co";

/// A secret that shows itself neither in `Debug` nor in errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Wraps a token; `None` if it is blank.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Whether the store may use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// Only when a download is asked for.
    #[default]
    WhenAsked,
    /// Never: downloads fail with a sentence.
    Offline,
}

/// Whether requests go through the system's proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// As the system and the usual variables say.
    #[default]
    System,
    /// Straight (tests on loopback).
    Direct,
}

/// How long to wait for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// Until a connection stands. An unreachable hub is noticed after this.
    pub connect: Duration,
    /// Until a server that took the call begins to answer.
    pub answer: Duration,
    /// Without a byte, until the connection is given up and tried again.
    pub stall: Duration,
    /// Attempts in a row that bring no byte, before giving up.
    pub attempts: u32,
    /// Attempts of one download altogether.
    pub attempts_in_all: u32,
    /// Wait before the second attempt; doubles from there.
    pub first_wait: Duration,
    /// The longest wait between attempts, and the longest `Retry-After` that is obeyed.
    pub longest_wait: Duration,
    /// How often to look whether another process has finished the same file, and how far pip has come.
    pub poll: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            attempts: 5,
            attempts_in_all: 200,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
            poll: Duration::from_millis(100),
        }
    }
}

/// Everything the store needs to know.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The folder of the store: one folder per model inside.
    pub folder: PathBuf,
    /// The user's own catalogue, if there may be one.
    pub own_catalogue: Option<PathBuf>,
    /// Folders of Hugging Face caches (each holds `models--org--name`).
    pub hub_caches: Vec<PathBuf>,
    /// The hub and its mirrors, asked in this order. Without a slash at the end.
    pub endpoints: Vec<String>,
    /// Sent to the first endpoint only, never to mirrors, nor along a redirect to another host.
    pub token: Option<Token>,
    /// Programs to try as Python.
    pub python: Vec<OsString>,
    /// Whether the network may be used at all.
    pub network: Network,
    /// Whether through the system's proxy.
    pub proxy: Proxy,
    /// Waiting times.
    pub patience: Patience,
    /// Bytes that must stay free on the disk after a download.
    pub keep_free: u64,
}

impl StoreConfig {
    /// A store in `folder` with no environment at all: no cache, no token, the default hub.
    pub fn bare(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            own_catalogue: None,
            hub_caches: Vec::new(),
            endpoints: vec![DEFAULT_HUB.to_owned()],
            token: None,
            python: ["python3", "python", "py"].map(OsString::from).to_vec(),
            network: Network::WhenAsked,
            proxy: Proxy::System,
            patience: Patience::default(),
            keep_free: 256 << 20,
        }
    }

    /// A store in `folder`, with the usual variables of the Hugging Face tools: `HF_ENDPOINT` (several may be given,
    /// separated by spaces or commas; the first is the hub, the others mirrors), `HF_TOKEN`, `HF_HOME`,
    /// `HF_HUB_CACHE`, `XDG_CACHE_HOME`, `HF_HUB_OFFLINE`; and `HARK_PYTHON` for the Python to use.
    pub fn from_env(folder: impl Into<PathBuf>) -> Self {
        Self::from_variables(folder, |name| env::var_os(name))
    }

    fn from_variables(folder: impl Into<PathBuf>, get: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| get(name).and_then(|v| v.into_string().ok()).filter(|v| !v.trim().is_empty());
        let path = |name: &str| get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let mut config = Self::bare(folder);
        if let Some(list) = text("HF_ENDPOINT") {
            let list = list.split([' ', ',']).map(|one| one.trim().trim_end_matches('/'));
            let list: Vec<String> = list.filter(|one| !one.is_empty()).map(str::to_owned).collect();
            if !list.is_empty() {
                config.endpoints = list;
            }
        }
        config.token = text("HF_TOKEN").and_then(|token| Token::new(&token));
        let home = path("HOME").or_else(|| path("USERPROFILE"));
        let cache = path("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
        let hub = path("HF_HUB_CACHE")
            .or_else(|| path("HF_HOME").map(|home| home.join("hub")))
            .or_else(|| cache.map(|cache| cache.join("huggingface").join("hub")));
        config.hub_caches = hub.into_iter().collect();
        if text("HF_HUB_OFFLINE")
            .is_some_and(|v| matches!(v.to_lowercase().as_str(), "1" | "true" | "yes" | "on"))
        {
            config.network = Network::Offline;
        }
        if let Some(python) = get("HARK_PYTHON").filter(|v| !v.is_empty()) {
            config.python.insert(0, python);
        }
        config
    }

    /// The folder of one model.
    pub(crate) fn model_folder(&self, id: &crate::ModelId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    /// A folder for locks and temporary files, on the same disk as the store.
    pub(crate) fn work_folder(&self) -> PathBuf {
        self.folder.join(".work")
    }
}

/// `path` for people: what is shown in sentences.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> StoreConfig {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
        StoreConfig::from_variables("/models", find)
    }

    #[test]
    fn an_empty_environment_means_the_public_hub_without_a_token() {
        let config = with(&[]);
        assert_eq!(config.endpoints, [DEFAULT_HUB]);
        assert_eq!((config.token, config.network), (None, Network::WhenAsked));
        assert!(config.hub_caches.is_empty());
    }

    #[test]
    fn the_cache_is_where_the_hugging_face_tools_keep_it() {
        let cache =
            |v: &[(&str, &str)]| with(v).hub_caches.first().map(|p| p.to_string_lossy().replace('\\', "/"));
        assert_eq!(cache(&[("HOME", "/h")]).as_deref(), Some("/h/.cache/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]).as_deref(), Some("/c/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/h"), ("HF_HOME", "/f")]).as_deref(), Some("/f/hub"));
        assert_eq!(cache(&[("HF_HOME", "/f"), ("HF_HUB_CACHE", "/x")]).as_deref(), Some("/x"));
    }

    #[test]
    fn mirrors_token_and_offline_come_from_the_environment() {
        let config =
            with(&[("HF_ENDPOINT", "https://a/, https://b"), ("HF_TOKEN", " t "), ("HF_HUB_OFFLINE", "1")]);
        assert_eq!(config.endpoints, ["https://a", "https://b"]);
        assert_eq!(config.network, Network::Offline);
        assert_eq!(config.token.as_ref().map(Token::reveal), Some("t"));
        assert!(!format!("{config:?}").contains("\"t\""));
    }
}
