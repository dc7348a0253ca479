//! Talking to the hub and its mirrors: addresses, redirects, the token, and what the headers say of a file.
//!
//! Always holds: the access token is sent to the origin of the first endpoint and nowhere else, not even along a
//! redirect; a redirect from https to http is refused.
//!
//! `GET {endpoint}/{repo}/resolve/{revision}/{path}` answers with the file or redirects to where it lies; for large
//! files the hub's own answer carries `X-Linked-Etag` (the SHA-256) and `X-Linked-Size`. For the others
//! `POST {endpoint}/api/models/{repo}/paths-info/{revision}` says size and, where there is one, `lfs.oid` (SHA-256).

use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::Deserialize;

use crate::config::{Proxy, StoreConfig, Token};
use crate::error::DownloadError;

const MOST_REDIRECTS: usize = 10;

/// A failed request, sorted by what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again will not help.
    Final(DownloadError),
    /// Worth another attempt, after `wait` if the server said so.
    Again { error: DownloadError, wait: Option<Duration> },
    /// No connection, or one on which nobody answers.
    NoAnswer(DownloadError),
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        Self::Final(error)
    }
}

/// The part of a file that is there already.
#[derive(Debug, Clone)]
pub(crate) struct Resume {
    pub(crate) from: u64,
    pub(crate) etag: Option<String>,
}

/// What an answer says of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RemoteFile {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    /// A strong entity tag of the bytes that follow.
    pub(crate) etag: Option<String>,
}

/// What the server makes of the request for the rest of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// The whole file.
    Whole,
    /// From this byte on.
    From(u64),
    /// There is nothing after the bytes that are there.
    Nothing,
}

/// An answer with the bytes still to come.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) file: RemoteFile,
    pub(crate) body: Body,
}

/// A file of a repository, as the listing names it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ListedFile {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) size: u64,
    lfs: Option<Lfs>,
}

#[derive(Debug, Clone, Deserialize)]
struct Lfs {
    // `oid` in the listing; some mirrors call it `sha256`.
    #[serde(alias = "sha256")]
    oid: String,
}

impl ListedFile {
    pub(crate) fn sha256(&self) -> Option<String> {
        self.lfs.as_ref().and_then(|lfs| as_sha256(&lfs.oid))
    }
}

/// A hub or a mirror of it.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    client: Client,
    base: Url,
    /// Only where the base is the hub itself.
    token: Option<Token>,
    answer: Duration,
    stall: Duration,
}

/// The endpoints of a configuration, in order. One that is no address is skipped with a warning.
pub(crate) fn endpoints(config: &StoreConfig) -> Result<Vec<Endpoint>, reqwest::Error> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(config.patience.connect)
        .user_agent(concat!("hark/", env!("CARGO_PKG_VERSION")));
    if config.proxy == Proxy::Direct {
        builder = builder.no_proxy();
    }
    let client = builder.build()?;
    let mut list = Vec::new();
    for (index, text) in config.endpoints.iter().enumerate() {
        match Url::parse(text) {
            Ok(base) if base.has_host() && !base.cannot_be_a_base() => list.push(Endpoint {
                client: client.clone(),
                base,
                token: config.token.clone().filter(|_| index == 0),
                answer: config.patience.answer,
                stall: config.patience.stall,
            }),
            _ => tracing::warn!(index, "an endpoint of the hub is not an address and is skipped"),
        }
    }
    Ok(list)
}

impl Endpoint {
    /// For sentences.
    pub(crate) fn host(&self) -> String {
        self.base.host_str().unwrap_or("the hub").to_owned()
    }

    /// The address of a file.
    pub(crate) fn address(&self, repo: &str, revision: &str, path: &str) -> Url {
        self.url(&[repo, "resolve", revision, path])
    }

