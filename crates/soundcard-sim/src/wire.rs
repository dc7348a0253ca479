//! How one simulated device speaks to the sound server: the shape of its sound, and the pipe it goes through.

use crate::{BLOCK, CardError, RATE};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 16 bits, little end first.
    S16,
    /// Signed, 32 bits, little end first.
    S32,
    /// Floating point, little end first.
    F32,
}

/// The shape of a device's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Frames a second, 8,000 to 192,000.
    pub rate: u32,
    /// Channels, 1 to 8. A microphone gives the same on all; of a loudspeaker the first two are heard.
    pub channels: u16,
    /// How a sample is written.
    pub format: Format,
}

impl Shape {
    /// What the loudspeaker has when nothing else is said.
    pub const SPEAKER: Self = Self { rate: RATE, channels: 2, format: Format::F32 };
    /// What the microphone has when nothing else is said.
    pub const MICROPHONE: Self = Self { rate: RATE, channels: 1, format: Format::F32 };

    /// This shape at another rate.
    #[must_use]
    pub fn at(self, rate: u32) -> Self {
        Self { rate, ..self }
    }

    /// As the server's modules want it.
    pub(crate) fn arguments(self) -> [String; 3] {
        let format = match self.format {
            Format::U8 => "u8",
            Format::S16 => "s16le",
            Format::S32 => "s32le",
            Format::F32 => "float32le",
        };
        [format!("rate={}", self.rate), format!("channels={}", self.channels), format!("format={format}")]
    }

    fn frame_bytes(self) -> usize {
        let sample = match self.format {
            Format::U8 => 1,
            Format::S16 => 2,
            Format::S32 | Format::F32 => 4,
        };
        sample * usize::from(self.channels)
    }

    /// Frames of tick `tick`: on the average `BLOCK` at `RATE`, never a frame lost to rounding.
    fn frames_of_tick(self, tick: u64) -> usize {
        let until = |ticks: u64| ticks * BLOCK as u64 * u64::from(self.rate) / u64::from(RATE);
        usize::try_from(until(tick + 1) - until(tick)).unwrap_or(0)
    }
}

/// A pipe from a loudspeaker or to a microphone.
pub(crate) struct Wire {
    file: File,
    shape: Shape,
    tick: u64,
    last: f32,
    /// Bytes that a full pipe did not take, so that frames stay whole.
    rest: Vec<u8>,
}

impl Wire {
    /// From a loudspeaker.
    pub(crate) fn reading(path: &Path, shape: Shape) -> Result<Self, CardError> {
        Self::open(path, shape, OpenOptions::new().read(true), 1)
    }

    /// To a microphone.
    pub(crate) fn writing(path: &Path, shape: Shape) -> Result<Self, CardError> {
        // Room for blocks that are caught up with; who records reads at once, so it makes nothing later.
        Self::open(path, shape, OpenOptions::new().write(true), 8)
    }

    fn open(path: &Path, shape: Shape, options: &mut OpenOptions, blocks: usize) -> Result<Self, CardError> {
        // From a loudspeaker one block: what waits in the pipe is late. PulseAudio writes 4 KiB at a time.
        let block = shape.frames_of_tick(0) * shape.frame_bytes();
        let one = if block <= 4096 { 4096 } else { (2 * block).next_power_of_two() };
        let size = (one * blocks).min(1 << 20);
        let file = open_pipe(path, options, size).map_err(CardError::Pipe)?;
        Ok(Self { file, shape, tick: 0, last: 0.0, rest: Vec::new() })
    }

    /// Takes one tick's sound, mixed to mono at [`RATE`], and adds it to `block`. What is not there after `patience` is
    /// silence; says whether all was there.
    pub(crate) fn take(&mut self, block: &mut [f32; BLOCK], patience: Duration) -> bool {
        let frames = self.shape.frames_of_tick(self.tick);
        self.tick += 1;
        let mut bytes = vec![0; frames * self.shape.frame_bytes()];
        if self.shape.format == Format::U8 {
            bytes.fill(0x80);
        }
        let complete = self.fill(&mut bytes, patience);
        let mono: Vec<f32> =
            bytes.chunks_exact(self.shape.frame_bytes()).map(|frame| self.mono(frame)).collect();
        let stretched = self.stretched(&mono, BLOCK);
        for (sample, heard) in block.iter_mut().zip(stretched) {
            *sample += heard;
        }
        complete
    }

