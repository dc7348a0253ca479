//! Opening and dropping streams without ever hanging in the sound system.

use crate::{
    ears::{FarLine, MicLine, ring},
    format::{Alarm, OPENING, open_input, open_output},
    link::{Clock, Fault, Waker},
    mouth::{SpeakerLine, ring_frames},
    player::{GainOrder, Outlet, Player},
    recorder::{Inlet, Recorder},
    system::{Buffers, Found},
};
use cpal::{BufferSize, Error, ErrorKind, Stream, SupportedStreamConfig, traits::DeviceTrait};
use rtrb::RingBuffer;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

/// What every stream of a link needs.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) ears: Arc<Waker>,
    pub(crate) watch: Arc<Waker>,
    pub(crate) order: Arc<GainOrder>,
}

/// A stream that runs, and what is known of it from outside.
pub(crate) struct OpenStream {
    stream: Option<Stream>,
    fault: Arc<Fault>,
    beat: Beat,
    opened: u64,
    pub(crate) rate: u32,
}

enum Beat {
    In(Arc<Inlet>),
    Out(Arc<Outlet>),
}

impl OpenStream {
    /// Whether an error was told.
    pub(crate) fn is_broken(&self) -> bool {
        self.fault.is_raised()
    }

    /// Time since the last callback, or since the stream was opened.
    pub(crate) fn silent_for(&self, now: u64) -> Duration {
        Duration::from_nanos(now.saturating_sub(self.beat().load(Ordering::Acquire).max(self.opened)))
    }

    /// Time since the stream was opened.
    pub(crate) fn age(&self, now: u64) -> Duration {
        Duration::from_nanos(now.saturating_sub(self.opened))
    }

    fn beat(&self) -> &AtomicU64 {
        match &self.beat {
            Beat::In(inlet) => &inlet.beat,
            Beat::Out(outlet) => &outlet.beat,
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            bury(stream);
        }
    }
}

/// Drops something of the sound system on a thread of its own, because that may hang for ever (with no device left,
/// `PulseAudio` never acknowledges). A thread that hangs is left behind: it costs a stack and no time.
pub(crate) fn bury<T: Send + 'static>(what: T) {
    let (to, from) = mpsc::channel::<T>();
    let thread = std::thread::Builder::new().name("hark-sound-drop".into());
    // Without a thread nobody receives, and what comes back is leaked: rather that than a hang.
    let _ = thread.spawn(move || drop(from.recv()));
    if let Err(mpsc::SendError(what)) = to.send(what) {
        std::mem::forget(what);
    }
}

/// Opens a microphone.
pub(crate) fn microphone(found: &Found, parts: &Parts) -> Result<(OpenStream, MicLine), Error> {
    let own = found.device.default_input_config()?;
    let (rate, channels) = (own.sample_rate(), own.channels());
    let mut last = None;
    for buffer in microphone_buffers(&own, found.buffers) {
        let (sound, heard) = ring(rate);
        let (inlet, fault) = (Arc::<Inlet>::default(), Arc::<Fault>::default());
        let recorder =
            Recorder::new(sound, Arc::clone(&inlet), Arc::clone(&parts.ears), parts.clock, (rate, channels));
        let alarm = Alarm { fault: Arc::clone(&fault), watch: Arc::clone(&parts.watch) };
        let (device, config) = (found.device.clone(), own);
        match bounded(move || open_input(&device, &config, buffer, recorder, alarm)) {
            Ok(stream) => {
                let line = MicLine { ring: heard, rate, inlet: Arc::clone(&inlet) };
                return Ok((opened(stream, fault, Beat::In(inlet), parts, rate), line));
            }
            Err(why) => last = Some(why),
        }
    }
    Err(last.unwrap_or_else(|| ErrorKind::UnsupportedConfig.into()))
}

/// Opens a loudspeaker.
pub(crate) fn loudspeaker(found: &Found, parts: &Parts) -> Result<(OpenStream, SpeakerLine, FarLine), Error> {
    let own = found.device.default_output_config()?;
    let (rate, channels) = (own.sample_rate(), own.channels());
    let mut last = None;
    for buffer in speaker_buffers(&own, found.buffers) {
        let (queue, queued) = RingBuffer::new(ring_frames(rate));
        let (sent, far) = ring(rate);
        let (outlet, fault) = (Arc::<Outlet>::default(), Arc::<Fault>::default());
        let told = (Arc::clone(&outlet), Arc::clone(&parts.order));
        let player = Player::new((queued, sent), told, parts.clock, rate, channels);
        let alarm = Alarm { fault: Arc::clone(&fault), watch: Arc::clone(&parts.watch) };
        let (device, config) = (found.device.clone(), own);
        match bounded(move || open_output(&device, &config, buffer, player, alarm)) {
            Ok(stream) => {
                let line = SpeakerLine { queue, rate, outlet: Arc::clone(&outlet) };
                let far = FarLine { ring: far, rate };
                return Ok((opened(stream, fault, Beat::Out(outlet), parts, rate), line, far));
            }
            Err(why) => last = Some(why),
        }
    }
    Err(last.unwrap_or_else(|| ErrorKind::UnsupportedConfig.into()))
}

