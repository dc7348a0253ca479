//! Lines up what was played with what was heard.
//!
//! Both come from callbacks of their own, in bursts and with clocks that drift a little apart, while the canceller wants
//! 10 ms of each at a time and a delay between them that does not move. So the played sound waits in a queue:
//!
//! - where it is short, silence takes the place of what is missing, and the queue is longer by that from then on: it
//!   finds the cushion that the bursts need by itself, as a rule while nothing is heard yet;
//! - where more than [`SLACK`] has been left over for a whole [`WATCH`], the surplus is dropped, but only while the
//!   sound is silent, where nobody can tell;
//! - beyond [`BOUND`] the oldest is dropped at once.
//!
//! What waits here is taken from the delay that the canceller sees. It may shrink to nothing, but not below: measured in
//! three rooms, the echo is cancelled as well at 0 ms as at 30, and some 10 dB worse at -5. A sound card's own delay (20 ms
//! and more) is the room there is for bursts.

use std::collections::VecDeque;

use media::{BLOCK, RATE};

/// What may always be left over without being dropped: 10 ms.
const SLACK: usize = BLOCK;
/// How long the queue is watched before something is dropped: 2 s, longer than any burst.
const WATCH: usize = 200;
/// The longest queue: 300 ms. Beyond that the far end would come so late that its echo is heard first.
const BOUND: usize = RATE as usize * 3 / 10;
/// Quieter than this is silence: -80 dB, below the noise of any microphone.
const SILENT: f32 = 1e-4;

/// A queue of played sound at 16 kHz.
#[derive(Debug, Default)]
pub(crate) struct FarQueue {
    sound: VecDeque<f32>,
    least_left: usize,
    watched: usize,
}

impl FarQueue {
    pub(crate) fn push(&mut self, sound: &[f32]) {
        self.sound.extend(sound);
    }

    /// Keeps the queue within its bound; called when all that was heard in the same time has been taken.
    pub(crate) fn bound(&mut self) {
        let surplus = self.sound.len().saturating_sub(BOUND);
        self.sound.drain(..surplus);
    }

    /// The next 10 ms.
    pub(crate) fn pop(&mut self) -> [f32; BLOCK] {
        let mut block = [0.0; BLOCK];
        // What is missing goes in front: what there is, is the newest.
        let missing = BLOCK.saturating_sub(self.sound.len());
        for (to, from) in block[missing..].iter_mut().zip(self.sound.drain(..BLOCK - missing)) {
            *to = from;
        }
        self.least_left =
            if self.watched == 0 { self.sound.len() } else { self.least_left.min(self.sound.len()) };
        self.watched += 1;
        if self.watched >= WATCH && self.least_left > SLACK && self.head_is_silent() {
            self.sound.drain(..self.least_left - SLACK);
            self.watched = 0;
        } else if self.watched >= WATCH && self.least_left <= SLACK {
            self.watched = 0;
        }
        block
    }

    fn head_is_silent(&self) -> bool {
        self.sound.iter().take(self.least_left).all(|sample| sample.abs() < SILENT)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "exact numbers")]
    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn counted(from: usize, count: usize) -> Vec<f32> {
        (from..from + count).map(|n| n as f32).collect()
    }

    #[test]
    fn in_step_nothing_is_changed() {
        let mut queue = FarQueue::default();
        for n in 0..1_000 {
            queue.push(&counted(n * BLOCK, BLOCK));
            assert_eq!(queue.pop().to_vec(), counted(n * BLOCK, BLOCK));
        }
    }

    #[test]
    fn bursts_are_smoothed_after_the_first() {
        let mut queue = FarQueue::default();
        let (mut pushed, mut last) = (0, None);
        for round in 0..2_000 {
            if round % 3 == 2 {
                queue.push(&counted(pushed + 1, 3 * BLOCK));
                pushed += 3 * BLOCK;
            }
            let block = queue.pop();
            if let Some(last) = last.filter(|_| round > 6) {
                assert_eq!(block[0], last + 1.0, "in round {round}");
            }
            last = block.last().copied();
        }
    }

    #[test]
    fn a_surplus_goes_in_silence_and_only_there() {
        let mut queue = FarQueue::default();
        queue.push(&counted(1, 10 * BLOCK));
        for _ in 0..300 {
            queue.push(&[0.5; BLOCK]);
            queue.pop();
        }
        assert_eq!(queue.sound.len(), 10 * BLOCK);
        for _ in 0..300 {
            queue.push(&[0.0; BLOCK]);
            queue.pop();
        }
        assert!(queue.sound.len() <= 2 * BLOCK, "{}", queue.sound.len());
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let mut queue = FarQueue::default();
        for _ in 0..100 {
            queue.push(&[0.5; 4_000]);
            queue.pop();
            queue.bound();
        }
        assert!(queue.sound.len() <= BOUND);
    }
}
