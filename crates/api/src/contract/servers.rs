//! The user's own servers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A server of the user's own that speaks the OpenAI protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerView {
    /// Id; as a model it is chosen by `server:ID`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// For example `http://127.0.0.1:8080`.
    pub base_url: String,
    /// The model asked for there.
    pub model: String,
    /// Whether a key is kept for it.
    pub has_key: bool,
}

/// What a server said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerReport {
    /// Models it offers.
    pub models: Vec<String>,
    /// What it seems to be: `llama-server`, `vLLM`, `Ollama`, `unknown`.
    pub kind: String,
}