fn opened(stream: Stream, fault: Arc<Fault>, beat: Beat, parts: &Parts, rate: u32) -> OpenStream {
    OpenStream { stream: Some(stream), fault, beat, opened: parts.clock.now(), rate }
}

/// Buffers of 10 ms for a loudspeaker; where the system has no such, and its own are short, its own.
fn speaker_buffers(own: &SupportedStreamConfig, system: Buffers) -> [BufferSize; 2] {
    let fixed = |parts: u32| BufferSize::Fixed((own.sample_rate() / parts).max(1));
    match system {
        // A server's own default is two seconds.
        Buffers::OnlyFixed => [fixed(100), fixed(50)],
        Buffers::FixedOrOwn => [fixed(100), BufferSize::Default],
    }
}

/// Buffers of 40 ms for a microphone. For `PulseAudio` this is all that it may hold for us: shorter, and on a busy machine
/// what comes in bursts is lost. A source whose blocks are longer gives nothing at all, without an error; so one that stays
/// silent is asked again with 100 ms.
fn microphone_buffers(own: &SupportedStreamConfig, system: Buffers) -> [BufferSize; 2] {
    let fixed = |parts: u32| BufferSize::Fixed((own.sample_rate() / parts).max(1));
    match system {
        Buffers::OnlyFixed => [fixed(25), fixed(10)],
        Buffers::FixedOrOwn => [fixed(100), BufferSize::Default],
    }
}

/// Does this on a thread of its own and waits a while: a sound server that hangs must not take us with it. What comes too
/// late is dropped over there.
fn bounded<T: Send + 'static>(open: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let (to, from) = mpsc::channel();
    let thread = std::thread::Builder::new().name("hark-sound-open".into());
    let spawned = thread.spawn(move || {
        let _ = to.send(open());
    });
    if spawned.is_err() {
        return Err(ErrorKind::ResourceExhausted.into());
    }
    from.recv_timeout(OPENING).unwrap_or_else(|_| Err(ErrorKind::HostUnavailable.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpal::{SampleFormat, SupportedBufferSize};

    #[test]
    fn a_sound_server_is_never_asked_for_its_own_buffers() {
        for rate in [8_000, 48_000, 192_000] {
            let range = SupportedBufferSize::Range { min: 1, max: 1 << 20 };
            let own = SupportedStreamConfig::new(2, rate, range, SampleFormat::F32);
            let asked =
                [speaker_buffers(&own, Buffers::OnlyFixed), microphone_buffers(&own, Buffers::OnlyFixed)];
            assert!(!asked.as_flattened().contains(&BufferSize::Default));
            assert_eq!(asked[0][0], BufferSize::Fixed(rate / 100));
        }
    }

    #[test]
    fn a_storm_of_errors_is_one_flag() {
        let (fault, watch) = (Fault::default(), Waker::default());
        for _ in 0..1_000_000 {
            fault.raise(&watch);
        }
        assert!(fault.is_raised());
    }

    #[test]
    fn what_hangs_when_dropped_hangs_alone() {
        struct Hangs(mpsc::Receiver<()>, mpsc::Sender<()>);
        impl Drop for Hangs {
            fn drop(&mut self) {
                let _ = self.0.recv();
                let _ = self.1.send(());
            }
        }
        let (let_go, waits) = mpsc::channel();
        let (done, ended) = mpsc::channel();
        bury(Hangs(waits, done));
        // It hangs over there until we, who were not held up, let it go.
        let_go.send(()).unwrap();
        ended.recv().unwrap();
    }

    #[test]
    fn what_opens_too_late_is_given_up() {
        let (let_go, waits) = mpsc::channel::<()>();
        let opened = bounded(move || {
            let _ = waits.recv();
            Ok(())
        });
        assert_eq!(opened.map_err(|why| why.kind()), Err(ErrorKind::HostUnavailable));
        drop(let_go);
    }
}
