//! The program that reads the text in a picture: takes an [`engine::ReadPicture`] from its standard input, writes an
//! [`engine::ReadAnswer`] to its standard output (both `MessagePack`), and ends. One process a picture: what it needs of
//! memory is given back, and whoever asked may end it when nobody wants the answer any more.

use std::io::{Read, Write};
use std::process::ExitCode;

use engine::ReadPicture;

fn main() -> ExitCode {
    worker_onnx::give_back_early();
    worker_kit::log_to_stderr();
    let mut asked = Vec::new();
    if std::io::stdin().lock().read_to_end(&mut asked).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(asked) = rmp_serde::from_slice::<ReadPicture>(&asked) else { return ExitCode::FAILURE };
    let answer = worker_onnx::paddle::read(&asked);
    let written =
        rmp_serde::to_vec_named(&answer).is_ok_and(|out| std::io::stdout().lock().write_all(&out).is_ok());
    if written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
