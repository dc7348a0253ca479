//! The last seconds of cleaned sound, by position.

use std::collections::VecDeque;

use media::SamplePos;

/// Keeps the newest sound up to a capacity; older sound falls out.
#[derive(Debug)]
pub(crate) struct Recent {
    sound: VecDeque<f32>,
    capacity: usize,
    /// Where the sound ends.
    end: SamplePos,
}

impl Recent {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { sound: VecDeque::with_capacity(capacity), capacity, end: SamplePos::START }
    }

    pub(crate) fn push(&mut self, sound: &[f32]) {
        let surplus = (self.sound.len() + sound.len()).saturating_sub(self.capacity).min(self.sound.len());
        self.sound.drain(..surplus);
        self.sound.extend(sound);
        self.end = SamplePos(self.end.0 + sound.len() as u64);
    }

    /// Goes on at a later place; what lies between is unknown, so all that was kept is forgotten.
    pub(crate) fn jump(&mut self, to: SamplePos) {
        self.sound.clear();
        self.end = to;
    }

    pub(crate) fn end(&self) -> SamplePos {
        self.end
    }

    /// What is kept of the sound from one place up to another.
    pub(crate) fn between(&self, from: SamplePos, to: SamplePos) -> Vec<f32> {
        let begin = self.end.0 - self.sound.len() as u64;
        let index = |at: SamplePos| usize::try_from(at.0.clamp(begin, self.end.0) - begin).unwrap_or(0);
        let (from, to) = (index(from), index(to));
        if from < to { self.sound.range(from..to).copied().collect() } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_by_its_place() {
        let mut recent = Recent::new(4);
        recent.push(&[0.0, 1.0, 2.0]);
        recent.push(&[3.0, 4.0, 5.0]);
        assert_eq!(recent.between(SamplePos(3), SamplePos(5)), [3.0, 4.0]);
        assert_eq!(recent.between(SamplePos(0), SamplePos(3)), [2.0]);
        assert_eq!(recent.between(SamplePos(4), SamplePos(99)), [4.0, 5.0]);
        assert!(recent.between(SamplePos(5), SamplePos(4)).is_empty());
        assert_eq!(recent.end(), SamplePos(6));
    }

    #[test]
    fn after_a_jump_nothing_of_before_is_left() {
        let mut recent = Recent::new(4);
        recent.push(&[1.0, 2.0]);
        recent.jump(SamplePos(100));
        recent.push(&[7.0]);
        assert_eq!(recent.between(SamplePos(0), SamplePos(200)), [7.0]);
        assert_eq!(recent.between(SamplePos(100), SamplePos(101)), [7.0]);
    }
}
