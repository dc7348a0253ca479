//! The program that speaks with Kokoro: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_kit::protocols::Tts;
use worker_onnx::kokoro::KokoroWorker;

fn main() -> ExitCode {
    worker_onnx::give_back_early();
    worker_kit::log_to_stderr();
    worker_kit::serve::<Tts, _>(worker_onnx::identity("worker-kokoro"), KokoroWorker::default())
}
