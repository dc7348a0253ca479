//! The Whisper worker's program: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_kit::protocols::Stt;
use worker_whisper::{WhisperWorker, identity};

fn main() -> ExitCode {
    // Standard output belongs to the protocol; the log goes to standard error, where the host reads it.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("HARK_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    if std::env::args().len() > 1 {
        eprintln!("usage: worker-whisper        serve a host on standard input and output");
        return ExitCode::FAILURE;
    }
    worker_kit::serve::<Stt, _>(identity(), WhisperWorker::default())
}
