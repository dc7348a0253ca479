//! The program that listens with Moonshine: serves one host over its standard input and output.

use std::process::ExitCode;

use worker_kit::protocols::Stt;
use worker_onnx::moonshine::MoonshineWorker;

fn main() -> ExitCode {
    worker_onnx::give_back_early();
    worker_kit::log_to_stderr();
    worker_kit::serve::<Stt, _>(worker_onnx::identity("worker-moonshine"), MoonshineWorker::default())
}
