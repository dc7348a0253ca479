//! One pass: which part of the sound goes to the model, and which of its words are believed.
//!
//! Always holds: sound without speech in it, as far as loudness tells, has no words and costs nothing.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use engine::{JobError, Language, ListenRequest, SpeechLoad, SpeechTask};
use listening::{FRAME, Loudness, PassText, PassWord, Recogniser};

use super::model::{Heard, Moonshine, SHORTEST};
use super::tokens::Word;

/// Loud frames an utterance has at least: 60 ms; less is a click or a knock.
const UTTERED: usize = 6;
/// Frames kept in front of the first loud one and behind the last: 300 ms. What is quiet beyond costs time and tempts
/// the decoder to make up words.
const MARGIN: usize = 30;

/// Below this confidence the decoder made its words up: clear speech has -0.3 and more, also with office noise at 10 dB;
/// what it makes of noise or of another language mostly -0.8 and less.
const MADE_UP: f32 = -0.8;
/// The same for nothing but words that it says to noise of all kinds.
const FILLERS: [&str; 9] = ["you", "uh", "um", "mmhmm", "hmm", "so", "the", "i", "oh"];
const MADE_UP_FILLER: f32 = -0.2;

/// The model, and what it wrote last.
pub(super) struct MoonshineRecogniser {
    model: Moonshine,
    draft: Vec<i64>,
}

impl MoonshineRecogniser {
    pub(super) fn load(load: &SpeechLoad) -> Result<Self, JobError> {
        Ok(Self { model: Moonshine::load(load)?, draft: Vec::new() })
    }
}

impl Recogniser for MoonshineRecogniser {
    fn begin(&mut self, request: &ListenRequest) -> Result<(), JobError> {
        self.draft.clear();
        let reason = if request.task == SpeechTask::TranslateToEnglish {
            "Moonshine does not translate. Choose another speech model in the settings."
        } else if request.language.as_ref().is_some_and(|Language(language)| !is_english(language)) {
            "Moonshine understands English only. Choose another speech model in the settings."
        } else {
            return Ok(());
        };
        Err(JobError::BadRequest { reason: reason.into() })
    }

    fn pass(&mut self, sound: &[f32], abort: &AtomicBool) -> Result<PassText, JobError> {
        let loudness = Loudness::of(sound);
        let span = loudness.span(loudness.frames());
        if loudness.voiced(span.clone()) < UTTERED || sound.len() < SHORTEST {
            self.draft.clear();
            return Ok(PassText::default());
        }
        let part = with_margin(&span, sound.len());
        let heard = self.model.hear(&sound[part], &self.draft, abort)?.ok_or(JobError::Cancelled)?;
        let words = if is_made_up(&heard) { Vec::new() } else { placed(&heard.words, &loudness) };
        self.draft = heard.tokens;
        Ok(PassText { words, language: Some(Language("en".into())) })
    }
}

fn is_english(language: &str) -> bool {
    language == "en" || language.starts_with("en-")
}

/// The samples of these frames and of the margin around them, at least [`SHORTEST`] if there are as many.
fn with_margin(span: &Range<usize>, samples: usize) -> Range<usize> {
    let from = span.start.saturating_sub(MARGIN) * FRAME;
    let to = ((span.end + MARGIN) * FRAME).min(samples);
    from.min(samples.saturating_sub(SHORTEST))..to
}

/// Whether the decoder made its words up.
fn is_made_up(heard: &Heard) -> bool {
    let is_filler = |word: &Word| {
        let plain: String = word.text.chars().filter(|c| c.is_alphanumeric()).collect();
        FILLERS.contains(&&*plain.to_lowercase())
    };
    let only_fillers = heard.words.iter().all(is_filler);
    heard.confidence < if only_fillers { MADE_UP_FILLER } else { MADE_UP }
}

/// The words with their times, estimated: the model does not tell them (its attention is no output), so the words share
/// the loud frames by their letters. A pause belongs to no word, but a word may be off by some tenths of a second.
fn placed(words: &[Word], loudness: &Loudness) -> Vec<PassWord> {
    let loud: Vec<usize> = (0..loudness.frames()).filter(|frame| loudness.is_voiced(*frame)).collect();
    let letters = |word: &Word| word.text.chars().filter(|c| c.is_alphanumeric()).count() + 1;
    let all: usize = words.iter().map(letters).sum::<usize>().max(1);
    let mut share = 0;
    words
        .iter()
        .map(|word| {
            let from = share * loud.len() / all;
            share += letters(word);
            let to = (share * loud.len() / all).max(from + 1);
            let frames = loud.get(from..to.min(loud.len())).unwrap_or_default();
            let samples = match (frames.first(), frames.last()) {
                (Some(first), Some(last)) => Some((first * FRAME) as u64..((last + 1) * FRAME) as u64),
                _ => None,
            };
            PassWord {
                text: format!(" {}", word.text),
                samples,
                probability: word.probability.clamp(0.0, 1.0),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        text.split(' ').map(|word| Word { text: word.into(), probability: 0.9 }).collect()
    }

    fn check_made_up(text: &str, confidence: f32, expect: bool) {
        let heard = Heard { words: words(text), tokens: Vec::new(), confidence };
        assert_eq!(is_made_up(&heard), expect, "{text} {confidence}");
    }

    #[test]
    fn what_noise_sounds_like_is_not_believed() {
        check_made_up("Ten of clubs.", -0.26, false);
        check_made_up("I'm just a good crowd.", -1.08, true);
        check_made_up("You", -0.37, true);
        check_made_up("Mm-hmm.", -0.42, true);
        check_made_up("Mm-hmm.", -0.1, false);
        check_made_up("You know it.", -0.4, false);
    }

    #[test]
    fn the_quiet_around_is_left_out() {
        assert_eq!(with_margin(&(100..200), 100_000), 70 * FRAME..230 * FRAME);
        assert_eq!(with_margin(&(5..10), 12 * FRAME), 0..12 * FRAME);
        let short = with_margin(&(95..100), 100 * FRAME);
        assert!(short.len() >= SHORTEST && short.end == 100 * FRAME, "{short:?}");
    }

    #[test]
    fn words_share_the_loud_frames() {
        let quiet = vec![0.0; 50 * FRAME];
        let tone: Vec<f32> = (0..40 * FRAME).map(|at| if at % 2 == 0 { 0.1 } else { -0.1 }).collect();
        let loudness = Loudness::of(&[&*quiet, &*tone, &*quiet, &*tone].concat());
        let placed = placed(&words("abc abc abc abc"), &loudness);
        let frames = |word: &PassWord| word.samples.clone().map(|at| at.start / 160..at.end / 160).unwrap();
        assert_eq!(placed.iter().map(frames).collect::<Vec<_>>(), [50..70, 70..90, 140..160, 160..180]);
        assert_eq!(placed[0].text, " abc");
    }
}
