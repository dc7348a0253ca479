//! The network, its voices, and what it is given.
//!
//! `input_ids` [1, n + 2]: the tokens between two zeros; `style` [1, 256]: the row of the voice's file that belongs to n
//! tokens; `speed` [1]. It answers with one waveform at [`RATE`]. (The card of onnx-community/Kokoro-82M-v1.0-ONNX.)

use std::path::Path;
use std::sync::atomic::AtomicBool;

use engine::{JobError, Language, SpeakRequest, SpeechLoad, Voice};
use ort::session::{RunOptions, Session};
use ort::value::TensorRef;
use worker_kit::protocols::WordPhonemes;

use super::stretches::{Word, WordEnd};
use super::symbols::Symbols;
use crate::runtime::{Runtime, bad_model, needed, readable, unless_stopped};

/// Samples a second.
pub(super) const RATE: u32 = 24_000;

/// Numbers in a style.
const STYLE: usize = 256;

/// How fast the model can speak and still be understood.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// Kokoro, ready.
pub(super) struct Kokoro {
    session: Session,
    symbols: Symbols,
    voices: Vec<Voice>,
    /// Of each voice, for 0, 1, 2, … tokens.
    styles: Vec<Vec<f32>>,
}

/// A voice's place among the voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VoiceAt(usize);

impl Kokoro {
    pub(super) fn load(load: &SpeechLoad) -> Result<Self, JobError> {
        // The small files first: what is wrong with them is told at once.
        let symbols = Symbols::read(needed(load, "tokenizer")?)?;
        needed(load, "voice")?;
        let files = load.files.iter().filter(|(role, _)| role == "voice");
        let (voices, styles) =
            files.map(|(_, path)| Ok((named(path), styles(path)?))).collect::<Result<_, JobError>>()?;
        let weights = needed(load, "weights")?;
        readable(weights)?;
        let session = Runtime::open(load)?.session(weights, &["input_ids", "style", "speed"])?;
        Ok(Self { session, symbols, voices, styles })
    }

    pub(super) fn voices(&self) -> &[Voice] {
        &self.voices
    }

    /// The voice that is asked for, or else the first that speaks the language, or else the first.
    pub(super) fn voice(&self, request: &SpeakRequest) -> Result<VoiceAt, JobError> {
        let at = |met: &dyn Fn(&Voice) -> bool| self.voices.iter().position(met).map(VoiceAt);
        match &request.voice {
            Some(id) => at(&|voice| voice.id == *id).ok_or_else(|| JobError::BadRequest {
                reason: format!("There is no voice “{id}”. Choose another in the settings."),
            }),
            None => Ok(at(&|voice| voice.languages.contains(&request.language)).unwrap_or(VoiceAt(0))),
        }
    }

    /// The words' tokens, and the one between words.
    pub(super) fn tokens(&self, words: &[WordPhonemes]) -> (Vec<Word>, i64) {
        let word = |word: &WordPhonemes| Word {
            text: word.text.clone(),
            tokens: self.symbols.tokens(word.phonemes.trim()),
            end: WordEnd::of(&word.phonemes),
        };
        let words = words.iter().map(word).filter(|word| !word.tokens.is_empty()).collect();
        (words, self.symbols.tokens(" ").first().copied().unwrap_or(0))
    }

    /// The sound of at most 510 tokens; stops within milliseconds when `cancel` is set.
    pub(super) fn speak(
        &mut self,
        tokens: &[i64],
        VoiceAt(voice): VoiceAt,
        rate: f32,
        cancel: &AtomicBool,
    ) -> Result<Vec<f32>, JobError> {
        let style = style_for(&self.styles[voice], tokens.len());
        let speed = [if rate.is_nan() { 1.0 } else { rate.clamp(*SPEEDS.start(), *SPEEDS.end()) }];
        let ids = padded(tokens);
        let made = unless_stopped(cancel, |options| run(&mut self.session, &ids, style, &speed, options))?;
        made.ok_or(JobError::Cancelled)
    }
}

fn run(
    session: &mut Session,
    ids: &[i64],
    style: &[f32],
    speed: &[f32],
    options: &RunOptions,
) -> ort::Result<Vec<f32>> {
    let inputs = ort::inputs! {
        "input_ids" => TensorRef::from_array_view(([1, ids.len()], ids))?,
        "style" => TensorRef::from_array_view(([1, style.len()], style))?,
        "speed" => TensorRef::from_array_view(([1], speed))?,
    };
    let outputs = session.run_with_options(inputs, options)?;
    let waveform = outputs.values().next().ok_or_else(|| ort::Error::new("no waveform"))?;
    let (_, samples) = waveform.try_extract_tensor::<f32>()?;
    Ok(samples.to_vec())
}

/// The tokens between two of padding.
fn padded(tokens: &[i64]) -> Vec<i64> {
    [&[0], tokens, &[0]].concat()
}

/// The style for so many tokens; a voice's file has one for each number up to 509.
fn style_for(styles: &[f32], tokens: usize) -> &[f32] {
    let last = styles.len() / STYLE - 1;
    let from = tokens.min(last) * STYLE;
    &styles[from..from + STYLE]
}

/// A voice's file: little-endian `f32`, rows of [`STYLE`].
fn styles(path: &Path) -> Result<Vec<f32>, JobError> {
    readable(path)?;
    let bytes = std::fs::read(path).unwrap_or_default();
    let (numbers, rest) = bytes.as_chunks::<4>();
    let styles: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    if styles.is_empty() || !styles.len().is_multiple_of(STYLE) || !rest.is_empty() {
        return Err(bad_model(format!("{} is not a voice of Kokoro. Download it again.", path.display())));
    }
    Ok(styles)
}

/// What the file's name tells of its voice: `af_heart` is American English, female, and called Heart.
fn named(path: &Path) -> Voice {
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let language = match id.chars().next() {
        Some('e') => "es",
        Some('f') => "fr",
        Some('h') => "hi",
        Some('i') => "it",
        Some('j') => "ja",
        Some('p') => "pt",
        Some('z') => "zh",
        _ => "en",
    };
    let plain = id.split_once('_').map_or(&*id, |(_, name)| name);
    let mut chars = plain.chars();
    let name = chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    Voice { id, name, languages: vec![Language(language.into())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_padded_and_choose_their_style() {
        assert_eq!(padded(&[50, 157]), [0, 50, 157, 0]);
        let styles: Vec<f32> = (0..510_u16).flat_map(|row| [f32::from(row); STYLE]).collect();
        assert_eq!(style_for(&styles, 137), [137.0; STYLE]);
        assert_eq!(style_for(&styles, 510), [509.0; STYLE]);
        assert_eq!(style_for(&styles[..STYLE], 20), [0.0; STYLE]);
    }

    #[test]
    fn names_of_voices_tell_their_language() {
        let voice = named(Path::new("/voices/zf_xiaobei.bin"));
        assert_eq!((&*voice.id, &*voice.name, &*voice.languages[0].0), ("zf_xiaobei", "Xiaobei", "zh"));
        assert_eq!(named(Path::new("bm_lewis.bin")).languages[0].0, "en");
        assert_eq!(named(Path::new("mine.bin")).name, "Mine");
    }

    #[test]
    fn what_is_no_voice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("af_x.bin");
        for bytes in [vec![], vec![0; 1023], vec![0; 1028]] {
            std::fs::write(&file, bytes).unwrap();
            assert!(matches!(styles(&file), Err(JobError::BadModel { .. })));
        }
        std::fs::write(&file, vec![0; 2048]).unwrap();
        assert_eq!(styles(&file).unwrap().len(), 512);
    }
}
