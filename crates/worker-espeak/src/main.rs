//! The eSpeak NG worker's program: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_espeak::{EspeakWorker, identity};
use worker_kit::protocols::Tts;

const USAGE: &str = "usage: worker-espeak        serve a host on standard input and output

eSpeak NG itself is loaded from the system; ESPEAK_NG_LIBRARY names its library where it is not in the usual place.";

fn main() -> ExitCode {
    worker_kit::log_to_stderr();
    if std::env::args().len() > 1 {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    }
    worker_kit::serve::<Tts, _>(identity(), EspeakWorker::default())
}
