//! `worker-heic`: reads a HEIC picture (as phones take them) from standard input and writes it to standard output as PNG,
//! upright. The system's own libheif reads it, which is loaded at run time; without it the program ends with
//! [`NO_LIBRARY`].
//!
//! Such a file is decoded by a video decoder in C++, so this is a process of its own, which limits its memory and computing
//! time where the system can, and which whoever started it ends after a while.

mod heif;

use std::io::{Read, Write};
use std::process::ExitCode;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// The largest file, bytes; nobody sends more.
const MOST_BYTES: u64 = 32 << 20;

/// How it ends where there is no libheif.
const NO_LIBRARY: u8 = 3;

fn main() -> ExitCode {
    limit();
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > MOST_BYTES {
        return ExitCode::FAILURE;
    }
    match heif::decode(&bytes) {
        Ok(picture) if write(&picture).is_some() => ExitCode::SUCCESS,
        Ok(_) | Err(heif::Unread::Damaged) => ExitCode::FAILURE,
        Err(heif::Unread::NoLibrary) => ExitCode::from(NO_LIBRARY),
    }
}

fn write(picture: &heif::Pixels) -> Option<()> {
    let mut out = Vec::new();
    PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive)
        .write_image(&picture.rgb, picture.width, picture.height, ExtendedColorType::Rgb8)
        .ok()?;
    std::io::stdout().lock().write_all(&out).ok()
}

/// Memory and computing time: a file that wants more ends the process.
#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    const MEMORY: u64 = 1 << 30;
    const SECONDS: u64 = 30;
    let at_most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // Where the system has no such limit, the time that the parent waits still bounds it.
    let _ = setrlimit(Resource::As, at_most(MEMORY));
    let _ = setrlimit(Resource::Cpu, at_most(SECONDS));
    let _ = setrlimit(Resource::Core, at_most(0));
}

#[cfg(not(unix))]
fn limit() {}
