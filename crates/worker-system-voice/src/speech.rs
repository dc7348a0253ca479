//! One unit of speech on its way to the host: the system's sound and words made into the contract's.
//!
//! Systems tell where a word begins before the sound it is in, or after it, or never, and the contract wants no mark after
//! its sound. So sound waits until a word after it is known, or until there is [`HOLD_MS`] more of it: systems make sound some
//! thirty times as fast as it is heard, so that this costs about 30 ms where words come late, and nothing where they come
//! first. A mark that comes later still is left out: what lies between two marks is reckoned by whoever listens.

use std::collections::VecDeque;
use std::ops::Range;

use dsp::Resampler;
use engine::{Pcm, SpeechChunk, WordMark};
use media::Trim;

use crate::RATE;
use crate::synthesiser::{Format, Heard, Place, Trouble};
use crate::text::Positions;

/// The most milliseconds of sound that wait for the next word.
const HOLD_MS: u64 = 1000;
/// Samples of a piece: 100 ms.
const PIECE: usize = RATE as usize / 10;

/// One unit while it is made.
pub struct Speech<'a> {
    positions: Positions<'a>,
    out: &'a mut dyn FnMut(SpeechChunk),
    /// None until there is sound.
    sound: Option<Sound>,
    /// Words that begin in sound that was not told yet.
    words: VecDeque<(Range<usize>, Place)>,
    /// The end of the last word that was taken, and where it begins: what comes must come after it.
    last: Option<(usize, Place)>,
    /// Sound at [`RATE`] that was not told yet.
    held: Vec<f32>,
    told: u64,
}

struct Sound {
    format: Format,
    trim: Trim,
    resampler: Resampler,
}

impl Sound {
    fn of(format: Format) -> Result<Self, Trouble> {
        let resampler = Resampler::new(format.rate, RATE).map_err(|_| Trouble::UnknownSound)?;
        Ok(Self { format, trim: Trim::new(format.rate), resampler })
    }

    /// The sample at [`RATE`], counted from the first one told; none until something was audible.
    fn place(&self, place: Place) -> Option<u64> {
        let own = self.trim.place(place.sample(self.format))?;
        let told = u128::from(own) * u128::from(RATE) / u128::from(self.format.rate.max(1));
        Some(u64::try_from(told).unwrap_or(u64::MAX))
    }
}

impl<'a> Speech<'a> {
    /// Of this text; `out` gets the pieces.
    pub fn new(text: &'a str, out: &'a mut dyn FnMut(SpeechChunk)) -> Self {
        Self {
            positions: Positions::of(text),
            out,
            sound: None,
            words: VecDeque::new(),
            last: None,
            held: Vec::new(),
            told: 0,
        }
    }

    /// Takes what comes from the system.
    ///
    /// # Errors
    /// [`Trouble::UnknownSound`] for sound of a rate that cannot be.
    pub fn take(&mut self, heard: Heard<'_>) -> Result<(), Trouble> {
        match heard {
            Heard::Nothing => {}
            Heard::Word { text, at } => self.word(&text, at),
            Heard::Sound { format, samples } => self.sound(format, samples)?,
        }
        self.tell_certain();
        Ok(())
    }

    /// Tells the rest, when the system has made all; returns the samples of all sound.
    pub fn finish(mut self) -> u64 {
        if let Some(sound) = &mut self.sound {
            let rest = sound.trim.finish();
            sound.resampler.push(&rest, &mut self.held);
            sound.resampler.finish(&mut self.held);
        }
        self.tell(self.held.len());
        self.told
    }

    /// Samples told so far.
    pub fn told(&self) -> u64 {
        self.told
    }

    fn word(&mut self, units: &Range<usize>, at: Place) {
        let Some(text) = self.positions.word(units) else { return };
        // macOS may tell a word twice, or in parts that overlap.
        let after = self.last.is_none_or(|(end, before)| end <= text.start && !is_before(at, before));
        if after {
            self.last = Some((text.end, at));
            self.words.push_back((text, at));
        }
    }

