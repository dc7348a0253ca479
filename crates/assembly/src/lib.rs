//! Puts the real parts together: worker processes, sound, servers, keyring, models, history, desktop. The two hosts (the
//! window and the command line) share it, so that they are the same program behind different doors.

mod desktop;
mod documents;
mod local;
mod servers;
mod sights;
pub mod speech;

pub use sights::{permission, seen_error};

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use api::{App, Parts};
use model_store::{ModelStore, Network, StoreConfig};
use settings::{Paths, Settings};
use tracing_subscriber::EnvFilter;

/// Which log lines are shown: as `RUST_LOG`, for this program.
const LOG: &str = "HARK_LOG";

/// Sends log lines to standard error: warnings, or what `HARK_LOG` says. They never hold what was said or typed.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when a log is there already (in tests).
    let _ = log.with_ansi(std::io::stderr().is_terminal()).try_init();
}

/// Opens the application of this user on this machine.
pub fn open(runtime: &tokio::runtime::Handle) -> anyhow::Result<App> {
    let paths = Paths::from_env().context("The folders for settings and data could not be found")?;
    open_under(paths, runtime)
}

/// Opens the application with these folders.
pub fn open_under(paths: Paths, runtime: &tokio::runtime::Handle) -> anyhow::Result<App> {
    let _entered = runtime.enter();
    let models = paths.clone();
    let parts = Parts {
        desktop: Arc::new(desktop::SystemDesktop { fallback: paths.data.clone() }),
        store: Arc::new(move |settings| model_store_of(&models, settings)),
        local: Arc::new(local::WorkerEngine::new()),
        servers: Arc::new(servers::RemoteServers::new()),
        speech: Arc::new(speech::SystemSpeech::new(paths.clone(), runtime.clone())),
        documents: Arc::new(documents::Programs::default()),
        sights: Arc::new(sights::SystemSights),
        clock: Arc::new(now),
        paths,
    };
    Ok(App::open(parts, runtime.clone())?)
}

/// The models on this machine, as the settings want them kept and fetched.
pub fn model_store_of(paths: &Paths, settings: &Settings) -> Result<ModelStore, model_store::CatalogueError> {
    ModelStore::open(store_config(paths, settings))
}

fn store_config(paths: &Paths, settings: &Settings) -> StoreConfig {
    let mut config = StoreConfig::from_env(paths.models_folder(settings));
    if let Some(hub) = &settings.models.hub_endpoint {
        config.endpoints.insert(0, hub.trim_end_matches('/').to_owned());
        // The token in the environment is for the usual hub, and none of another's business.
        config.token = None;
    }
    if settings.models.offline {
        config.network = Network::Offline;
    }
    config
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
