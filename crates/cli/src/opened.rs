//! The threads and the application that most subcommands need.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use api::App;
use tokio::runtime::{Handle, Runtime};

/// How long what still runs at the end is waited for: a worker's process has to be told that it is over.
const PARTING: Duration = Duration::from_millis(500);

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