    fn sound(&mut self, format: Format, samples: &[f32]) -> Result<(), Trouble> {
        let sound = match &mut self.sound {
            Some(sound) => sound,
            none => none.insert(Sound::of(format)?),
        };
        let certain = sound.trim.push(samples);
        sound.resampler.push(&certain, &mut self.held);
        Ok(())
    }

    /// Tells the sound before the last word that is known, and what has waited long enough.
    fn tell_certain(&mut self) {
        let Some(sound) = &self.sound else { return };
        let made = self.told + self.held.len() as u64;
        let known = self.last.and_then(|(_, at)| sound.place(at)).unwrap_or(0);
        let waited = made.saturating_sub(u64::from(RATE) * HOLD_MS / 1000);
        let through = known.max(waited).min(made);
        let samples = usize::try_from(through.saturating_sub(self.told)).unwrap_or(0);
        // Whole pieces only: small ones cost more than they are worth.
        self.tell(samples / PIECE * PIECE);
    }

    fn tell(&mut self, samples: usize) {
        let rest = self.held.split_off(samples.min(self.held.len()));
        let ready = std::mem::replace(&mut self.held, rest);
        for piece in ready.chunks(PIECE) {
            let end = self.told + piece.len() as u64;
            let marks = self.marks_before(end);
            (self.out)(SpeechChunk { pcm: Pcm(piece.to_vec()), marks });
            self.told = end;
        }
    }

    fn marks_before(&mut self, end: u64) -> Vec<WordMark> {
        let Some(sound) = &self.sound else { return Vec::new() };
        let mut marks = Vec::new();
        while let Some((text, place)) = self.words.front() {
            let Some(at) = sound.place(*place).filter(|at| *at < end) else { break };
            if at >= self.told {
                marks.push(WordMark { text: text.clone(), at });
            }
            self.words.pop_front();
        }
        marks
    }
}