    fn fill(&mut self, bytes: &mut [u8], patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut got = 0;
        while got < bytes.len() {
            match self.file.read(&mut bytes[got..]) {
                Ok(read) if read > 0 => got += read,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                // Nothing there now, or nobody at the other end yet.
                _ if Instant::now() < deadline => std::thread::sleep(Duration::from_micros(300)),
                _ => return false,
            }
        }
        true
    }

    fn mono(&self, frame: &[u8]) -> f32 {
        let size = frame.len() / usize::from(self.shape.channels);
        let heard = usize::from(self.shape.channels).min(2);
        frame.chunks_exact(size).take(heard).map(|sample| self.decode(sample)).sum::<f32>() / heard as f32
    }

    fn decode(&self, sample: &[u8]) -> f32 {
        match (self.shape.format, sample) {
            (Format::U8, [a]) => (f32::from(*a) - 128.0) / 128.0,
            (Format::S16, [a, b]) => f32::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
            (Format::S32, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]) as f32 / 2_147_483_648.0,
            (Format::F32, [a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0.0,
        }
    }

    /// Gives one tick's sound to the microphone. A pipe that nobody reads is full: the sound is lost, as it should be.
    pub(crate) fn give(&mut self, block: &[f32; BLOCK]) {
        let frames = self.shape.frames_of_tick(self.tick);
        self.tick += 1;
        if !self.push_rest() {
            return;
        }
        let mut bytes = Vec::with_capacity(frames * self.shape.frame_bytes());
        for sample in self.stretched(block, frames) {
            for _ in 0..self.shape.channels {
                encode(self.shape.format, sample.clamp(-1.0, 1.0), &mut bytes);
            }
        }
        // An error says that the pipe is full, or that the device is gone.
        if let Ok(written) = self.file.write(&bytes) {
            self.rest.extend_from_slice(&bytes[written..]);
        }
    }

    fn push_rest(&mut self) -> bool {
        let written = if self.rest.is_empty() { 0 } else { self.file.write(&self.rest).unwrap_or(0) };
        self.rest.drain(..written);
        self.rest.is_empty()
    }

    /// As many frames as wanted, by means (downwards) or straight lines (upwards). Good enough for a test's sound; where
    /// both rates are the same nothing is changed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places within a block")]
    fn stretched(&mut self, samples: &[f32], wanted: usize) -> Vec<f32> {
        let before = std::mem::replace(&mut self.last, samples.last().copied().unwrap_or(0.0));
        if samples.len() == wanted || samples.is_empty() {
            return samples.to_vec();
        }
        let step = samples.len() as f64 / wanted as f64;
        let at = |place: f64| {
            let whole = place.floor();
            let share = (place - whole) as f32;
            let left = if whole < 1.0 { before } else { samples[whole as usize - 1] };
            let right = samples[(whole as usize).min(samples.len() - 1)];
            left + (right - left) * share
        };
        let mean = |n: usize| {
            let (from, to) =
                ((n as f64 * step) as usize, (((n + 1) as f64 * step) as usize).min(samples.len()));
            samples[from..to].iter().sum::<f32>() / (to - from).max(1) as f32
        };
        (0..wanted).map(|n| if step >= 2.0 { mean(n) } else { at((n + 1) as f64 * step) }).collect()
    }
}

#[cfg(target_os = "linux")]
fn open_pipe(path: &Path, options: &mut OpenOptions, size: usize) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = options.custom_flags(nonblocking).open(path)?;
    rustix::pipe::fcntl_setpipe_size(&file, size)?;
    Ok(file)
}

/// The length of a pipe can be chosen on Linux only, and the sound server is one of Linux anyway.
#[cfg(not(target_os = "linux"))]
fn open_pipe(_: &Path, _: &mut OpenOptions, _: usize) -> std::io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what the format holds"
)]
fn encode(format: Format, sample: f32, into: &mut Vec<u8>) {
    match format {
        Format::U8 => into.push((sample * 127.0 + 128.0) as u8),
        Format::S16 => into.extend(((sample * 32_767.0) as i16).to_le_bytes()),
        Format::S32 => into.extend(((f64::from(sample) * 2_147_483_647.0) as i32).to_le_bytes()),
        Format::F32 => into.extend(sample.to_le_bytes()),
    }
}
