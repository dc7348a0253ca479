//! Who may come in: under which names, from which pages, with which token.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use api::{ApiError, ErrorCode};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::calls::refusal;

/// Bytes of chance in a token.
const TOKEN_BYTES: usize = 24;

/// A shorter one could be guessed by trying.
const SHORTEST: usize = 8;

/// What a caller has to know.
#[derive(Clone)]
pub(super) struct Token(Arc<str>);

impl Token {
    pub(super) fn random() -> anyhow::Result<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).context("The system gives no random numbers for a token")?;
        Ok(Self(hex::encode(bytes).into()))
    }

    pub(super) fn given(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        if plain && text.len() >= SHORTEST {
            Ok(Self(text.into()))
        } else {
            Err(format!("A token has at least {SHORTEST} letters, digits or any of - . _ ~"))
        }
    }

    /// For whoever started the program.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the same time wherever the two differ.
    pub(super) fn is(&self, said: &str) -> bool {
        self.0.as_bytes().ct_eq(said.as_bytes()).into()
    }

    /// Whether the request carries it.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        said.and_then(|said| said.strip_prefix("Bearer ")).is_some_and(|said| self.is(said.trim()))
    }
}

/// The names under which this server may be asked.
#[derive(Clone)]
pub(super) struct Gate {
    hosts: Arc<[String]>,
}

impl Gate {
    pub(super) fn new(address: SocketAddr) -> Self {
        let port = address.port();
        let mut hosts: Vec<String> =
            ["localhost", "127.0.0.1", "[::1]"].iter().map(|name| format!("{name}:{port}")).collect();
        let address = address.to_string();
        if !hosts.contains(&address) {
            hosts.push(address);
        }
        Self { hosts: hosts.into() }
    }

    /// The names, each with the port.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Lets only those in who call this server by its own name, and from its own pages. Another name means that a
    /// foreign page had its name point here (DNS rebinding).
    pub(super) fn before(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), check))
    }

    fn admits(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let host = only(headers, &header::HOST).ok_or("The request names no host, or several.")?;
        if !self.is_own(host) {
            return Err("Hark answers only under its own address on this machine.");
        }
        if !headers.contains_key(header::ORIGIN) {
            // Browsers always send it along with what could do harm; other programs need not.
            return Ok(());
        }
        let origin = only(headers, &header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
        match origin {
            Some(host) if self.is_own(host) => Ok(()),
            _ => Err("Hark does not answer pages of other origins."),
        }
    }

    fn is_own(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

/// The value of a header that is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let mut response = match gate.admits(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refusal(StatusCode::FORBIDDEN, &ApiError::new(ErrorCode::Other, why)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    let kept = header::HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(kept);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(headers: &[(&HeaderName, &str)]) -> bool {
        let gate = Gate::new("127.0.0.1:8317".parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        gate.admits(&map).is_ok()
    }

    #[test]
    fn it_answers_under_its_own_names() {
        for host in ["127.0.0.1:8317", "localhost:8317", "LOCALHOST:8317", "[::1]:8317"] {
            assert!(admits(&[(&header::HOST, host)]), "{host}");
        }
    }

    #[test]
    fn another_name_is_refused() {
        for host in ["evil.example:8317", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8317", ""] {
            assert!(!admits(&[(&header::HOST, host)]), "{host}");
        }
        assert!(!admits(&[]));
        assert!(!admits(&[(&header::HOST, "localhost:8317"), (&header::HOST, "localhost:8317")]));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let from = |origin| admits(&[(&header::HOST, "localhost:8317"), (&header::ORIGIN, origin)]);
        assert!(from("http://localhost:8317"));
        assert!(from("http://127.0.0.1:8317"));
        for bad in ["null", "http://localhost", "https://localhost:8317", "http://evil.example", ""] {
            assert!(!from(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_is_told_from_another() {
        let token = Token::given("0123456789abcdef").unwrap();
        assert!(token.is("0123456789abcdef"));
        for bad in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!token.is(bad), "{bad}");
        }
        assert!(Token::given("short").is_err() && Token::given("with space in it").is_err());
        assert_ne!(Token::random().unwrap().reveal(), Token::random().unwrap().reveal());
    }
}