/// Of two places that are told in the same way.
fn is_before(one: Place, other: Place) -> bool {
    match (one, other) {
        (Place::Ticks(one), Place::Ticks(other)) => one < other,
        (Place::Bytes(one), Place::Bytes(other)) => one < other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { rate: 16_000, sample_bytes: 2 };

    enum Come {
        /// UTF-16 code units, and the sample.
        Word(Range<usize>, u64),
        /// Milliseconds of sound.
        Loud(usize),
        /// Milliseconds of silence.
        Quiet(usize),
    }
    use Come::{Loud, Quiet, Word};

    struct Told {
        chunks: Vec<SpeechChunk>,
        /// Samples told before the end.
        early: u64,
        samples: u64,
    }

    /// What comes of a text, checked for what always holds.
    fn told(text: &str, come: Vec<Come>) -> Told {
        let mut chunks: Vec<SpeechChunk> = Vec::new();
        let mut out = |chunk| chunks.push(chunk);
        let mut speech = Speech::new(text, &mut out);
        for come in come {
            let sound = |level: f32, ms: usize| vec![level; FORMAT.rate as usize * ms / 1000];
            match come {
                Word(units, at) => {
                    let at = Place::Bytes(at * u64::from(FORMAT.sample_bytes));
                    speech.take(Heard::Word { text: units, at }).unwrap();
                }
                Loud(ms) => {
                    speech.take(Heard::Sound { format: FORMAT, samples: &sound(0.5, ms) }).unwrap();
                }
                Quiet(ms) => {
                    speech.take(Heard::Sound { format: FORMAT, samples: &sound(0.0, ms) }).unwrap();
                }
            }
            speech.take(Heard::Nothing).unwrap();
        }
        let early = speech.told();
        let samples = speech.finish();
        let mut before = 0;
        for chunk in &chunks {
            assert!(chunk.marks.iter().all(|mark| mark.at >= before), "a mark after its sound");
            before += chunk.pcm.0.len() as u64;
        }
        assert_eq!(before, samples);
        let told = Told { chunks, early, samples };
        for pair in told.marks().windows(2) {
            assert!(pair[0].1 <= pair[1].1 && pair[0].0.end <= pair[1].0.start, "{pair:?}");
        }
        assert!(told.marks().iter().all(|(word, at)| *at < samples && text.get(word.clone()).is_some()));
        told
    }

    impl Told {
        fn marks(&self) -> Vec<(Range<usize>, u64)> {
            let marks = self.chunks.iter().flat_map(|chunk| &chunk.marks);
            marks.map(|mark| (mark.text.clone(), mark.at)).collect()
        }
    }

    #[test]
    fn words_that_come_first_stand_where_they_are_said() {
        let come = vec![Word(0..3, 0), Word(4..7, 8_000), Word(8..13, 16_000), Loud(1500)];
        let told = told("One two three.", come);
        assert_eq!(told.marks(), [(0..3, 0), (4..7, 12_000), (8..13, 24_000)]);
        assert_eq!(told.samples, 36_000);
        // All that is before the last word did not wait.
        assert_eq!(told.early, 24_000);
    }

    #[test]
    fn words_that_come_after_their_sound_are_waited_for() {
        let come = vec![Loud(400), Word(0..3, 0), Loud(400), Word(4..7, 8_000), Loud(600)];
        assert_eq!(told("One two three.", come).marks(), [(0..3, 0), (4..7, 12_000)]);
    }

    #[test]
    fn without_words_sound_waits_no_longer_than_a_second() {
        let told = told("One two three.", vec![Loud(5_000)]);
        // But for what the resampler holds.
        assert!((93_000..=96_000).contains(&told.early), "{}", told.early);
        assert_eq!(told.samples, 120_000);
        assert!(told.marks().is_empty());
        assert!(told.chunks.iter().all(|chunk| chunk.pcm.0.len() <= PIECE));
    }

    #[test]
    fn words_that_come_too_late_are_left_out() {
        let come = vec![Loud(5_000), Word(0..3, 100), Word(4..7, 79_000), Loud(100)];
        assert_eq!(told("One two three.", come).marks(), [(4..7, 118_500)]);
    }

    #[test]
    fn silence_around_speech_goes_and_words_move_with_it() {
        let come = vec![
            Word(0..3, 0),
            Quiet(50),
            Quiet(50),
            Word(4..7, 1_600 + 8_000),
            Loud(1000),
            Quiet(700),
            Word(8..13, 26_000),
        ];
        let told = told("One two three.", come);
        // 2 ms before and 20 ms after are kept; a word in the silence that went is none.
        assert_eq!(told.samples, 24 * (2 + 1000 + 20));
        assert_eq!(told.marks(), [(0..3, 0), (4..7, 12_048)]);
    }

    #[test]
    fn words_that_come_twice_or_backwards_count_once() {
        let come = vec![
            Word(0..12, 0),
            Word(0..6, 10),
            Word(7..12, 20),
            Word(14..18, 4_000),
            Word(19..23, 3_000),
            Word(50..60, 5_000),
            Word(19..23, 6_000),
            Loud(1000),
        ];
        assert_eq!(
            told("credit cards, good deal", come).marks(),
            [(0..12, 0), (14..18, 6_000), (19..23, 9_000)]
        );
    }

    #[test]
    fn nothing_comes_of_silence() {
        assert_eq!(told("One.", vec![Word(0..3, 0), Quiet(2_000)]).samples, 0);
        assert_eq!(told("One.", vec![]).samples, 0);
        assert_eq!(told("", vec![Word(0..3, 0), Loud(100)]).samples, 2_400);
    }

    #[test]
    fn a_rate_that_cannot_be_is_said_to_be_unknown() {
        let mut out = |_| {};
        let mut speech = Speech::new("One.", &mut out);
        let format = Format { rate: 0, sample_bytes: 2 };
        assert_eq!(speech.take(Heard::Sound { format, samples: &[0.5] }), Err(Trouble::UnknownSound));
    }
}
