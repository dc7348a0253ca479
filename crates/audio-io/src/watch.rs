//! The thread that owns a link's streams: `hark-sound`.
//!
//! Twice a second, and at once when a stream's error callback calls, it looks whether each side runs through the device
//! it should, and opens what does not. It ends when both ends of the link are dropped; nobody joins it, because it may
//! hang in the sound system, and dropping a link must not.

use crate::{
    ears::{LinkEars, ToEars},
    link::{Clock, Door, Link, STALL, Waker},
    mouth::{LinkMouth, ToMouth},
    player::GainOrder,
    streams::{OpenStream, Parts, loudspeaker, microphone},
    system::{Found, System, sentence},
};
use media::{DeviceName, Direction, Microphone, Side, SoundError, SoundNews, SoundRequest};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

/// How often devices are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Time between two tries to open a side that fails.
const AGAIN: Duration = Duration::from_secs(1);

/// How long opening a link waits for the first try.
const FIRST_TRY: Duration = Duration::from_secs(3);

/// Opens a link.
pub(crate) fn open(request: SoundRequest) -> Result<Link, SoundError> {
    let (clock, ears, watch) = (Clock::start(), Arc::<Waker>::default(), Arc::<Waker>::default());
    let order = Arc::<GainOrder>::default();
    let (door, closed) = Door::new(Arc::clone(&watch));
    let door = Arc::new(door);
    let (to_ears, ears_inbox) = mpsc::channel();
    let (to_mouth, mouth_inbox) = mpsc::channel();
    let (tried, first_try) = mpsc::channel();
    let parts = Parts { clock, ears: Arc::clone(&ears), watch, order: Arc::clone(&order) };
    let watch = Watch { parts, system: System::default(), sides: sides(request), to_ears, to_mouth };
    let thread = std::thread::Builder::new().name("hark-sound".into());
    thread.spawn(move || watch.run(&closed, &tried)).map_err(|why| SoundError::Other(why.to_string()))?;
    // Whether it was tried in time or not, the link is open.
    let _ = first_try.recv_timeout(FIRST_TRY);
    let ears = LinkEars::new(ears_inbox, ears, clock, Arc::clone(&door));
    Ok(Link { ears, mouth: LinkMouth::new(mouth_inbox, order, clock, door) })
}

fn sides(request: SoundRequest) -> Vec<SideOf> {
    let input = match request.microphone {
        Microphone::Open => Some(SideOf::new(Direction::Input, request.input)),
        Microphone::Closed => None,
    };
    input.into_iter().chain([SideOf::new(Direction::Output, request.output)]).collect()
}

struct Watch {
    parts: Parts,
    system: System,
    sides: Vec<SideOf>,
    to_ears: mpsc::Sender<ToEars>,
    to_mouth: mpsc::Sender<ToMouth>,
}

/// One side of the link.
struct SideOf {
    direction: Direction,
    wanted: Option<DeviceName>,
    open: Option<(DeviceName, OpenStream)>,
    /// What was told last.
    told: Option<Side>,
    /// Not before this time on the link's clock.
    next_try: u64,
}

impl SideOf {
    fn new(direction: Direction, wanted: Option<DeviceName>) -> Self {
        Self { direction, wanted, open: None, told: None, next_try: 0 }
    }

    /// Whether the stream is of no more use.
    fn is_dead(&self, now: u64) -> bool {
        self.open.as_ref().is_some_and(|(_, stream)| stream.is_broken() || stream.silent_for(now) > STALL)
    }
}

impl Watch {
    fn run(mut self, closed: &AtomicBool, tried: &mpsc::Sender<()>) {
        self.parts.watch.wakes_me();
        while !closed.load(Ordering::Acquire) {
            for index in 0..self.sides.len() {
                self.look(index);
            }
            let _ = tried.send(());
            std::thread::park_timeout(LOOK);
        }
    }

    fn look(&mut self, index: usize) {
        let now = self.parts.clock.now();
        let side = &mut self.sides[index];
        if side.is_dead(now) {
            self.close(index, now);
            // Whatever was known of the system may be as dead as the stream.
            self.system.forget();
        }
        let side = &self.sides[index];
        let chosen = self.system.choose(side.direction, side.wanted.as_ref());
        let running = side.open.as_ref().map(|(name, _)| name);
        match chosen {
            Ok(found) if running == Some(&found.name) => {}
            Ok(found) => {
                if running.is_some() {
                    self.close(index, now);
                }
                if self.sides[index].next_try <= now {
                    self.open(index, &found);
                }
            }
            Err(why) => {
                if running.is_some() {
                    self.close(index, now);
                }
                self.tell(index, Side::Lost { why });
            }
        }
    }

    /// Drops the side's stream. One that ran for a while may be tried again at once.
    fn close(&mut self, index: usize, now: u64) {
        let side = &mut self.sides[index];
        let Some((name, stream)) = side.open.take() else { return };
        tracing::info!(direction = ?side.direction, device = name.0, "sound stream closed");
        side.next_try = if stream.age(now) > AGAIN { now } else { now + crate::link::nanos(AGAIN) };
        match side.direction {
            Direction::Input => self.tell_ears(ToEars::MicLost),
            Direction::Output => {
                self.tell_ears(ToEars::FarLost);
                let _ = self.to_mouth.send(ToMouth::Lost);
            }
        }
    }

    fn open(&mut self, index: usize, found: &Found) {
        let direction = self.sides[index].direction;
        let opened = match direction {
            Direction::Input => microphone(found, &self.parts).map(|(stream, line)| {
                self.tell_ears(ToEars::Mic(line));
                stream
            }),
            Direction::Output => loudspeaker(found, &self.parts).map(|(stream, line, far)| {
                self.tell_ears(ToEars::Far(far));
                let _ = self.to_mouth.send(ToMouth::Line(line));
                stream
            }),
        };
        match opened {
            Ok(stream) => {
                tracing::info!(?direction, device = found.name.0, rate = stream.rate, "sound stream opened");
                let told = Side::Open { device: found.label.clone(), rate: stream.rate };
                self.sides[index].open = Some((found.name.clone(), stream));
                // Told again even if it is the same device: what was queued is gone.
                self.sides[index].told = None;
                self.tell(index, told);
            }
            Err(why) => {
                tracing::warn!(?direction, device = found.name.0, %why, "sound stream not opened");
                self.sides[index].next_try = self.parts.clock.now() + crate::link::nanos(AGAIN);
                self.tell(index, Side::Lost { why: sentence(&why, direction, &found.label) });
            }
        }
    }

    fn tell(&mut self, index: usize, side: Side) {
        let known = &mut self.sides[index];
        if known.told.as_ref() != Some(&side) {
            known.told = Some(side.clone());
            let direction = known.direction;
            self.tell_ears(ToEars::News(SoundNews::Changed(direction, side)));
        }
    }

    fn tell_ears(&self, told: ToEars) {
        // The ears may be dropped before the mouth.
        let _ = self.to_ears.send(told);
        self.parts.ears.wake();
    }
}