    /// Every part may itself hold slashes; everything else is escaped.
    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            segments.extend(parts.iter().flat_map(|part| part.split('/')));
        }
        url
    }

    /// Asks for a file, or for the rest of it.
    pub(crate) async fn open(&self, url: Url, resume: Option<&Resume>) -> Result<Answer, Failure> {
        let path = url.path().rsplit('/').next().unwrap_or_default().to_owned();
        let (response, stated) = self.follow(url, resume).await?;
        let status = response.status();
        let mut file = stated;
        let headers = response.headers();
        file.etag = strong_etag(headers);
        let body = match status {
            StatusCode::OK => {
                file.size = file.size.or_else(|| number(headers, CONTENT_LENGTH.as_str()));
                Body::Whole
            }
            StatusCode::PARTIAL_CONTENT => {
                let (from, total) = content_range(headers).unwrap_or((u64::MAX, None));
                file.size = file.size.or(total);
                Body::From(from)
            }
            StatusCode::RANGE_NOT_SATISFIABLE if resume.is_some() => Body::Nothing,
            _ => return Err(self.refusal(status, headers, path)),
        };
        Ok(Answer { response, file, body })
    }

    /// Follows redirects by hand, because the token may go only to the hub itself and because the hub says size and
    /// hash in the answer that redirects.
    async fn follow(&self, url: Url, resume: Option<&Resume>) -> Result<(Response, RemoteFile), Failure> {
        let mut url = url;
        let mut stated = RemoteFile::default();
        for _ in 0..MOST_REDIRECTS {
            let mut request = self.client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
            if let Some(token) = self.token.as_ref().filter(|_| url.origin() == self.base.origin()) {
                request = request.bearer_auth(token.reveal());
            }
            if let Some(resume) = resume {
                request = request.header(RANGE, format!("bytes={}-", resume.from));
                // The tag belongs to the server that sends the bytes, which is known only at the end of the
                // redirects; a server that redirects ignores it.
                if let Some(etag) = &resume.etag {
                    request = request.header(IF_RANGE, etag);
                }
            }
            let response = self.send(request).await?;
            if url.origin() == self.base.origin() {
                stated = said_of_file(response.headers(), stated);
            }
            if !response.status().is_redirection() {
                return Ok((response, stated));
            }
            let next = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
            let next = next.and_then(|location| url.join(location).ok());
            let next = next.ok_or_else(|| self.nonsense("a redirect to nowhere"))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(self.nonsense("a redirect to an unprotected address").into());
            }
            url = next;
        }
        Err(self.nonsense("a redirect in circles").into())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        match tokio::time::timeout(self.answer, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => {
                tracing::info!(error = %error.without_url(), "no connection to the hub");
                Err(Failure::NoAnswer(DownloadError::Unreachable { host: self.host() }))
            }
            Ok(Err(_)) => Err(self.broken()),
            Err(_) => {
                Err(Failure::NoAnswer(DownloadError::Stalled { host: self.host(), after: self.answer }))
            }
        }
    }

    pub(crate) fn broken(&self) -> Failure {
        Failure::Again { error: DownloadError::Broken { host: self.host() }, wait: None }
    }

    pub(crate) fn stalled(&self) -> Failure {
        let error = DownloadError::Stalled { host: self.host(), after: self.stall };
        Failure::Again { error, wait: None }
    }

    pub(crate) fn nonsense(&self, reason: &str) -> DownloadError {
        DownloadError::Nonsense { host: self.host(), reason: reason.to_owned() }
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap, path: String) -> Failure {
        let host = self.host();
        match status {
            StatusCode::UNAUTHORIZED => DownloadError::NeedsToken { host, path }.into(),
            StatusCode::FORBIDDEN => DownloadError::Forbidden { host, path }.into(),
            StatusCode::NOT_FOUND | StatusCode::GONE => DownloadError::NotFound { host, path }.into(),
            StatusCode::TOO_MANY_REQUESTS => Failure::Again {
                error: DownloadError::TooManyRequests { host },
                wait: number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs),
            },
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Failure::Again { error: DownloadError::Server { host, status: status.as_u16() }, wait: None }
            }
            _ => self.nonsense(&format!("status {}", status.as_u16())).into(),
        }
    }

    /// What the hub's file interface says of one file: for what the headers leave out.
    pub(crate) async fn info(&self, repo: &str, revision: &str, path: &str) -> Result<RemoteFile, Failure> {
        let url = self.url(&["api/models", repo, "paths-info", revision]);
        let mut request = self.client.post(url).json(&serde_json::json!({ "paths": [path] }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        let files: Vec<ListedFile> = self.json(self.send(request).await?, path).await?;
        let file = files.into_iter().find(|file| file.path == path);
        Ok(file.map_or_else(RemoteFile::default, |file| RemoteFile {
            size: Some(file.size),
            sha256: file.sha256(),
            etag: None,
        }))
    }

    /// Every file of a repository, with the commit that the listing is of.
    pub(crate) async fn list(
        &self,
        repo: &str,
        revision: &str,
    ) -> Result<(String, Vec<ListedFile>), Failure> {
        #[derive(Deserialize)]
        struct Revision {
            sha: String,
        }
        let at = self.url(&["api/models", repo, "revision", revision]);
        let commit: Revision = self.json(self.follow(at, None).await?.0, repo).await?;
        let mut tree = self.url(&["api/models", repo, "tree", &commit.sha]);
        tree.set_query(Some("recursive=true"));
        Ok((commit.sha, self.json(self.follow(tree, None).await?.0, repo).await?))
    }

    async fn json<T: serde::de::DeserializeOwned>(
        &self,
        response: Response,
        path: &str,
    ) -> Result<T, Failure> {
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response.status(), response.headers(), path.to_owned()));
        }
        match tokio::time::timeout(self.stall, response.json()).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if error.is_decode() => Err(self.nonsense("not the expected JSON").into()),
            Ok(Err(_)) => Err(self.broken()),
            Err(_) => Err(self.stalled()),
        }
    }
}

