//! The program that judges with Smart Turn whether somebody has finished speaking: serves one host over its standard input
//! and output.

use std::process::ExitCode;

use worker_kit::protocols::Judge;
use worker_onnx::smart_turn::SmartTurnWorker;

fn main() -> ExitCode {
    worker_onnx::give_back_early();
    worker_kit::log_to_stderr();
    worker_kit::serve::<Judge, _>(worker_onnx::identity("worker-smart-turn"), SmartTurnWorker::default())
}
