//! One pass of Whisper.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{JobError, Language, ListenRequest, SPEECH_RATE, SpeechLoad, SpeechTask};
use listening::{PassText, PassWord, Recogniser};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState, WhisperVadContext,
    WhisperVadContextParams,
};

use crate::doubt::{self, Doubt};
use crate::{file, languages, machine, native};

/// The encoder's positions in a second of sound.
const POSITIONS: usize = 50;
/// Positions beyond the sound. The encoder was trained to see silence after it; with none the last words suffer.
const BEYOND: usize = 128;
/// The fewest positions: 5 s.
const FEWEST: usize = 256;
/// All of them: 30 s.
const MOST: usize = 1500;
/// whisper.cpp refuses sound of less than 100 ms; shorter sound gets silence behind it.
const SHORTEST: usize = SPEECH_RATE as usize * 2 / 10;
/// Words for so much sound, at the most: no language has more tokens a second, and a circle ends here.
const TOKENS_A_SECOND: usize = 12;
/// Quieter than this everywhere (-60 dB) is silence.
const SILENT: f32 = 0.001;
/// So much sound tells the language well enough to keep it for the utterance: 3 s.
const TELLS_LANGUAGE: usize = 3 * SPEECH_RATE as usize;
/// More sound does not tell it better, and costs: 5 s, which the fewest positions hold.
const ASKED_FOR_LANGUAGE: usize = 5 * SPEECH_RATE as usize;
/// Silero's probability from which a stretch of 32 ms has a voice in it.
const VOICE: f32 = 0.5;

/// A model in memory.
pub(crate) struct Whisper {
    context: WhisperContext,
    state: WhisperState,
    threads: i32,
    languages: i32,
    voice: Option<WhisperVadContext>,
    asked: Asked,
}

/// What the utterance is to become.
struct Asked {
    language: Spoken,
    task: SpeechTask,
    word_times: bool,
}

/// Which language is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Known(&'static str),
    /// Found in sound too short to be sure of it.
    Guessed(&'static str),
    Unknown,
}

impl Whisper {
    /// Loads the model. Takes as long as reading the file does.
    pub(crate) fn load(load: &SpeechLoad) -> Result<Self, JobError> {
        machine::check_processor().map_err(|reason| JobError::Internal { reason })?;
        let weights = load.file("weights").ok_or_else(|| JobError::BadRequest {
            reason: "The recogniser's model has no weights. Choose another model.".into(),
        })?;
        file::check(weights)?;
        // Whisper's own lines would quote what was said.
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.flash_attn(true);
        let damaged = || JobError::BadModel { reason: file::broken(&weights.display().to_string()) };
        let context = WhisperContext::new_with_params(weights, parameters).map_err(|_| damaged())?;
        let state = context.create_state().map_err(|_| JobError::OutOfMemory {
            reason: "this model's working memory could not be had. Choose a smaller model.".into(),
        })?;
        let threads = load.threads.unwrap_or_else(machine::default_threads).clamp(1, 64);
        let threads = i32::try_from(threads).unwrap_or(1);
        let languages = languages::count(context.n_vocab(), context.is_multilingual());
        let voice = load.file("vad").map(|path| voice_model(path, threads)).transpose()?;
        let asked = Asked { language: Spoken::Unknown, task: SpeechTask::Transcribe, word_times: false };
        let mut whisper = Self { context, state, threads, languages, voice, asked };
        whisper.warm_up();
        Ok(whisper)
    }

    /// Languages it knows.
    pub(crate) fn languages(&self) -> Vec<Language> {
        languages::all(self.languages)
    }

    /// Whether it can translate.
    pub(crate) fn translates(&self) -> bool {
        self.is_multilingual()
    }

    fn is_multilingual(&self) -> bool {
        self.languages > 1
    }

    /// A first pass allocates; nobody shall wait for that.
    fn warm_up(&mut self) {
        self.asked.language = Spoken::Known("en");
        let parameters = self.parameters("en", SHORTEST);
        let _ = native::run(&mut self.state, parameters, &[0.0; SHORTEST], &AtomicBool::new(false));
    }