/// Size and hash, where the hub states them; otherwise what was known.
fn said_of_file(headers: &HeaderMap, known: RemoteFile) -> RemoteFile {
    let hash = headers.get("x-linked-etag").and_then(|v| v.to_str().ok()).and_then(as_sha256);
    RemoteFile {
        size: number(headers, "x-linked-size").or(known.size),
        sha256: hash.or(known.sha256),
        etag: None,
    }
}

/// A SHA-256 in an entity tag or object id: 64 hex digits, perhaps in quotes. Small files have a git SHA-1 there.
fn as_sha256(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
    (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Weak tags cannot be used for ranges (RFC 9110, 13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (etag.starts_with('"') && etag.len() > 2).then(|| etag.to_owned())
}

/// First byte and full size of `Content-Range: bytes 5-9/10`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, total) = text.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_hex_digits_are_a_hash() {
        let hash = "ab".repeat(32);
        assert_eq!(as_sha256(&format!("\"{hash}\"")), Some(hash.clone()));
        assert_eq!(as_sha256(&hash.to_uppercase()), Some(hash));
        assert_eq!(as_sha256(&"a".repeat(40)), None);
        assert_eq!(as_sha256(&"g".repeat(64)), None);
    }

    #[test]
    fn addresses_are_escaped_and_cannot_climb() {
        let config =
            StoreConfig { endpoints: vec!["https://hub.test/base/".into()], ..StoreConfig::bare("/m") };
        let list = endpoints(&config).unwrap();
        let url = |path: &str| list[0].address("a/b", "main", path).to_string();
        assert_eq!(url("x y/ü?#.gguf"), "https://hub.test/base/a/b/resolve/main/x%20y/%C3%BC%3F%23.gguf");
        assert_eq!(url("../../etc"), "https://hub.test/base/a/b/resolve/main/etc");
    }

    #[test]
    fn an_endpoint_that_is_no_address_is_skipped_and_only_the_first_gets_the_token() {
        let config = StoreConfig {
            endpoints: ["https://hub.test", "no address", "https://mirror.test"].map(String::from).to_vec(),
            token: Token::new("secret"),
            ..StoreConfig::bare("/m")
        };
        let list = endpoints(&config).unwrap();
        let seen: Vec<_> = list.iter().map(|e| (e.host(), e.token.is_some())).collect();
        assert_eq!(seen, [("hub.test".to_owned(), true), ("mirror.test".to_owned(), false)]);
    }
}
