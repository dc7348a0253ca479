//! The room in which loudspeaker and microphone stand: one clock, and everything that is heard by adding up.

use crate::{BLOCK, CardError, RATE, Sound, wire::Wire};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// What a microphone gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gives {
    /// What is to be heard in the room, and a hiss at -85 dB: no real microphone gives only zeros.
    #[default]
    Room,
    /// Nothing but zeros, as a microphone does that is muted or not allowed.
    Zeros,
    /// The room, 40 dB too loud.
    Clipping,
    /// No sound at all, not even silence: a device that has stalled.
    Nothing,
}

/// What a tape has heard. All tracks have the same length, and an index means the same time in each.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// What the loudspeakers emitted.
    pub speaker: Vec<f32>,
    /// What was spoken in the room, without echo, noise and hiss.
    pub user: Vec<f32>,
    /// What microphones that work were given.
    pub microphone: Vec<f32>,
    /// Frames since the card was started at which the tape begins.
    pub began: u64,
    /// Blocks in which a loudspeaker's sound was not there in time and silence was put; 0 unless the machine is so busy
    /// that the sound server is late.
    pub late_blocks: u64,
}

impl Recording {
    /// Writes the three tracks (loudspeaker, user, microphone) as a WAV file of 16 bits at [`RATE`].
    pub fn save(&self, path: &Path) -> Result<(), CardError> {
        let spec = hound::WavSpec {
            channels: 3,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let write = || -> Result<(), hound::Error> {
            let mut writer = hound::WavWriter::create(path, spec)?;
            for ((speaker, user), microphone) in self.speaker.iter().zip(&self.user).zip(&self.microphone) {
                for sample in [speaker, user, microphone] {
                    #[expect(clippy::cast_possible_truncation, reason = "clamped")]
                    writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16)?;
                }
            }
            writer.finalize()
        };
        write().map_err(|why| CardError::Wav(path.into(), why))
    }
}

/// One who speaks, or a noise.
pub(crate) struct Voice {
    pub(crate) sound: Sound,
    pub(crate) gain: f32,
    pub(crate) next: usize,
    pub(crate) goes: Arc<Progress>,
    pub(crate) kind: Kind,
}

/// What kind of voice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Heard once; on the user's track.
    Speech,
    /// Heard again and again.
    Noise,
}

/// How far a voice is.
#[derive(Default)]
pub(crate) struct Progress {
    /// Frames since the card was started when it was first heard, and one more; 0 while it has not been heard.
    pub(crate) begun: AtomicU64,
    pub(crate) done: AtomicBool,
    pub(crate) cancelled: AtomicBool,
}

/// The path from loudspeakers to microphones.
#[derive(Clone, Copy)]
pub(crate) struct Echo {
    pub(crate) delay: usize,
    pub(crate) gain: f32,
}

/// What anybody may look at, at any time.
#[derive(Default)]
pub(crate) struct Clock {
    /// Frames that have passed.
    pub(crate) now: AtomicU64,
    /// What it was after the last block in which a loudspeaker was audible; 0 before the first.
    pub(crate) audible: AtomicU64,
}

/// What the room is told.
pub(crate) enum Order {
    Speaker(String, Wire),
    Microphone(String, Wire, Gives),
    /// The microphone of this name gives something else from now on.
    Gives(String, Gives),
    /// The device of this name is gone.
    Gone(String),
    Voice(Voice),
    NoNoise,
    Echo(Option<Echo>),
    Record,
    /// Hands over the tape.
    Stop(mpsc::Sender<Recording>),
    Close,
}

/// Longest way of an echo: two seconds.
pub(crate) const LONGEST_ECHO: usize = 2 * RATE as usize;

/// The power of a block (mean of its samples' squares) from which on it is audible: -60 dB.
const AUDIBLE: f32 = 1e-6;

/// The room; lives on a thread of its own.
pub(crate) struct Room {
    orders: mpsc::Receiver<Order>,
    clock: Arc<Clock>,
    speakers: Vec<(String, Wire)>,
    microphones: Vec<(String, Wire, Gives)>,
    voices: Vec<Voice>,
    echo: Option<Echo>,
    /// What the loudspeakers emitted lately; the newest sample is the last.
    emitted: Vec<f32>,
    tape: Option<Recording>,
    hiss: u32,
}

impl Room {
    /// Keeps this clock.
    pub(crate) fn new(orders: mpsc::Receiver<Order>, clock: Arc<Clock>) -> Self {
        Self {
            orders,
            clock,
            speakers: Vec::new(),
            microphones: Vec::new(),
            voices: Vec::new(),
            echo: None,
            emitted: vec![0.0; LONGEST_ECHO + BLOCK],
            tape: None,
            hiss: 0x9e37_79b9,
        }
    }

