//! A sound card as the conversation sees it. `audio-io` has the real one; tests have their own.
//!
//! Sound crosses here as mono `f32` in -1..=1 at the rate of the device; whoever reads resamples. A device that is
//! missing is no error once the link is open: the link says so in its news, goes on trying, and the clock goes on.

use std::time::Duration;

/// A device's name as the system has it; it is what the settings keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName(pub String);

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A microphone.
    Input,
    /// Loudspeakers or headphones.
    Output,
}

/// A device that could be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub name: DeviceName,
    /// How people know it.
    pub label: String,
    /// Which way.
    pub direction: Direction,
    /// Whether the system takes it when nothing else is said.
    pub is_default: bool,
}

/// Whether anything is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Microphone {
    /// It is opened.
    #[default]
    Open,
    /// It is left alone: the link only speaks, and hears gaps.
    Closed,
}

/// Which devices are wanted; none follows the system's default, also when that changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoundRequest {
    /// Whether a microphone is opened at all.
    pub microphone: Microphone,
    /// The microphone.
    pub input: Option<DeviceName>,
    /// The loudspeaker.
    pub output: Option<DeviceName>,
}

/// How one side of the link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// Sound flows.
    Open {
        /// Through this device.
        device: String,
        /// Frames a second.
        rate: u32,
    },
    /// Nothing flows; it is tried again by itself.
    Lost {
        /// What happened and what to do.
        why: SoundError,
    },
}

/// Something that happened to the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoundNews {
    /// A side opened, was lost, or goes through another device now.
    Changed(Direction, Side),
    /// The microphone gives nothing but zeros: it is muted in the system, or not allowed.
    OnlyZeros,
    /// The microphone gives sound again.
    NoLongerZeros,
    /// The microphone is so loud that it clips.
    Clipping,
}

/// Why there is no sound. Every message is a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// There is no microphone.
    #[error("There is no microphone. Plug one in; it is found by itself.")]
    NoMicrophone,
    /// There are no loudspeakers.
    #[error("There are no loudspeakers. Plug some in; they are found by themselves.")]
    NoSpeaker,
    /// The chosen device is not there.
    #[error("“{0}” is not there. Plug it in, or choose another in the settings.")]
    NotThere(String),
    /// Recording is not allowed.
    #[error("This program may not use the microphone. Allow it in the system's privacy settings.")]
    NotAllowed,
    /// The sound server went away.
    #[error("The sound system stopped. It is asked again every second.")]
    ServerGone,
    /// Another program has the device for itself.
    #[error("“{0}” is used by another program. Close that program, or choose another device.")]
    Busy(String),
    /// No format is shared with the device.
    #[error("“{0}” offers no sound format that can be used. Choose another device.")]
    NoFormat(String),
    /// Anything else.
    #[error("The sound device failed: {0}")]
    Other(String),
}

/// The link is closed and nothing will come any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sound link is closed")]
pub struct Closed;

/// What was heard and played since the last look.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Microphone, mono, at `mic_rate`.
    pub mic: Vec<f32>,
    /// Frames a second of `mic`.
    pub mic_rate: u32,
    /// What left for the loudspeaker in the same time, after every fade, mono, at `far_rate`.
    pub far: Vec<f32>,
    /// Frames a second of `far`.
    pub far_rate: u32,
    /// Time in front of `mic` in which the microphone gave nothing although it should have; the reader puts silence
    /// there. Measured with the system's steady clock.
    pub gap: Duration,
    /// What happened to the link.
    pub news: Vec<SoundNews>,
}

/// The listening side of a link; belongs to one thread.
pub trait Ears: Send {
    /// Waits until there is sound or news, at most `timeout`, and puts all there is in place of what `batch` held.
    /// When the microphone is lost, comes back at the timeout with the time that passed as the gap.
    fn read(&mut self, batch: &mut Batch, timeout: Duration) -> Result<(), Closed>;
}

/// Tells queued sound of before a flush from that of after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// What has left for the loudspeaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Played {
    /// Of this epoch.
    pub epoch: Epoch,
    /// Frames since the epoch began, at the mouth's rate. Exact: counted by the callback that handed them over.
    pub frames: u64,
    /// Frames handed over that are still on their way to the ear, as the system estimates it.
    pub in_flight: u32,
}

/// The speaking side of a link; belongs to one thread. Everything here returns at once.
pub trait Mouth: Send {
    /// Frames a second; may change when the device does, with an epoch of its own.
    fn rate(&self) -> u32;
    /// Frames that can be queued now. The queue is short (a few hundred milliseconds): what is not queued can still be
    /// changed.
    fn room(&self) -> usize;
    /// Queues mono sound in -1..=1 at [`rate`](Self::rate); returns how many frames were taken.
    fn queue(&mut self, pcm: &[f32]) -> usize;
    /// Forgets all that is queued, after a fade of a few milliseconds; what is queued from now on is of the new epoch.
    fn flush(&mut self) -> Epoch;
    /// Goes to this gain (1 is unchanged) within `ramp`.
    fn set_gain(&mut self, gain: f32, ramp: Duration);
    /// What has been played.
    fn played(&self) -> Played;
}

/// An open link. Dropping both ends closes it.
pub struct SoundLink {
    /// Listens.
    pub ears: Box<dyn Ears>,
    /// Speaks.
    pub mouth: Box<dyn Mouth>,
}

/// Something with microphones and loudspeakers.
pub trait SoundCard: Send + Sync {
    /// The devices there are, in the system's order. Monitors of loudspeakers are no microphones.
    fn devices(&self) -> Result<Vec<Device>, SoundError>;
    /// Opens a link. A missing device is no error: see [`SoundNews`].
    fn open(&self, request: &SoundRequest) -> Result<SoundLink, SoundError>;
}