    fn parameters<'a>(&self, language: &'a str, samples: usize) -> FullParams<'a, 'static> {
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(self.threads);
        parameters.set_language(Some(language));
        parameters.set_translate(self.asked.task == SpeechTask::TranslateToEnglish && self.is_multilingual());
        parameters.set_audio_ctx(count(positions(samples)));
        parameters.set_max_tokens(count(16 + TOKENS_A_SECOND * samples.div_ceil(SPEECH_RATE as usize)));
        parameters.set_single_segment(true);
        parameters.set_no_context(true);
        parameters.set_no_timestamps(!self.asked.word_times);
        parameters.set_token_timestamps(self.asked.word_times);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        parameters.set_temperature(0.0);
        // No second try at a higher temperature: a pass must not take six times as long now and then.
        parameters.set_temperature_inc(0.0);
        parameters.set_print_special(false);
        parameters.set_print_progress(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        parameters
    }

    /// The language of this sound.
    fn language(&mut self, sound: &[f32]) -> Result<&'static str, JobError> {
        match self.asked.language {
            Spoken::Known(name) => return Ok(name),
            Spoken::Guessed(name) if sound.len() < TELLS_LANGUAGE => return Ok(name),
            Spoken::Guessed(_) | Spoken::Unknown => {}
        }
        let start = &sound[..sound.len().min(ASKED_FOR_LANGUAGE)];
        let parameters = self.parameters("en", start.len());
        native::set_positions(&mut self.state, parameters, start).map_err(|_| failed())?;
        let threads = usize::try_from(self.threads).unwrap_or(1);
        self.state.pcm_to_mel(start, threads).map_err(|_| failed())?;
        let (id, _) = self.state.lang_detect(0, threads).map_err(|_| failed())?;
        let name = whisper_rs::get_lang_str(id).unwrap_or("en");
        self.asked.language =
            if sound.len() < TELLS_LANGUAGE { Spoken::Guessed(name) } else { Spoken::Known(name) };
        Ok(name)
    }

    /// The words of the pass that has just run, and the chance that nobody spoke.
    fn words(&self, samples: usize) -> (Vec<PassWord>, f32) {
        let end_of_text = self.context.token_eot();
        let mut pieces = Pieces::default();
        let mut no_speech: f32 = 0.0;
        for segment in self.state.as_iter() {
            no_speech = no_speech.max(segment.no_speech_probability());
            for token in (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)) {
                // From the end of text on tokens are no text: languages, tasks, times.
                if token.token_id() < end_of_text {
                    let data = token.token_data();
                    let times = self
                        .asked
                        .word_times
                        .then(|| at_sample(data.t0, samples)..at_sample(data.t1, samples));
                    pieces.push(token.to_bytes().unwrap_or_default(), times, token.token_probability());
                }
            }
        }
        (PassText::pieces(pieces.done).words, no_speech)
    }

    /// Whether somebody speaks; without a model for it: yes.
    fn has_voice(&mut self, sound: &[f32]) -> bool {
        let Some(voice) = &mut self.voice else { return true };
        voice.detect_speech(sound).is_err()
            || voice.probabilities().iter().any(|probability| *probability > VOICE)
    }
}

impl Recogniser for Whisper {
    fn begin(&mut self, request: &ListenRequest) -> Result<(), JobError> {
        let language = match &request.language {
            _ if !self.is_multilingual() => match &request.language {
                Some(language) if languages::known(language, 1).is_none() => return Err(unknown(language)),
                _ => Spoken::Known("en"),
            },
            Some(language) => {
                Spoken::Known(languages::known(language, self.languages).ok_or_else(|| unknown(language))?)
            }
            None => Spoken::Unknown,
        };
        self.asked = Asked { language, task: request.task, word_times: request.word_times };
        Ok(())
    }

