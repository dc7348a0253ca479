//! What a server is and what it has, found out by asking it.

use engine::EngineError;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::address::{Endpoint, EndpointWarning};
use crate::failure::key_refused;
use crate::link::{Link, Patience, refused};

/// Which server it is, as far as that changes what can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// llama.cpp's `llama-server`.
    LlamaServer,
    /// vLLM.
    Vllm,
    /// Ollama.
    Ollama,
    /// Any other (LM Studio, a hosted service): only what OpenAI documents is asked of it.
    Unknown,
}

impl ServerKind {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::LlamaServer => "llama-server",
            Self::Vllm => "vLLM",
            Self::Ollama => "Ollama",
            Self::Unknown => "OpenAI-compatible server",
        }
    }
}

impl ServerInfo {
    /// Whether the model is known not to see. Of other kinds of server it is not known.
    pub(crate) fn is_blind(&self) -> bool {
        !self.sees && matches!(self.kind, ServerKind::LlamaServer | ServerKind::Ollama)
    }
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// The models it offers, in its order; empty where it has no list.
    pub models: Vec<String>,
    /// Which server it is.
    pub kind: ServerKind,
    /// Tokens of context of the endpoint's model (of the first one if none is named), where the server says.
    pub context_tokens: Option<u32>,
    /// Tokens of context the model was trained with, where the server says.
    pub trained_context_tokens: Option<u32>,
    /// Whether the server says that the model takes pictures.
    pub sees: bool,
    /// Whether the server says that the model takes sound.
    pub hears: bool,
    /// Whether the model's template is known to think.
    pub thinks: bool,
    /// What the user should know about the address.
    pub warning: Option<EndpointWarning>,
}

/// Asks a server what it is; for the settings page. Takes a few seconds at most.
///
/// # Errors
/// [`EngineError::Unreachable`] when nothing answers there, [`engine::JobError::Server`] when the key is refused, the
/// server is still loading its model, or it is no language-model server.
pub async fn probe(endpoint: &Endpoint) -> Result<ServerInfo, EngineError> {
    let link = Link::new(endpoint, Patience::default())?;
    match look(&link, endpoint).await? {
        Look::Ready(info) => Ok(info),
        Look::Loading => Err(loading(&link)),
    }
}

/// The sentence for a server that does not answer yet.
pub(crate) fn loading(link: &Link) -> EngineError {
    refused(format!("{} is still loading its model. Try again in a moment.", link.address.host()))
}

/// What a look at the server showed.
pub(crate) enum Look {
    /// It is there.
    Ready(ServerInfo),
    /// It is there, but has no model yet.
    Loading,
}

pub(crate) async fn look(link: &Link, endpoint: &Endpoint) -> Result<Look, EngineError> {
    let host = link.address.host();
    let list = link.get(link.address.api("models")).await?;
    match list.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(refused(key_refused(&host))),
        StatusCode::SERVICE_UNAVAILABLE => return Ok(Look::Loading),
        status if status.is_redirection() => {
            return Err(refused(format!(
                "{host} sends requests on to another address, and what you say is only sent where you said. Enter the server's final address in the settings."
            )));
        }
        status if status.is_server_error() => {
            return Err(refused(format!(
                "{host} answers, but only with error {}. Check that the language-model server behind it is running.",
                status.as_u16()
            )));
        }
        // Some servers have no list. What they are is Unknown then, and the chat request will show the rest.
        _ => {}
    }
    let entries = list.body.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.status.is_success() && list.body.get("data").is_none() {
        return Err(refused(format!(
            "What answers at {host} is no language-model server. Check the address and the port in the settings."
        )));
    }
    let models: Vec<String> =
        entries.iter().filter_map(|entry| entry.get("id")?.as_str()).map(str::to_owned).collect();
    let entry = entries
        .iter()
        .find(|entry| entry.get("id").and_then(Value::as_str) == Some(&endpoint.model))
        .or(entries.first());
    let owner =
        |name| entries.iter().any(|entry| entry.get("owned_by").and_then(Value::as_str) == Some(name));
    let mut info = ServerInfo {
        models,
        kind: ServerKind::Unknown,
        context_tokens: entry.and_then(|entry| count(entry, "/max_model_len")),
        trained_context_tokens: None,
        sees: false,
        hears: false,
        thinks: false,
        warning: endpoint.warning(),
    };
    if owner("llamacpp") || list.server.starts_with("llama.cpp") {
        info.kind = ServerKind::LlamaServer;
        info.context_tokens = entry.and_then(|entry| count(entry, "/meta/n_ctx"));
        info.trained_context_tokens = entry.and_then(|entry| count(entry, "/meta/n_ctx_train"));
        llama_server(link, &mut info).await?;
    } else if owner("vllm") {
        info.kind = ServerKind::Vllm;
    } else {
        // Whatever it did not tell stays unknown.
        let _ = ollama(link, endpoint, &mut info).await;
    }
    Ok(Look::Ready(info))
}

/// llama-server tells its context and abilities under `/props`. Older versions list models without asking for the
/// key, so this is also where a wrong key shows.
async fn llama_server(link: &Link, info: &mut ServerInfo) -> Result<(), EngineError> {
    let props = link.get(link.address.own("props")).await?;
    if matches!(props.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(refused(key_refused(&link.address.host())));
    }
    let is = |path| props.body.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    info.context_tokens = count(&props.body, "/default_generation_settings/n_ctx").or(info.context_tokens);
    info.sees = is("/modalities/vision");
    info.hears = is("/modalities/audio");
    let template = props.body.get("chat_template").and_then(Value::as_str).unwrap_or_default();
    info.thinks = ["enable_thinking", "<think>"].iter().any(|sign| template.contains(sign));
    Ok(())
}

/// Ollama is known by its version, and tells the context of a model only while that is loaded. Servers that are
/// something else answer all kinds of things to these questions; none of them is an error.
async fn ollama(link: &Link, endpoint: &Endpoint, info: &mut ServerInfo) -> Option<()> {
    let version = link.get(link.address.own("api/version")).await.ok()?;
    if !version.status.is_success() || !version.body.get("version").is_some_and(Value::is_string) {
        return None;
    }
    info.kind = ServerKind::Ollama;
    let model = model_name(endpoint, info)?;
    let loaded = link.get(link.address.own("api/ps")).await.ok()?;
    let is_model = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(&model);
    let entry = loaded.body.get("models").and_then(Value::as_array)?.iter().find(is_model);
    info.context_tokens = entry.and_then(|entry| count(entry, "/context_length"));
    let shown = link.ask(link.address.own("api/show"), &json!({"model": model})).await.ok()?;
    let is_able = |ability| {
        let able = shown.body.get("capabilities").and_then(Value::as_array);
        able.is_some_and(|able| able.contains(&json!(ability)))
    };
    info.sees = is_able("vision");
    info.thinks = is_able("thinking");
    let facts = shown.body.get("model_info").and_then(Value::as_object)?;
    let (_, trained) = facts.iter().find(|(name, _)| name.ends_with(".context_length"))?;
    info.trained_context_tokens = trained.as_u64().and_then(|count| u32::try_from(count).ok());
    Some(())
}

/// The model to ask for: the one that is named, else the first there is.
pub(crate) fn model_name(endpoint: &Endpoint, info: &ServerInfo) -> Option<String> {
    let named = Some(endpoint.model.trim()).filter(|name| !name.is_empty());
    named.or(info.models.first().map(String::as_str)).map(str::to_owned)
}

fn count(value: &Value, path: &str) -> Option<u32> {
    value.pointer(path)?.as_u64().and_then(|count| u32::try_from(count).ok())
}