    /// Keeps the clock until it is told to close. A tick that comes late is caught up with.
    pub(crate) fn run(mut self) {
        let begin = Instant::now();
        let mut tick = 0_u64;
        loop {
            let due = begin + Duration::from_nanos(tick * BLOCK as u64 * 1_000_000_000 / u64::from(RATE));
            let wait = due.saturating_duration_since(Instant::now());
            match self.orders.recv_timeout(wait) {
                Ok(Order::Close) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Ok(order) => self.obey(order),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    tick += 1;
                    if self.tick() {
                        self.clock.audible.store(tick * BLOCK as u64, Ordering::Release);
                    }
                    self.clock.now.store(tick * BLOCK as u64, Ordering::Release);
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Speaker(name, wire) => self.speakers.push((name, wire)),
            Order::Microphone(name, wire, gives) => self.microphones.push((name, wire, gives)),
            Order::Gives(name, now) => {
                let named = self.microphones.iter_mut().filter(|(there, ..)| *there == name);
                named.for_each(|(_, _, gives)| *gives = now);
            }
            Order::Gone(name) => {
                self.speakers.retain(|(there, _)| *there != name);
                self.microphones.retain(|(there, ..)| *there != name);
            }
            Order::Voice(voice) => self.voices.push(voice),
            Order::NoNoise => self.voices.retain(|voice| voice.kind != Kind::Noise),
            Order::Echo(echo) => self.echo = echo,
            Order::Record => {
                self.tape =
                    Some(Recording { began: self.clock.now.load(Ordering::Relaxed), ..Recording::default() });
            }
            Order::Stop(to) => {
                let _ = to.send(self.tape.take().unwrap_or_default());
            }
            Order::Close => {}
        }
    }

    /// Lets a block's time pass; whether a loudspeaker was audible in it.
    fn tick(&mut self) -> bool {
        let (emitted, late) = self.emit();
        let user = self.heard(Kind::Speech);
        let noise = self.heard(Kind::Noise);
        let echo = self.echoed();
        let mut room = [0.0; BLOCK];
        for (n, sample) in room.iter_mut().enumerate() {
            *sample = user[n] + noise[n] + echo[n];
        }
        let hissing: [f32; BLOCK] = std::array::from_fn(|n| room[n] + self.hiss());
        for (_, wire, gives) in &mut self.microphones {
            match gives {
                Gives::Room => wire.give(&hissing),
                Gives::Zeros => wire.give(&[0.0; BLOCK]),
                Gives::Nothing => {}
                Gives::Clipping => wire.give(&hissing.map(|sample| sample * 100.0)),
            }
        }
        if let Some(tape) = &mut self.tape {
            tape.speaker.extend(emitted);
            tape.user.extend(user);
            tape.microphone.extend(hissing);
            tape.late_blocks += u64::from(late);
        }
        emitted.iter().map(|sample| sample * sample).sum::<f32>() >= AUDIBLE * BLOCK as f32
    }

    /// What comes out of the loudspeakers now, and whether any was late.
    fn emit(&mut self) -> ([f32; BLOCK], bool) {
        let mut block = [0.0; BLOCK];
        let mut late = false;
        for (_, wire) in &mut self.speakers {
            late |= !wire.take(&mut block, Duration::from_millis(6));
        }
        self.emitted.drain(..BLOCK);
        self.emitted.extend(block);
        (block, late)
    }

    fn echoed(&self) -> [f32; BLOCK] {
        let Some(echo) = self.echo else { return [0.0; BLOCK] };
        let first = self.emitted.len() - BLOCK - echo.delay;
        std::array::from_fn(|n| self.emitted[first + n] * echo.gain)
    }

    fn heard(&mut self, kind: Kind) -> [f32; BLOCK] {
        let now = self.clock.now.load(Ordering::Relaxed);
        let mut block = [0.0; BLOCK];
        self.voices.retain_mut(|voice| voice.kind != kind || voice.add_to(&mut block, now));
        block
    }

    /// White, even, at -85 dB below full scale (root mean square).
    fn hiss(&mut self) -> f32 {
        // Marsaglia, Xorshift RNGs (2003).
        self.hiss ^= self.hiss << 13;
        self.hiss ^= self.hiss >> 17;
        self.hiss ^= self.hiss << 5;
        (self.hiss as f32 / u32::MAX as f32 - 0.5) * 2.0 * 1e-4
    }
}

impl Voice {
    /// Adds the next block; whether there is more.
    fn add_to(&mut self, block: &mut [f32; BLOCK], now: u64) -> bool {
        if self.goes.cancelled.load(Ordering::Relaxed) {
            self.goes.done.store(true, Ordering::Release);
            return false;
        }
        let _ = self.goes.begun.compare_exchange(0, now + 1, Ordering::AcqRel, Ordering::Relaxed);
        let samples = self.sound.samples();
        for sample in block {
            if self.next == samples.len() {
                if self.kind == Kind::Speech || samples.is_empty() {
                    self.goes.done.store(true, Ordering::Release);
                    return false;
                }
                self.next = 0;
            }
            *sample += samples[self.next] * self.gain;
            self.next += 1;
        }
        true
    }
}
