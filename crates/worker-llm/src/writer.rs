//! From a reply's bytes to what its reader gets: whole characters, thoughts apart from the answer, nothing of a stop
//! sequence.

use dialogue::stop::{Scanned, StopScanner};
use dialogue::thoughts::{Piece, ThoughtSplitter};
use engine::{Channel, Delta};

use crate::utf8::Utf8Assembler;

/// Whether a reply goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It does.
    More,
    /// A stop sequence has ended it.
    Stopped,
}

/// Writes one reply. Stop sequences count in the answer alone.
#[derive(Debug, Clone)]
pub struct Writer {
    characters: Utf8Assembler,
    voices: ThoughtSplitter,
    stops: StopScanner,
    answer: String,
    is_plain: bool,
}

impl Writer {
    /// A writer for one reply.
    pub fn new(voices: ThoughtSplitter, stops: StopScanner) -> Self {
        let is_plain = !voices.is_thinking();
        Self { characters: Utf8Assembler::default(), voices, stops, answer: String::new(), is_plain }
    }

    /// Whether the model is within its thoughts.
    pub fn is_thinking(&self) -> bool {
        self.voices.is_thinking()
    }

    /// Takes the bytes of one token.
    pub fn push(&mut self, bytes: &[u8], give: &mut impl FnMut(Delta)) -> Written {
        let text = self.characters.push(bytes);
        if text.is_empty() {
            return Written::More;
        }
        for piece in self.voices.push(&text) {
            if self.write(piece, give) == Written::Stopped {
                return Written::Stopped;
            }
        }
        Written::More
    }

    /// Writes what was held back, when the reply has ended by itself.
    pub fn finish(&mut self, give: &mut impl FnMut(Delta)) -> Written {
        for piece in self.voices.finish() {
            if self.write(piece, give) == Written::Stopped {
                return Written::Stopped;
            }
        }
        let held = self.stops.finish();
        self.tell(Channel::Answer, held, give);
        Written::More
    }

    /// The answer, if the reply's tokens are exactly it: no thoughts beside it, no character begun and not ended.
    pub fn plain_answer(&self) -> Option<&str> {
        (self.is_plain && !self.characters.is_waiting()).then_some(self.answer.as_str())
    }

    fn write(&mut self, piece: Piece, give: &mut impl FnMut(Delta)) -> Written {
        match piece {
            Piece::Thought(text) => {
                self.is_plain = false;
                self.tell(Channel::Thinking, text, give);
                Written::More
            }
            Piece::Answer(text) => match self.stops.push(&text) {
                Scanned::Text(text) => {
                    self.tell(Channel::Answer, text, give);
                    Written::More
                }
                Scanned::Stopped(text) => {
                    self.is_plain = false;
                    self.tell(Channel::Answer, text, give);
                    Written::Stopped
                }
            },
        }
    }

    fn tell(&mut self, channel: Channel, text: String, give: &mut impl FnMut(Delta)) {
        if text.is_empty() {
            return;
        }
        if channel == Channel::Answer {
            self.answer.push_str(&text);
        }
        give(Delta { channel, text });
    }
}

#[cfg(test)]
mod tests {
    use dialogue::thoughts::Tags;

    use super::*;

    fn writer(stops: &[&str]) -> Writer {
        let tags = vec![Tags::new("<think>", "</think>")];
        Writer::new(ThoughtSplitter::new(tags), StopScanner::new(stops.iter().map(|&stop| stop.to_owned())))
    }

    /// What came, thoughts in brackets; how it ended; and whether it is plain.
    fn write(stops: &[&str], pieces: &[&[u8]]) -> (String, Written, bool) {
        let (mut out, mut writer) = (String::new(), writer(stops));
        let mut give = |delta: Delta| match delta.channel {
            Channel::Answer => out.push_str(&delta.text),
            Channel::Thinking => out.extend(["[", &delta.text, "]"]),
        };
        let stopped = pieces.iter().any(|piece| writer.push(piece, &mut give) == Written::Stopped);
        let end = if stopped { Written::Stopped } else { writer.finish(&mut give) };
        (out, end, writer.plain_answer().is_some())
    }

    #[test]
    fn an_answer_is_plain() {
        assert_eq!(write(&[], &[b"Hi ", "🎉".as_bytes()]), ("Hi 🎉".into(), Written::More, true));
    }

    #[test]
    fn thoughts_are_told_apart_and_make_it_not_plain() {
        assert_eq!(write(&[], &[b"<think>hm</think>Hi"]), ("[hm]Hi".into(), Written::More, false));
    }

    #[test]
    fn stop_sequences_count_in_the_answer_alone() {
        assert_eq!(
            write(&["END"], &[b"<think>END</think>one END two"]),
            ("[END]one ".into(), Written::Stopped, false)
        );
    }

    #[test]
    fn a_stop_sequence_may_come_with_the_last_held_text() {
        assert_eq!(write(&["<th"], &[b"<th"]), (String::new(), Written::Stopped, false));
        assert_eq!(write(&["<thx"], &[b"<th"]), ("<th".into(), Written::More, true));
    }

    #[test]
    fn half_a_character_is_left_out() {
        assert_eq!(write(&[], &[b"a\xf0\x9f"]), ("a".into(), Written::More, false));
    }
}
