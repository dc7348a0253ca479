//! The Whisper worker's program: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_kit::protocols::Stt;
use worker_whisper::{WhisperWorker, identity};

fn main() -> ExitCode {
    worker_kit::log_to_stderr();
    if std::env::args().len() > 1 {
        eprintln!("usage: worker-whisper        serve a host on standard input and output");
        return ExitCode::FAILURE;
    }
    worker_kit::serve::<Stt, _>(identity(), WhisperWorker::default())
}
