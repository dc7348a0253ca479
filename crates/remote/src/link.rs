//! The connection to one server: who is asked, with which key, and how long an answer is waited for.

use std::error::Error;
use std::time::Duration;

use engine::{EngineError, JobError};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::Value;
use tokio::time::timeout;

use crate::address::{Address, Endpoint};

/// How long a server may keep silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// For an answer to a small question (which models are there?).
    pub answer: Duration,
    /// Until the first token: a long prompt may be read for minutes on a slow machine.
    pub first_token: Duration,
    /// Between two pieces of a reply that has begun.
    pub stall: Duration,
    /// For a server that says it is still loading its model.
    pub loading: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(10),
            first_token: Duration::from_mins(10),
            stall: Duration::from_mins(1),
            loading: Duration::from_mins(5),
        }
    }
}

/// An answer to a small question.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// What the server calls itself.
    pub(crate) server: String,
    /// `Null` where the body is no JSON.
    pub(crate) body: Value,
}

/// The way to one server.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    client: Client,
    pub(crate) address: Address,
    pub(crate) patience: Patience,
}

impl Link {
    pub(crate) fn new(endpoint: &Endpoint, patience: Patience) -> Result<Self, EngineError> {
        let address = Address::parse(&endpoint.base_url)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = endpoint.api_key.as_ref().filter(|key| !key.is_empty()) {
            let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", key.expose())) else {
                return Err(refused(
                    "The key holds characters that no key can hold. Enter it again in the settings.",
                ));
            };
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("hark/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(patience.connect)
            // A redirect could carry the key and the conversation to a host the user never named.
            .redirect(redirect::Policy::none());
        if address.is_private() {
            // A proxy of the system is for the internet; it cannot see this machine or the user's network.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| EngineError::CannotStart {
            reason: format!("secure connections cannot be made on this system ({}).", error.without_url()),
        })?;
        Ok(Self { client, address, patience })
    }

    /// Asks a small question.
    pub(crate) async fn get(&self, url: Url) -> Result<Answer, EngineError> {
        self.answer(self.client.get(url)).await
    }

    /// Asks a small question that has a body.
    pub(crate) async fn ask(&self, url: Url, body: &Value) -> Result<Answer, EngineError> {
        self.answer(self.client.post(url).json(body)).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, EngineError> {
        let whole = async {
            let response = request.send().await.map_err(|error| self.unreachable(&error))?;
            let status = response.status();
            let server = response.headers().get(reqwest::header::SERVER);
            let server = server.and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned();
            Ok(Answer { status, server, body: self.json(response).await? })
        };
        timeout(self.patience.answer, whole).await.unwrap_or_else(|_| Err(self.silent(self.patience.answer)))
    }

    /// Asks for a reply; returns when the server begins to answer.
    pub(crate) async fn begin(&self, body: &Value) -> Result<Response, EngineError> {
        let request = self.client.post(self.address.api("chat/completions")).json(body).send();
        match timeout(self.patience.first_token, request).await {
            Ok(response) => response.map_err(|error| self.unreachable(&error)),
            Err(_) => Err(self.silent(self.patience.first_token)),
        }
    }

    /// Reads a body that should be JSON; `Null` when it is none.
    pub(crate) async fn json(&self, mut response: Response) -> Result<Value, EngineError> {
        /// Nothing that is asked for here is near as long (Ollama's and llama-server's longest hold a chat template).
        const LONGEST: usize = 16 << 20;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            body.extend_from_slice(&part);
            if body.len() > LONGEST {
                break;
            }
        }
        Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// The server did not say anything for this long.
    pub(crate) fn silent(&self, waited: Duration) -> EngineError {
        EngineError::Unreachable {
            reason: format!(
                "{} did not answer within {} s. It may be busy or have hung; try again, or look at the server.",
                self.address.host(),
                waited.as_secs().max(1)
            ),
        }
    }

    /// The connection could not be made, or broke before an answer came.
    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> EngineError {
        let host = self.address.host();
        let reason = if error.is_dns() {
            let name = self.address.name();
            format!(
                "There is no computer called {name} that can be reached from here. Check the address in the settings."
            )
        } else if is_tls(error) {
            format!(
                "A secure connection to {host} cannot be made: it does not speak https, or its certificate is not trusted here. Check the address, or have the certificate added to this system."
            )
        // The only time limit that reqwest was given is that of connecting.
        } else if error.is_connect() || error.is_timeout() {
            format!(
                "{host} cannot be reached. Check that the server is running, that it listens on that address and port, and that no firewall is in between."
            )
        } else {
            format!(
                "{host} closed the connection without answering. Check that a language-model server is running there."
            )
        };
        EngineError::Unreachable { reason }
    }
}

/// A job that failed for a reason of the server's.
pub(crate) fn refused(reason: impl Into<String>) -> EngineError {
    EngineError::Job(JobError::Server { reason: reason.into() })
}

fn is_tls(error: &reqwest::Error) -> bool {
    // Neither reqwest nor hyper says which step of connecting failed; a failure that is not the socket's is TLS's.
    let mut source = error.source();
    let mut last = None;
    while let Some(inner) = source {
        last = Some(inner);
        source = inner.source();
    }
    error.is_connect()
        && error.url().is_some_and(|url| url.scheme() == "https")
        && last.is_some_and(|inner| !inner.is::<std::io::Error>() && !error.is_timeout())
}
