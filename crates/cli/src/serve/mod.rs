//! `hark serve`: the application over HTTP and one WebSocket, on this machine alone.
//!
//! `POST /api/command/NAME` calls a command with JSON arguments; `GET /api/events` is the event stream; with `--ui`,
//! everything else is the window's own front end. Always holds: it listens on a loopback address only; every call
//! carries the token; a request under another host's name or from another page is refused ([`gate`]).

mod calls;
mod events;
mod gate;
mod page;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use api::App;
use axum::Router;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};
use crate::opened;
use gate::{Gate, Token};

/// Requests that still run when the program is asked to end get so long.
const GRACE: Duration = Duration::from_secs(2);

/// The arguments of `hark serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address to listen on
    #[arg(long, help = "Address to listen on: 127.0.0.1, localhost or [::1]", default_value = "127.0.0.1", value_parser = loopback)]
    host: IpAddr,
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 8317)]
    port: u16,
    /// Serve the window's front end too, from DIR if given
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    #[allow(clippy::option_option)]
    // not given, given alone, given with a folder: clap's own way to say so
    ui: Option<Option<PathBuf>>,
    /// The token callers have to know; made up afresh if not given
    #[arg(long, env = "HARK_TOKEN", hide_env_values = true, value_parser = Token::given)]
    token: Option<Token>,
    /// Print address and token as one line of JSON
    #[arg(long)]
    json: bool,
}

fn loopback(text: &str) -> Result<IpAddr, String> {
    let address = match text {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "[::1]" => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        other => other.parse().ok(),
    };
    address.filter(IpAddr::is_loopback).ok_or_else(|| {
        "Hark listens on this machine alone (127.0.0.1, ::1 or localhost): whoever reaches it can read every \
         conversation. For another machine, use a tunnel such as ssh -L."
            .to_owned()
    })
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    app: App,
    token: Token,
    /// The program is asked to end.
    ending: CancellationToken,
}

/// Serves until Ctrl-C or a request to terminate.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let token = match args.token {
        Some(token) => token,
        None => Token::random()?,
    };
    let page = args.ui.map(page::Page::find).transpose()?;
    let listener = listen(args.host, args.port).await?;
    let address = listener.local_addr().context("The address could not be read")?;
    let app = opened::application()?;
    let ending = CancellationToken::new();
    let shared = Shared { app: app.clone(), token: token.clone(), ending: ending.clone() };
    let has_page = page.is_some();
    let router = router(shared, page, &Gate::new(address));

    announce(address, &token, has_page, args.json)?;
    let server = axum::serve(listener, router).with_graceful_shutdown(ending.clone().cancelled_owned());
    let server = tokio::spawn(server.into_future());
    asked_to_end().await?;
    ending.cancel();
    // Whoever does not hang up in time is cut off: the conversations have to be saved.
    let _ = tokio::time::timeout(GRACE, server).await;
    opened::close(app).await;
    Ok(Exit::Done)
}

fn router(shared: Shared, page: Option<page::Page>, gate: &Gate) -> Router {
    let api = Router::new()
        .route("/api/command/{name}", post(calls::call))
        .route("/api/events", get(events::stream))
        .route("/api/{*rest}", any(calls::nothing_here))
        .layer(axum::extract::DefaultBodyLimit::max(calls::LARGEST))
        .with_state(shared);
    let api = api.fallback(calls::nothing_here);
    let whole = match page {
        Some(page) => page.around(api, gate),
        None => api,
    };
    gate.before(whole)
}

async fn listen(host: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        let sentence = if error.kind() == std::io::ErrorKind::AddrInUse {
            format!(
                "Port {port} is taken by another program. Choose another with --port, or --port 0 for any."
            )
        } else {
            format!("Port {port} of {host} cannot be used: {error}. Choose another with --port.")
        };
        Failure::new(Exit::Failed, sentence).into()
    })
}

/// Says where it is, once it can be reached.
fn announce(address: SocketAddr, token: &Token, ui: bool, json: bool) -> anyhow::Result<()> {
    let token = token.reveal();
    let url = format!("http://{address}/#token={token}");
    let mut out = std::io::stdout().lock();
    if json {
        let told = serde_json::json!({
            "url": url, "origin": format!("http://{address}"), "port": address.port(), "token": token, "ui": ui
        });
        writeln!(out, "{told}")?;
    } else {
        writeln!(out, "Hark is at {url}")?;
        if !ui {
            writeln!(out, "There is no page to look at; --ui adds the window's own.")?;
        }
        writeln!(out, "The address lets whoever has it in. Ctrl-C ends it.")?;
    }
    Ok(out.flush()?)
}

/// Waits for Ctrl-C, or for what an operating system says to a program that has to end.
async fn asked_to_end() -> anyhow::Result<()> {
    let what = "The end of the program could not be awaited";
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context(what)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.context(what),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.context(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_on() {
        for good in ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost"] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0", "::", "192.168.1.2", "example.org", ""] {
            assert!(loopback(bad).unwrap_err().contains("this machine alone"), "{bad}");
        }
    }
}
