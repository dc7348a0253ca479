//! A loudspeaker that plays as fast as the test's clock goes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use media::{Epoch, Mouth, Played};

/// Frames a second of the loudspeaker.
pub(super) const RATE: u32 = 16_000;

/// Frames that fit into the queue: 300 ms.
const ROOM: usize = 4800;

#[derive(Default)]
struct State {
    queue: Vec<f32>,
    epoch: u64,
    frames: u64,
    /// All that was played, of every epoch.
    heard: Vec<f32>,
}

/// Clones are the same loudspeaker.
#[derive(Clone, Default)]
pub(super) struct Speaker(Arc<Mutex<State>>);

impl Speaker {
    /// Time goes on.
    pub(super) fn play(&self, frames: usize) {
        let mut state = self.0.lock().unwrap();
        let frames = frames.min(state.queue.len());
        let played: Vec<f32> = state.queue.drain(..frames).collect();
        state.frames += frames as u64;
        state.heard.extend(played);
    }

    pub(super) fn heard(&self) -> usize {
        self.0.lock().unwrap().heard.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap().queue.is_empty()
    }
}

impl Mouth for Speaker {
    fn rate(&self) -> u32 {
        RATE
    }

    fn room(&self) -> usize {
        ROOM - self.0.lock().unwrap().queue.len()
    }

    fn queue(&mut self, pcm: &[f32]) -> usize {
        let mut state = self.0.lock().unwrap();
        let taken = pcm.len().min(ROOM - state.queue.len());
        state.queue.extend_from_slice(&pcm[..taken]);
        taken
    }

    fn flush(&mut self) -> Epoch {
        let mut state = self.0.lock().unwrap();
        state.queue.clear();
        state.frames = 0;
        state.epoch += 1;
        Epoch(state.epoch)
    }

    fn set_gain(&mut self, _: f32, _: Duration) {}

    fn played(&self) -> Played {
        let state = self.0.lock().unwrap();
        Played { epoch: Epoch(state.epoch), frames: state.frames, in_flight: 0 }
    }
}
