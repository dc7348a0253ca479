//! The listening end of a link.
//!
//! Time without a microphone comes as gaps, measured on the link's steady clock from the last callback of the old
//! microphone to the first sample of the new one. A single gap is at most [`LONGEST_GAP`]: if the computer slept, or nobody
//! read for long, the conversation's clock goes on from there and the rest is left out.

use crate::{
    link::{Clock, Door, HEARD, STALL, Waker, frames_of, nanos, nanos_of},
    meter::Meter,
    recorder::{Inlet, grain},
};
use media::{Batch, Closed, Ears, SoundNews};
use rtrb::{Consumer, RingBuffer};
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering, mpsc},
    time::{Duration, Instant},
};

/// The longest gap told at once.
pub(crate) const LONGEST_GAP: Duration = Duration::from_secs(5);

/// How often a thread looks that is not the one the callbacks wake (the first that ever read).
const UNWOKEN: Duration = Duration::from_millis(4);

/// The way from a microphone.
pub(crate) struct MicLine {
    pub(crate) ring: Consumer<f32>,
    pub(crate) rate: u32,
    pub(crate) inlet: Arc<Inlet>,
}

/// The way from a loudspeaker's callback.
pub(crate) struct FarLine {
    pub(crate) ring: Consumer<f32>,
    pub(crate) rate: u32,
}

/// What the ears are told.
pub(crate) enum ToEars {
    Mic(MicLine),
    MicLost,
    Far(FarLine),
    FarLost,
    News(SoundNews),
}

/// The real [`Ears`].
pub(crate) struct LinkEars {
    inbox: mpsc::Receiver<ToEars>,
    waker: Arc<Waker>,
    clock: Clock,
    mic: Option<MicLine>,
    /// Microphones (or their absence) that come after what is left of this one.
    next: VecDeque<Option<MicLine>>,
    far: Option<FarLine>,
    /// Rates of what was last read, for batches with nothing in them.
    rates: (u32, u32),
    /// Since when there has been no microphone; nanoseconds of the link's clock.
    silent_since: Option<u64>,
    /// Sound that was dropped behind the last batch.
    owed: Duration,
    meter: Meter,
    _door: Arc<Door>,
}

impl LinkEars {
    pub(crate) fn new(
        inbox: mpsc::Receiver<ToEars>,
        waker: Arc<Waker>,
        clock: Clock,
        door: Arc<Door>,
    ) -> Self {
        Self {
            inbox,
            waker,
            clock,
            mic: None,
            next: VecDeque::new(),
            far: None,
            rates: (48_000, 48_000),
            silent_since: Some(clock.now()),
            owed: Duration::ZERO,
            meter: Meter::default(),
            _door: door,
        }
    }

    /// Takes what it was told; whether anybody is left to tell anything.
    fn obey(&mut self, news: &mut Vec<SoundNews>) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(ToEars::Mic(line)) => self.next.push_back(Some(line)),
                Ok(ToEars::MicLost) => self.next.push_back(None),
                Ok(ToEars::Far(line)) => self.far = Some(line),
                Ok(ToEars::FarLost) => self.far = None,
                Ok(ToEars::News(told)) => news.push(told),
                Err(mpsc::TryRecvError::Empty) => return true,
                Err(mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Goes to the next microphone once this one has nothing left.
    fn move_on(&mut self) {
        while !self.next.is_empty() && self.mic.as_ref().is_none_or(|line| line.ring.is_empty()) {
            if let Some(old) = &self.mic {
                let stopped = old.inlet.beat.load(Ordering::Acquire);
                self.silent_since.get_or_insert(if stopped > 0 { stopped } else { self.clock.now() });
            }
            self.mic = self.next.pop_front().flatten();
            self.meter.restart();
        }
    }

    /// Whether there is enough to come back with.
    fn is_ready(&self) -> bool {
        self.mic.as_ref().is_some_and(|line| line.ring.slots() >= grain(line.rate) || !self.next.is_empty())
    }

    fn collect(&mut self, batch: &mut Batch) {
        if let Some(line) = &mut self.mic {
            drain(&mut line.ring, &mut batch.mic);
            self.rates.0 = line.rate;
        }
        if let Some(line) = &mut self.far {
            drain(&mut line.ring, &mut batch.far);
            self.rates.1 = line.rate;
        }
        (batch.mic_rate, batch.far_rate) = self.rates;
        batch.gap = self.gap(batch.mic.len()).min(LONGEST_GAP);
        self.meter.look(&batch.mic, batch.mic_rate, &mut batch.news);
    }

    /// The time without sound in front of the `frames` that were just taken.
    fn gap(&mut self, frames: usize) -> Duration {
        let now = self.clock.now();
        let mut gap = std::mem::take(&mut self.owed);
        if let Some(line) = &self.mic {
            let dropped = line.inlet.dropped.swap(0, Ordering::AcqRel);
            self.owed = Duration::from_nanos(nanos_of(dropped, line.rate));
            let beat = line.inlet.beat.load(Ordering::Acquire);
            if frames > 0 {
                let begun = beat.saturating_sub(nanos_of(frames as u64, line.rate));
                if let Some(since) = self.silent_since.take() {
                    gap += Duration::from_nanos(begun.saturating_sub(since));
                }
                return gap;
            }
            // A stream that has stalled gives no sound, whether or not anybody has noticed.
            if beat > 0 && now.saturating_sub(beat) > nanos(STALL) {
                self.silent_since.get_or_insert(beat);
            }
        }
        if let Some(since) = &mut self.silent_since {
            gap += Duration::from_nanos(now.saturating_sub(*since));
            *since = now;
        }
        gap
    }
}

impl Ears for LinkEars {
    fn read(&mut self, batch: &mut Batch, timeout: Duration) -> Result<(), Closed> {
        batch.mic.clear();
        batch.far.clear();
        batch.news.clear();
        let longest_nap = if self.waker.wakes_me() { Duration::MAX } else { UNWOKEN };
        let deadline = Instant::now() + timeout;
        loop {
            let open = self.obey(&mut batch.news);
            self.move_on();
            let left = deadline.saturating_duration_since(Instant::now());
            if self.is_ready() || !batch.news.is_empty() || left.is_zero() {
                break;
            }
            if !open {
                return Err(Closed);
            }
            std::thread::park_timeout(left.min(longest_nap));
        }
        self.collect(batch);
        Ok(())
    }
}

/// A ring to the ears.
pub(crate) fn ring(rate: u32) -> (rtrb::Producer<f32>, Consumer<f32>) {
    RingBuffer::new(frames_of(HEARD, rate))
}

fn drain(ring: &mut Consumer<f32>, into: &mut Vec<f32>) {
    if let Ok(chunk) = ring.read_chunk(ring.slots()) {
        let (first, second) = chunk.as_slices();
        into.extend_from_slice(first);
        into.extend_from_slice(second);
        chunk.commit_all();
    }
}

#[cfg(test)]
#[path = "ears_tests.rs"]
mod tests;
