//! Where a worker's log goes.

use tracing_subscriber::EnvFilter;

/// Which log lines are written: as `RUST_LOG`, for Hark's own programs.
const LOG: &str = "HARK_LOG";

/// Sends the log to standard error, where the host reads it: warnings, or what `HARK_LOG` says. Standard output belongs to
/// the protocol.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // Fails only when a log is there already (in tests).
    let _ = log.try_init();
}
