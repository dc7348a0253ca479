//! The threads and the application that most subcommands need.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use api::App;
use tokio::runtime::{Handle, Runtime};

/// How long what still runs at the end is waited for: a worker's process has to be told that it is over.
const PARTING: Duration = Duration::from_millis(500);

/// How long saving may take at the end.
const SAVING: Duration = Duration::from_secs(5);

/// Runs `work` on threads of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Runtime::new().context("The program could not start its threads")?;
    let done = runtime.block_on(work);
    // A blocked read of standard input must not keep the program from ending.
    runtime.shutdown_timeout(PARTING);
    done
}

/// The application of this user on this machine.
pub(crate) fn application() -> anyhow::Result<App> {
    assembly::open(&Handle::current())
}

/// Ends the application, and returns when its files are closed.
pub(crate) async fn close(app: App) {
    // What has not ended by then is ended with the process; the history can take it.
    let _ = tokio::time::timeout(SAVING, app.close()).await;
}
