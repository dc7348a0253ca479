//! Whether what interrupts is the own voice: pure.
//!
//! When the way from loudspeaker to microphone becomes shorter without a word from the device (a buffer somewhere, a
//! headset that reconnects), the canceller lets the first words of every reply through until it has heard enough of the
//! loudspeaker again, and it never does while each of them ends its reply. Two replies in a row that were cut off in
//! their first words are the sign; then the room counts as unknown, in which replies are ducked and not ended.

use std::time::Duration;

/// A reply that was heard for longer was interrupted by somebody who had listened to it.
const FIRST_WORDS: Duration = Duration::from_millis(1_500);
/// So many in a row.
const ENOUGH: u8 = 2;

/// Counts replies that were cut off in their first words.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    cut_off: u8,
}

impl Suspicion {
    /// Takes the end of a reply: whether it was interrupted, and how long it was heard. Whether the room is to be doubted.
    pub(super) fn ended(&mut self, interrupted: bool, heard: Duration) -> bool {
        self.cut_off = match interrupted && heard < FIRST_WORDS {
            // It was never heard, so it says nothing of the room.
            true if heard.is_zero() => self.cut_off,
            true => self.cut_off + 1,
            false => 0,
        };
        let doubted = self.cut_off >= ENOUGH;
        if doubted {
            self.cut_off = 0;
        }
        doubted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(400);
    const LONG: Duration = Duration::from_secs(4);

    #[test]
    fn two_replies_in_a_row_cut_off_in_their_first_words_are_suspicious() {
        let mut suspicion = Suspicion::default();
        assert!(!suspicion.ended(true, SHORT));
        assert!(!suspicion.ended(true, Duration::ZERO), "a draft");
        assert!(suspicion.ended(true, SHORT));
        assert!(!suspicion.ended(true, SHORT), "counted anew");
    }

    #[test]
    fn a_reply_that_was_listened_to_or_ended_by_itself_is_not() {
        for between in [(true, LONG), (false, SHORT)] {
            let mut suspicion = Suspicion::default();
            suspicion.ended(true, SHORT);
            assert!(!suspicion.ended(between.0, between.1));
            assert!(!suspicion.ended(true, SHORT));
        }
    }
}
