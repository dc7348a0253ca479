//! Voice activity that rests while nothing stirs in a quiet room: judging every frame is a quarter of what listening
//! costs, and a frame no louder than the room has been for seconds holds no voice.

use std::collections::VecDeque;

use media::{Level, Probability};

use crate::ModelError;
use crate::vad::{VAD_FRAME, VoiceActivity};

/// A frame stirs when it is so much louder than the room, decibels. The level of a frame of even noise varies by 0.3; a
/// voice that is found at all is 10 above the room's.
const STIRS: f32 = 4.0;
/// Less likely voice than this, a frame belongs to the room.
const NOBODY: f32 = 0.1;
/// Frames of room before it rests: 2 s.
const BEFORE: u32 = 63;
/// Frames kept unjudged, to be judged at once when something stirs: half a second, by which the network knows again where
/// it is. They cost 8 ms.
const KEPT: usize = 16;
/// The room's level follows a louder frame by this share of the way.
const RISE: f32 = 0.1;

/// A detector that is asked only about frames that may hold a voice.
pub(crate) struct Dozing<A> {
    room: Option<f32>,
    still: u32,
    unjudged: VecDeque<[f32; VAD_FRAME]>,
    activity: A,
}

impl<A: VoiceActivity> Dozing<A> {
    pub(crate) fn new(activity: A) -> Self {
        Self { room: None, still: 0, unjudged: VecDeque::with_capacity(KEPT), activity }
    }

    /// Whether the frame is no louder than the room.
    fn is_still(&self, level: f32) -> bool {
        self.room.is_some_and(|room| level < room + STIRS)
    }

    fn learn(&mut self, level: f32) {
        self.room = Some(match self.room {
            Some(room) if level > room => room + (level - room) * RISE,
            _ => level,
        });
    }
}

impl<A: VoiceActivity> VoiceActivity for Dozing<A> {
    fn judge(&mut self, frame: &[f32; VAD_FRAME]) -> Result<Probability, ModelError> {
        let level = Level::of(frame).db();
        let still = self.is_still(level);
        if still && self.still >= BEFORE {
            if self.unjudged.len() == KEPT {
                self.unjudged.pop_front();
            }
            self.unjudged.push_back(*frame);
            return Ok(Probability::default());
        }
        for before in self.unjudged.drain(..) {
            self.activity.judge(&before)?;
        }
        let probability = self.activity.judge(frame)?;
        if probability.get() < NOBODY {
            self.learn(level);
        }
        let rests = still && probability.get() < NOBODY;
        self.still = if rests { self.still + 1 } else { 0 };
        Ok(probability)
    }

    fn forget(&mut self) {
        self.still = 0;
        self.unjudged.clear();
        self.activity.forget();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what it is asked; a loud frame is voice.
    struct Counting(Arc<AtomicUsize>);

    impl VoiceActivity for Counting {
        fn judge(&mut self, frame: &[f32; VAD_FRAME]) -> Result<Probability, ModelError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Probability::new(if Level::of(frame).db() > -40.0 { 0.9 } else { 0.01 }))
        }

        fn forget(&mut self) {}
    }

    fn frame(db: f32) -> [f32; VAD_FRAME] {
        [10_f32.powf(db / 20.0); VAD_FRAME]
    }

    fn dozing() -> (Dozing<Counting>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        (Dozing::new(Counting(asked.clone())), asked)
    }

    #[test]
    fn it_rests_in_a_quiet_room_and_wakes_with_what_came_before() {
        let (mut dozing, asked) = dozing();
        for _ in 0..1_000 {
            dozing.judge(&frame(-70.0)).unwrap();
        }
        let before = asked.swap(0, Ordering::Relaxed);
        assert!(before < 70, "{before}");
        assert!(dozing.judge(&frame(-20.0)).unwrap().get() > 0.8);
        assert_eq!(asked.swap(0, Ordering::Relaxed), KEPT + 1);
        // And stays awake for a while.
        for _ in 0..60 {
            dozing.judge(&frame(-70.0)).unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 60);
    }

    #[test]
    fn it_does_not_rest_beside_a_voice_however_even() {
        let (mut dozing, asked) = dozing();
        for _ in 0..300 {
            assert!(dozing.judge(&frame(-30.0)).unwrap().get() > 0.8);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 300);
    }

    #[test]
    fn a_room_that_grows_louder_wakes_it_until_it_is_known() {
        let (mut dozing, asked) = dozing();
        for db in [-70.0, -60.0] {
            for _ in 0..400 {
                dozing.judge(&frame(db)).unwrap();
            }
        }
        let judged = asked.load(Ordering::Relaxed);
        assert!((120..220).contains(&judged), "{judged}");
    }
}
