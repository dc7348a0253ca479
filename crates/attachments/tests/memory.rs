#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

//! How much memory pictures take that are made to take much. One test alone, because it looks at its whole process.

use attachments::{Attachments, MOST_PICTURE_PIXELS};
use png::{BitDepth, ColorType, Compression, Encoder};

/// A PNG of this size whose pixels are zeros, packed tightly.
fn zeros(width: u32, height: u32, color: ColorType, depth: BitDepth) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let bytes = color.samples() * (depth as usize) / 8;
    let row = vec![0; width as usize * bytes];
    for _ in 0..height {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    out
}

/// The most memory that this process ever held, MiB.
fn most_held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn no_picture_takes_a_gigabyte() {
    let folder = tempfile::tempdir().unwrap();
    let attachments = Attachments::new(folder.path().to_path_buf());
    let side = u32::try_from(MOST_PICTURE_PIXELS.isqrt()).unwrap();
    // The largest that are taken, in every form; then those that are not.
    attachments.take(&zeros(side, side, ColorType::Rgb, BitDepth::Eight)).unwrap();
    attachments.take(&zeros(side, side, ColorType::Grayscale, BitDepth::Eight)).unwrap();
    attachments.take(&zeros(7000, 7000, ColorType::Rgba, BitDepth::Eight)).unwrap();
    attachments.take(&zeros(5000, 5000, ColorType::Rgba, BitDepth::Sixteen)).unwrap();
    attachments.take(&zeros(side, side, ColorType::Rgba, BitDepth::Sixteen)).unwrap_err();
    attachments.take(&zeros(20_000, 10_000, ColorType::Grayscale, BitDepth::Eight)).unwrap_err();
    let most = most_held();
    println!("at most {most} MiB");
    assert!(most < 1024, "{most} MiB");
}
