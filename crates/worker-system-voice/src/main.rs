//! The program of the system's own voices: serves one host over its standard input and output. Its first thread computes,
//! as macOS wants it.

use std::process::ExitCode;

use worker_kit::protocols::Tts;
use worker_system_voice::{SystemVoiceWorker, identity, system};

const USAGE: &str = "usage: worker-system-voice        serve a host on standard input and output";

fn main() -> ExitCode {
    worker_kit::log_to_stderr();
    if std::env::args().len() > 1 {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    }
    if let Some(why) = system::ABSENT {
        eprintln!("{why}");
    }
    worker_kit::serve::<Tts, _>(identity(), SystemVoiceWorker::new(system::start))
}
