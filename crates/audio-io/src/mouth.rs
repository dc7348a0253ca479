//! The speaking end of a link.
//!
//! With no loudspeaker nothing is taken: [`Mouth::room`] is 0 and [`Mouth::played`] stands where it stood when the
//! loudspeaker was lost, so that nothing counts as heard that nobody heard. A new loudspeaker begins a new epoch; what
//! was queued for the old one and not played is gone.

use crate::{
    link::{Clock, Door, frames_of},
    player::{GainOrder, Outlet},
};
use media::{Epoch, Mouth, Played};
use rtrb::Producer;
use std::{
    cell::{RefCell, RefMut},
    sync::{Arc, mpsc},
    time::Duration,
};

/// What can be queued ahead of the loudspeaker.
pub(crate) const QUEUE: Duration = Duration::from_millis(300);

/// Frames of a queue's ring: what is queued, and as much that was flushed and has not been skipped yet.
pub(crate) fn ring_frames(rate: u32) -> usize {
    2 * frames_of(QUEUE, rate)
}

/// The rate before there has been a loudspeaker.
const FIRST_RATE: u32 = 48_000;

/// The way to a loudspeaker.
pub(crate) struct SpeakerLine {
    pub(crate) queue: Producer<f32>,
    pub(crate) rate: u32,
    pub(crate) outlet: Arc<Outlet>,
}

/// What the mouth is told about its loudspeaker.
pub(crate) enum ToMouth {
    Line(SpeakerLine),
    Lost,
}

/// The real [`Mouth`].
pub(crate) struct LinkMouth {
    inbox: mpsc::Receiver<ToMouth>,
    // A cell, because looking (`&self`) is also when a new loudspeaker is noticed.
    state: RefCell<State>,
    order: Arc<GainOrder>,
    clock: Clock,
    _door: Arc<Door>,
}

#[derive(Default)]
struct State {
    line: Option<SpeakerLine>,
    lost: bool,
    epoch: Epoch,
    /// Frames ever queued on this line, and how many of them before this epoch.
    queued: u64,
    base: u64,
}

impl LinkMouth {
    pub(crate) fn new(
        inbox: mpsc::Receiver<ToMouth>,
        order: Arc<GainOrder>,
        clock: Clock,
        door: Arc<Door>,
    ) -> Self {
        Self { inbox, state: RefCell::default(), order, clock, _door: door }
    }

    fn state(&self) -> RefMut<'_, State> {
        let mut state = self.state.borrow_mut();
        for told in self.inbox.try_iter() {
            match told {
                ToMouth::Lost => state.lost = true,
                ToMouth::Line(line) => state.adopt(line),
            }
        }
        state
    }
}

impl State {
    fn adopt(&mut self, line: SpeakerLine) {
        let first = self.line.is_none();
        let epoch = Epoch(self.epoch.0 + u64::from(!first));
        *self = Self { line: Some(line), epoch, ..Self::default() };
    }

    fn room(&self) -> usize {
        let Some(line) = self.line.as_ref().filter(|_| !self.lost) else { return 0 };
        let waiting = self.queued - line.outlet.taken().max(self.base);
        let most = frames_of(QUEUE, line.rate);
        most.saturating_sub(usize::try_from(waiting).unwrap_or(usize::MAX)).min(line.queue.slots())
    }
}

impl Mouth for LinkMouth {
    fn rate(&self) -> u32 {
        self.state().line.as_ref().map_or(FIRST_RATE, |line| line.rate)
    }

    fn room(&self) -> usize {
        self.state().room()
    }

    fn queue(&mut self, pcm: &[f32]) -> usize {
        let mut state = self.state();
        let room = state.room().min(pcm.len());
        let taken = state.line.as_mut().map_or(0, |line| line.queue.push_partial_slice(&pcm[..room]).0.len());
        state.queued += taken as u64;
        taken
    }

    fn flush(&mut self) -> Epoch {
        let mut state = self.state();
        state.epoch.0 += 1;
        state.base = state.queued;
        if let Some(line) = &state.line {
            line.outlet.flush(state.queued);
        }
        state.epoch
    }

    fn set_gain(&mut self, gain: f32, ramp: Duration) {
        self.order.set(gain, ramp);
    }

    fn played(&self) -> Played {
        let state = self.state();
        let Some(line) = &state.line else { return Played { epoch: state.epoch, ..Played::default() } };
        let frames = line.outlet.taken().saturating_sub(state.base);
        let under_way = frames_of(line.outlet.in_flight(self.clock.now()), line.rate);
        let in_flight = u32::try_from(frames.min(under_way as u64)).unwrap_or(u32::MAX);
        Played { epoch: state.epoch, frames, in_flight }
    }
}
