//! Where a server is: what the user entered, and what it means.

use std::net::{IpAddr, Ipv6Addr};

use engine::EngineError;
use reqwest::Url;

use crate::secret::Secret;

/// A server as it stands in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The server's address, with or without `/v1`, with or without `http://`.
    pub base_url: String,
    /// The model's name on that server; empty takes the first it offers.
    pub model: String,
    /// The key, where the server asks for one.
    pub api_key: Option<Secret>,
    /// Tokens of context, where the user knows better than the server says.
    pub context_tokens: Option<u32>,
}

/// Something about a server's address that the user should know; nothing is refused because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointWarning {
    /// A key goes in plain text over a network that is not the user's own.
    #[error(
        "The key and everything said travel unencrypted to this server, where others on the way can read them. Use an https address if the server has one."
    )]
    KeyInPlainText,
    /// No key, but the words go in plain text over a network that is not the user's own.
    #[error(
        "Everything said travels unencrypted to this server. Use an https address if the server has one."
    )]
    WordsInPlainText,
}

impl Endpoint {
    /// What the user should know about this address before using it.
    pub fn warning(&self) -> Option<EndpointWarning> {
        let address = Address::parse(&self.base_url).ok()?;
        if address.root.scheme() == "https" || address.is_private() {
            return None;
        }
        Some(match self.api_key {
            Some(_) => EndpointWarning::KeyInPlainText,
            None => EndpointWarning::WordsInPlainText,
        })
    }
}

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Ends in `/`; llama-server's own `props`, `health` and `tokenize` are below it.
    root: Url,
    /// Ends in `/`; `models` and `chat/completions` are below it.
    api: Url,
}

impl Address {
    pub(crate) fn parse(entered: &str) -> Result<Self, EngineError> {
        let entered = entered.trim();
        let bad = |what: &str| {
            Err(EngineError::Unreachable {
                reason: format!("The server's address {what}. Enter it like http://192.168.1.20:8080."),
            })
        };
        let with_scheme =
            if entered.contains("://") { entered.to_owned() } else { format!("http://{entered}") };
        let Ok(mut url) = Url::parse(&with_scheme) else {
            return bad("is not an address");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return bad("is not a web address");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("holds a name or a password, which belongs in the key's field");
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path).to_owned();
        let (above, last) = path.rsplit_once('/').unwrap_or(("", ""));
        // Some services count otherwise (`/v4`), so any version stands for itself.
        let is_version = last
            .strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
        let (root_path, api_path) = if is_version {
            (format!("{above}/"), format!("{path}/"))
        } else {
            (format!("{path}/"), format!("{path}/v1/"))
        };
        let at = |path: &str| {
            let mut url = url.clone();
            url.set_path(path);
            url
        };
        Ok(Self { root: at(&root_path), api: at(&api_path) })
    }

    /// An endpoint of OpenAI's interface, such as `models`.
    pub(crate) fn api(&self, path: &str) -> Url {
        below(&self.api, path)
    }

    /// An endpoint of the server's own interface, such as `props`.
    pub(crate) fn own(&self, path: &str) -> Url {
        below(&self.root, path)
    }

    /// The host alone.
    pub(crate) fn name(&self) -> &str {
        self.root.host_str().unwrap_or_default()
    }

    /// `host:port`, for people.
    pub(crate) fn host(&self) -> String {
        let host = self.name();
        self.root.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether the host is this machine or on a network that is not reached through the internet.
    pub(crate) fn is_private(&self) -> bool {
        let host = self.name().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(ip) => is_private(ip),
            // One label, or a name that is never in the public name service (RFC 6761, RFC 6762, RFC 8375, ICANN).
            Err(_) => {
                !host.contains('.')
                    || [".localhost", ".local", ".home.arpa", ".internal", ".lan"]
                        .iter()
                        .any(|end| host.ends_with(end))
            }
        }
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 100.64.0.0/10 (RFC 6598) is where Tailscale and its like put their encrypted networks.
            let [a, b, ..] = ip.octets();
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => {
            ip.to_ipv4_mapped().is_some_and(|ip| is_private(IpAddr::V4(ip)))
                || ip == Ipv6Addr::LOCALHOST
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entered: &str, models: &str, props: &str, host: &str) {
        let address = Address::parse(entered).unwrap();
        assert_eq!(address.api("models").as_str(), models, "{entered}");
        assert_eq!(address.own("props").as_str(), props, "{entered}");
        assert_eq!(address.host(), host, "{entered}");
    }

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        let local = ("http://localhost:8080/v1/models", "http://localhost:8080/props", "localhost:8080");
        for entered in [
            "http://localhost:8080",
            "localhost:8080/",
            "http://localhost:8080/v1",
            " http://localhost:8080/v1/ ",
            "http://localhost:8080/v1/chat/completions",
        ] {
            check(entered, local.0, local.1, local.2);
        }
        check(
            "https://example.org/llm",
            "https://example.org/llm/v1/models",
            "https://example.org/llm/props",
            "example.org:443",
        );
        check(
            "https://example.org/api/v4/",
            "https://example.org/api/v4/models",
            "https://example.org/api/props",
            "example.org:443",
        );
        check("192.168.1.5:80", "http://192.168.1.5/v1/models", "http://192.168.1.5/props", "192.168.1.5:80");
        check("http://[::1]:8080", "http://[::1]:8080/v1/models", "http://[::1]:8080/props", "[::1]:8080");
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_sentence() {
        for entered in ["", "   ", "file:///etc/passwd", "http://", "http://me:secret@host:1"] {
            let error = Address::parse(entered).unwrap_err();
            assert!(error.to_string().contains("Enter it like"), "{entered}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_warning_is_given_where_others_could_read() {
        let warn = |base_url: &str, key: Option<&str>| {
            Endpoint {
                base_url: base_url.into(),
                model: String::new(),
                api_key: key.map(Secret::new),
                context_tokens: None,
            }
            .warning()
        };
        for own in [
            "http://127.0.0.1:1",
            "http://10.1.2.3",
            "http://192.168.0.9:11434",
            "http://100.100.1.1",
            "http://[fd00::1]:1",
            "nas:8080",
            "http://box.local:1",
            "https://example.org",
        ] {
            assert_eq!(warn(own, Some("k")), None, "{own}");
        }
        for far in ["http://example.org", "http://8.8.8.8:8080", "http://[2001:db8::1]", "http://11.0.0.1"] {
            assert_eq!(warn(far, Some("k")), Some(EndpointWarning::KeyInPlainText), "{far}");
            assert_eq!(warn(far, None), Some(EndpointWarning::WordsInPlainText), "{far}");
        }
    }
}