    fn pass(&mut self, sound: &[f32], abort: &AtomicBool) -> Result<PassText, JobError> {
        if sound.iter().all(|sample| sample.abs() < SILENT) {
            return Ok(PassText::default());
        }
        let mut padded = Vec::new();
        let sound = if sound.len() < SHORTEST {
            padded.extend_from_slice(sound);
            padded.resize(SHORTEST, 0.0);
            &padded
        } else {
            sound
        };
        let language = self.language(sound)?;
        if abort.load(Ordering::Relaxed) {
            return Err(JobError::Cancelled);
        }
        let parameters = self.parameters(language, sound.len());
        let ran = native::run(&mut self.state, parameters, sound, abort);
        if abort.load(Ordering::Relaxed) {
            return Err(JobError::Cancelled);
        }
        ran.map_err(|_| failed())?;
        let (mut words, no_speech) = self.words(sound.len());
        doubt::without_circle(&mut words);
        let text: String = words.iter().map(|word| word.text.as_str()).collect();
        let invented = match doubt::about(&text, no_speech) {
            Doubt::None => false,
            Doubt::Voice => !self.has_voice(sound),
            Doubt::Invented => true,
        };
        if invented {
            words.clear();
        }
        Ok(PassText { words, language: Some(languages::tag(language)) })
    }
}

/// Tokens on their way to text: some are only a part of a character.
#[derive(Default)]
struct Pieces {
    done: Vec<PassWord>,
    part: Vec<u8>,
}

impl Pieces {
    fn push(&mut self, bytes: &[u8], samples: Option<std::ops::Range<u64>>, probability: f32) {
        self.part.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.part) {
            // A character that goes on in the next token; anything longer than one is not UTF-8 and goes as it is.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.part.len(),
        };
        let text = String::from_utf8_lossy(&self.part[..whole]).into_owned();
        self.part.drain(..whole);
        if !text.is_empty() {
            self.done.push(PassWord { text, samples, probability: probability.clamp(0.0, 1.0) });
        }
    }
}

fn voice_model(path: &Path, threads: i32) -> Result<WhisperVadContext, JobError> {
    let bad = || JobError::BadModel {
        reason: format!("{} is no voice detector for Whisper. Download the model again.", path.display()),
    };
    let mut magic = [0; 4];
    std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic))
        .map_err(|_| bad())?;
    let name = path.to_str().filter(|_| &magic == b"lmgg").ok_or_else(bad)?;
    let mut parameters = WhisperVadContextParams::new();
    parameters.set_n_threads(threads);
    parameters.set_use_gpu(false);
    WhisperVadContext::new(name, parameters).map_err(|_| bad())
}

/// Encoder positions for so many samples.
fn positions(samples: usize) -> usize {
    ((samples * POSITIONS).div_ceil(SPEECH_RATE as usize) + BEYOND).next_multiple_of(64).clamp(FEWEST, MOST)
}

/// The sample of a time in hundredths of a second, within the sound.
fn at_sample(centiseconds: i64, samples: usize) -> u64 {
    let sample = u64::try_from(centiseconds).unwrap_or(0) * u64::from(SPEECH_RATE / 100);
    sample.min(samples as u64)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unknown(language: &Language) -> JobError {
    JobError::BadRequest {
        reason: format!(
            "This model does not know the language “{}”. Choose a multilingual model.",
            language.0
        ),
    }
}

fn failed() -> JobError {
    JobError::Internal {
        reason: "Whisper could not make sense of its model. Download the model again.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_is_as_long_as_the_sound() {
        let seconds = |seconds: usize| positions(seconds * SPEECH_RATE as usize);
        assert_eq!([0, 1, 5, 10, 24, 60].map(seconds), [256, 256, 384, 640, 1344, 1500]);
    }

    #[test]
    fn characters_cut_between_tokens_come_out_whole() {
        let mut pieces = Pieces::default();
        let text = " 你好";
        for bytes in [&text.as_bytes()[..2], &text.as_bytes()[2..5], &text.as_bytes()[5..], b"\xff", b"!"] {
            pieces.push(bytes, None, 0.5);
        }
        let told: String = pieces.done.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(told, " 你好\u{fffd}!");
    }

    #[test]
    fn times_stay_within_the_sound() {
        assert_eq!([at_sample(-5, 100), at_sample(10, 16_000), at_sample(500, 16_000)], [0, 1600, 16_000]);
    }
}
