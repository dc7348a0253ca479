//! Stop sequences in a stream of text.
//!
//! What always holds: text is given out as soon as it cannot be the beginning of a stop sequence any more, never
//! earlier; the result does not depend on how the text was cut into pieces.

/// What a piece of text came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// Text that is certainly part of the reply; may be empty.
    Text(String),
    /// A stop sequence is complete; this is the last text before it, and the reply is over.
    Stopped(String),
}

/// Looks for the first stop sequence to be completed. Where two are completed by the same character, the longer one
/// counts.
#[derive(Debug, Clone, Default)]
pub struct StopScanner {
    stops: Vec<String>,
    /// The longest end of what came that may still become a stop sequence.
    held: String,
}

impl StopScanner {
    /// A scanner for `stops`; empty ones are ignored.
    pub fn new(stops: impl IntoIterator<Item = String>) -> Self {
        let mut stops: Vec<String> = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        stops.sort_by_key(|stop| std::cmp::Reverse(stop.len()));
        Self { stops, held: String::new() }
    }

    /// Takes the next piece. After [`Scanned::Stopped`] nothing more should be pushed.
    pub fn push(&mut self, piece: &str) -> Scanned {
        if self.stops.is_empty() {
            return Scanned::Text(piece.to_owned());
        }
        for character in piece.chars() {
            self.held.push(character);
            if let Some(stop) = self.stops.iter().find(|stop| self.held.ends_with(stop.as_str())) {
                self.held.truncate(self.held.len() - stop.len());
                return Scanned::Stopped(std::mem::take(&mut self.held));
            }
        }
        let hold = self.stops.iter().map(|stop| partial_match(&self.held, stop)).max().unwrap_or(0);
        let kept = self.held.split_off(self.held.len() - hold);
        Scanned::Text(std::mem::replace(&mut self.held, kept))
    }

    /// The text that was held back and turned out to be no stop sequence, when the stream has ended.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Bytes of the longest end of `text` that is a proper beginning of `pattern`.
pub(crate) fn partial_match(text: &str, pattern: &str) -> usize {
    pattern
        .char_indices()
        .map(|(at, _)| at)
        .rev()
        .find(|&at| at <= text.len() && text.as_bytes().ends_with(&pattern.as_bytes()[..at]))
        .unwrap_or(0)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reply's text, piece by piece as it came out, and whether a stop sequence ended it.
    fn scan(stops: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut scanner = StopScanner::new(stops.iter().map(|&stop| stop.to_owned()));
        let mut out = Vec::new();
        for piece in pieces {
            match scanner.push(piece) {
                Scanned::Text(text) => out.push(text),
                Scanned::Stopped(text) => {
                    out.push(text);
                    return (out, true);
                }
            }
        }
        out.push(scanner.finish());
        (out, false)
    }

    #[track_caller]
    fn check(stops: &[&str], pieces: &[&str], expect: &[&str], stopped: bool) {
        let (out, was) = scan(stops, pieces);
        assert_eq!((out.iter().map(String::as_str).collect::<Vec<_>>(), was), (expect.to_vec(), stopped));
    }

    #[test]
    fn text_before_the_stop_is_the_reply() {
        check(&["\nUser:"], &["Hello.\nUser: and"], &["Hello."], true);
    }

    #[test]
    fn a_stop_may_come_in_pieces() {
        check(&["END"], &["one E", "N", "D two"], &["one ", "", ""], true);
    }

    #[test]
    fn only_a_possible_beginning_is_held_back() {
        check(&["###"], &["a", "b#", "c", "##", "d#"], &["a", "b", "#c", "", "##d", "#"], false);
    }

    #[test]
    fn a_failed_beginning_may_hold_another() {
        check(&["aab"], &["a", "a", "a", "b"], &["", "", "a", ""], true);
    }

    #[test]
    fn the_first_completed_wins_and_the_longer_of_two() {
        check(&["abcd", "bc"], &["abcd"], &["a"], true);
        check(&["cd", "bcd"], &["abcd"], &["a"], true);
    }

    #[test]
    fn no_stops_hold_nothing() {
        check(&[], &["a", "b"], &["a", "b", ""], false);
        check(&[""], &["a"], &["a", ""], false);
    }

    #[test]
    fn whole_characters_only() {
        check(&["é!"], &["caf", "é", "?"], &["caf", "", "é?", ""], false);
        check(&["ü"], &["é"], &["é", ""], false);
    }

    proptest! {
        /// However the text is cut, the reply is the same.
        #[test]
        fn cutting_changes_nothing(
            text in "[abé]{0,24}",
            stops in prop::collection::vec("[abé]{0,3}", 0..3),
            cuts in prop::collection::vec(0usize..24, 0..8),
        ) {
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let (whole, whole_stopped) = scan(&stops, &[&text]);
            let pieces = cut(&text, &cuts);
            let (cut, cut_stopped) = scan(&stops, &pieces);
            prop_assert_eq!(whole.concat(), cut.concat());
            prop_assert_eq!(whole_stopped, cut_stopped);
        }
    }

    /// `text` cut after the given numbers of characters.
    pub(crate) fn cut<'t>(text: &'t str, cuts: &[usize]) -> Vec<&'t str> {
        let mut at: Vec<usize> =
            cuts.iter().filter_map(|&n| text.char_indices().nth(n).map(|(at, _)| at)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
    }
}
