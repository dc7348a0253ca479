//! The window's front end for a browser.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::services::ServeDir;

use super::gate::Gate;
use crate::exit::{Exit, Failure};

/// Files under this path have their content's hash in their names.
const HASHED: &str = "/assets/";

/// A built front end.
pub(super) struct Page {
    folder: PathBuf,
}

impl Page {
    /// The one in `folder`, or else the one that belongs to this program.
    pub(super) fn find(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let has_page = |folder: &PathBuf| folder.join("index.html").is_file();
        if let Some(folder) = folder {
            if has_page(&folder) {
                return Ok(Self { folder });
            }
            let sentence =
                format!("There is no index.html in {}. Build the front end first.", folder.display());
            return Err(Failure::usage(sentence).into());
        }
        let exe = std::env::current_exe().unwrap_or_default();
        places(exe.parent().unwrap_or(Path::new(".")))
            .into_iter()
            .find(has_page)
            .map(|folder| Self { folder })
            .ok_or_else(|| {
                let sentence =
                    "The front end is not installed beside this program. Name its folder: --ui DIR.";
                Failure::new(Exit::Failed, sentence).into()
            })
    }

    /// Puts the front end where `api` has nothing.
    pub(super) fn around(self, api: Router, gate: &Gate) -> Router {
        let files = ServeDir::new(self.folder).append_index_html_on_directories(true);
        let policy = HeaderValue::from_str(&policy(gate.hosts())).ok();
        let guarded =
            middleware::from_fn(move |request: Request, next: Next| guard(policy.clone(), request, next));
        api.fallback_service(files).layer(guarded)
    }
}

/// Beside the program, where packages put it, and where a build leaves it (`target/PROFILE/hark`, `ui/dist`).
fn places(program: &Path) -> [PathBuf; 3] {
    [program.join("ui"), program.join("../share/hark/ui"), program.join("../../ui/dist")]
}

/// As in the window: no code, style or connection from anywhere else.
fn policy(hosts: &[String]) -> String {
    // Not every browser lets 'self' stand for the same host's WebSocket. An IPv6 address cannot be named there.
    let sockets = hosts.iter().filter(|host| !host.starts_with('[')).map(|host| format!(" ws://{host}"));
    let sockets: String = sockets.collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    )
}

async fn guard(policy: Option<HeaderValue>, request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with(HASHED);
    let mut response = next.run(request).await;
    let good = response.status().is_success();
    let headers = response.headers_mut();
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if hashed && good {
        let long = HeaderValue::from_static("private, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, long);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_nothing_but_this_server() {
        let policy = policy(&["127.0.0.1:1".into(), "localhost:1".into(), "[::1]:1".into()]);
        assert!(policy.contains("connect-src 'self' ws://127.0.0.1:1 ws://localhost:1;"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    }
}
