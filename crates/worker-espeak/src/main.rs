//! The eSpeak NG worker's program: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_espeak::{EspeakWorker, identity};
use worker_kit::protocols::Tts;

const USAGE: &str = "usage: worker-espeak        serve a host on standard input and output

eSpeak NG itself is loaded from the system; ESPEAK_NG_LIBRARY names its library where it is not in the usual place.";

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
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    }
    worker_kit::serve::<Tts, _>(identity(), EspeakWorker::default())
}
