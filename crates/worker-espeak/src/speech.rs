//! One unit of speech on its way to the host: sound and where its words begin.
//!
//! The library speaks some words as one ("of them") and tells only where the first begins. How many it took together is
//! known when the next one begins, so sound is held until then: a word's worth, which takes it a millisecond to make.

use std::ops::ControlFlow;
use std::time::Instant;

use engine::{JobError, Pcm, SpeechChunk, Spoken, WordMark};
use media::Trim;
use worker_kit::Job;
use worker_kit::protocols::Tts;

use crate::ffi::Event;
use crate::words::Words;

/// The most milliseconds of sound that wait for the next word.
const HOLD_MS: usize = 1000;

/// One unit while it is made.
pub(crate) struct Speech<'a> {
    words: &'a Words<'a>,
    job: &'a Job<Tts>,
    began: Instant,
    trim: Trim,
    hold: usize,
    held: Vec<f32>,
    /// The word that began last, and its sample in what the library made.
    open: Option<(usize, u64)>,
    /// Of words that began in what is held.
    marks: Vec<WordMark>,
    next_word: usize,
    spoken: Spoken,
}

impl<'a> Speech<'a> {
    /// For sound of `rate` samples a second.
    pub(crate) fn new(words: &'a Words<'a>, rate: u32, job: &'a Job<Tts>, began: Instant) -> Self {
        Self {
            words,
            job,
            began,
            trim: Trim::new(rate),
            hold: usize::try_from(rate).unwrap_or(0) * HOLD_MS / 1000,
            held: Vec::new(),
            open: None,
            marks: Vec::new(),
            next_word: 0,
            spoken: Spoken::default(),
        }
    }

    /// A piece from the library, and what begins in it.
    pub(crate) fn take(&mut self, sound: &[i16], events: &[Event]) -> ControlFlow<()> {
        if self.job.is_cancelled() {
            return ControlFlow::Break(());
        }
        let sound: Vec<f32> = sound.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        self.held.extend(self.trim.push(&sound));
        for event in events {
            let Event::Word { character, sample } = *event else { continue };
            // One mark for each word, although the library may make several of one, such as a number.
            if let Some(word) = self.words.at_character(character).filter(|word| *word >= self.next_word) {
                self.close(word, sample);
                self.open = Some((word, sample));
                self.next_word = word + 1;
            }
        }
        if self.held.len() >= self.hold {
            self.tell();
        }
        ControlFlow::Continue(())
    }

    /// The rest, when the library has made all.
    pub(crate) fn finish(mut self) -> Result<Spoken, JobError> {
        if self.job.is_cancelled() {
            return Err(JobError::Cancelled);
        }
        let end = self.trim.seen();
        self.close(self.words.ranges().len(), end);
        self.held.extend(self.trim.finish());
        self.tell();
        self.spoken.compute_ms = self.began.elapsed().as_secs_f64() * 1e3;
        Ok(self.spoken)
    }

    /// The word `next` begins at `sample`: those before it that have no mark yet share the time since the last one in
    /// proportion to their letters.
    fn close(&mut self, next: usize, sample: u64) {
        let Some((first, from)) = self.open.take() else { return };
        let ranges = self.words.ranges();
        let (Some(group), Some(told)) = (ranges.get(first..next), self.trim.place(sample)) else { return };
        let from = self.trim.place(from).unwrap_or(0);
        let letters: u64 = group.iter().map(|word| word.len() as u64).sum();
        let mut before = 0;
        for word in group {
            let at = from + told.saturating_sub(from) * before / letters.max(1);
            before += word.len() as u64;
            self.marks.push(WordMark { text: word.clone(), at: at.max(self.spoken.samples) });
        }
        self.tell();
    }

    fn tell(&mut self) {
        if self.held.is_empty() {
            return;
        }
        if let (Some((word, sample)), true) = (self.open, self.held.len() >= self.hold) {
            // Too long to wait: this word is told by itself, others that belong to it later.
            if let (Some(text), Some(at)) = (self.words.ranges().get(word), self.trim.place(sample)) {
                self.marks.push(WordMark { text: text.clone(), at: at.max(self.spoken.samples) });
                self.open = None;
            }
        }
        if self.spoken.samples == 0 {
            self.spoken.first_sound_ms = self.began.elapsed().as_secs_f64() * 1e3;
        }
        self.spoken.samples += self.held.len() as u64;
        let pcm = Pcm(std::mem::take(&mut self.held));
        self.job.emit(SpeechChunk { pcm, marks: std::mem::take(&mut self.marks) });
    }
}
