//! Which of the models that are here are used. Looks at files and at nothing else.

use std::path::PathBuf;

use api::{ApiError, ErrorCode};
use engine::{SpeechLoad, SpeechTask};
use model_store::{FileRole, InstalledModel, Machine, ModelId, ModelStore, Starter, Task, Verdict};
use settings::SpokenLanguage;

/// Where ONNX Runtime is, where no model folder has it: the name its other users know.
const ONNX_RUNTIME: &str = "ORT_DYLIB_PATH";

const MOONSHINE: &str = "worker-moonshine";
const WHISPER: &str = "worker-whisper";
/// The voice that needs no model, and that tells other voices how words are pronounced.
const ESPEAK: &str = "worker-espeak";
/// The voices that come with macOS and Windows.
const SYSTEM_VOICE: &str = "worker-system-voice";

/// A recogniser or a voice, and the program it runs in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) program: &'static str,
    pub(super) load: SpeechLoad,
}

/// What a recogniser is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearing<'a> {
    /// The recogniser's id; none takes the best.
    pub model: Option<&'a str>,
    /// The language as BCP 47 has it; none lets the recogniser find out.
    pub language: Option<&'a str>,
    /// Whether it is to be translated.
    pub task: SpeechTask,
}

impl<'a> Hearing<'a> {
    /// As the settings have it.
    pub fn of(settings: &'a settings::Voice) -> Self {
        let language = match settings.language {
            SpokenLanguage::Auto => None,
            SpokenLanguage::En => Some("en"),
            SpokenLanguage::Es => Some("es"),
            SpokenLanguage::Zh => Some("zh"),
        };
        Self { model: settings.recogniser.as_deref(), language, task: SpeechTask::Transcribe }
    }

    fn is_english(&self) -> bool {
        self.language.is_some_and(|tag| tag == "en" || tag.starts_with("en-"))
    }

    /// Whether an English recogniser is enough.
    fn may_be_english(&self) -> bool {
        self.task == SpeechTask::Transcribe && (self.language.is_none() || self.is_english())
    }
}

/// The recogniser that is wanted, or the best for the language: a Whisper knows them all and finds out which, at the
/// price of speed; Moonshine knows English, and is quick. `has_program` tells which worker programs are here.
pub(super) fn recogniser(
    models: &ModelStore,
    hearing: Hearing<'_>,
    has_program: impl Fn(&str) -> bool,
) -> Result<Chosen, ApiError> {
    if let Some(wanted) = hearing.model {
        let model = wanted.parse().ok().and_then(|id| models.installed_model(&id));
        let model = model.filter(|model| model.task == Task::SpeechToText).ok_or_else(|| {
            no_model(format!(
                "The chosen recogniser “{wanted}” is not on this machine. Download it with `hark models pull {wanted}`, or choose another in the settings."
            ))
        })?;
        if let Some(problem) = &model.problem {
            return Err(ApiError::new(ErrorCode::BadModel, problem.clone()));
        }
        return load(models, &model).ok_or_else(nothing_here);
    }
    let usable = |model: &InstalledModel| {
        model.task == Task::SpeechToText && model.problem.is_none() && has_program(program_of(model))
    };
    let here: Vec<InstalledModel> = models.installed().into_iter().filter(usable).collect();
    let moonshine = || here.iter().find(|model| program_of(model) == MOONSHINE);
    let whisper = || best_whisper(models, &here);
    let model = match (hearing.may_be_english(), hearing.is_english()) {
        (true, true) => moonshine().or_else(whisper),
        (true, false) => whisper().or_else(moonshine),
        (false, _) => whisper(),
    };
    match model {
        Some(model) => load(models, model).ok_or_else(nothing_here),
        None if !here.is_empty() => Err(no_model(
            "The speech models that are here understand English only. For other languages, and to translate, download Whisper, for example with `hark models pull whisper-base`.".into(),
        )),
        None => Err(nothing_here()),
    }
}

fn no_model(sentence: String) -> ApiError {
    ApiError::new(ErrorCode::NoModel, sentence)
}

fn nothing_here() -> ApiError {
    no_model(
        "The speech models are not here yet. Download them with `hark models pull voice` or on the models page."
            .into(),
    )
}

/// Moonshine is a pair of encoder and decoder; a Whisper is one file.
fn program_of(model: &InstalledModel) -> &'static str {
    let pair = model.path(FileRole::Decoder).is_some() || model.missing.contains(&FileRole::Decoder);
    if pair { MOONSHINE } else { WHISPER }
}

/// The largest that fits; when none does, the smallest.
fn best_whisper<'m>(models: &ModelStore, here: &'m [InstalledModel]) -> Option<&'m InstalledModel> {
    let whispers: Vec<&InstalledModel> = here.iter().filter(|model| program_of(model) == WHISPER).collect();
    if whispers.len() < 2 {
        return whispers.first().copied();
    }
    let machine = Machine::probe();
    let fits = |model: &&&InstalledModel| {
        models.fit(&model.id, 0, &machine).is_none_or(|fit| fit.verdict == Verdict::Fits)
    };
    let largest = whispers.iter().filter(fits).max_by_key(|model| model.bytes());
    largest.or_else(|| whispers.iter().min_by_key(|model| model.bytes())).copied()
}

/// What a worker has to load; none when a file or ONNX Runtime is missing.
fn load(models: &ModelStore, model: &InstalledModel) -> Option<Chosen> {
    let program = program_of(model);
    if program == MOONSHINE && !model.missing.is_empty() {
        return None;
    }
    let load = if program == MOONSHINE { with_runtime(models, model)? } else { files_of(model) };
    Some(Chosen { program, load })
}

fn files_of(model: &InstalledModel) -> SpeechLoad {
    let files = model.files.iter().map(|file| (role(file.role).to_owned(), file.path.clone()));
    SpeechLoad { name: model.name.clone(), files: files.collect(), threads: None }
}

fn with_runtime(models: &ModelStore, model: &InstalledModel) -> Option<SpeechLoad> {
    let mut load = files_of(model);
    let own = models.installed().into_iter().find(|model| model.task == Task::Runtime);
    let own = own.and_then(|runtime| runtime.path(FileRole::Library).map(Into::into));
    let library = own.or_else(|| std::env::var_os(ONNX_RUNTIME).map(std::path::PathBuf::from))?;
    load.files.push((role(FileRole::Library).to_owned(), library));
    Some(load)
}

/// The roles by the names that workers know.
fn role(role: FileRole) -> &'static str {
    match role {
        FileRole::Weights => "weights",
        FileRole::Projector => "projector",
        FileRole::Draft => "draft",
        FileRole::Tokenizer => "tokenizer",
        FileRole::Decoder => "decoder",
        FileRole::Voice => "voice",
        FileRole::Library => "library",
    }
}

/// The voice that is there without any model, on the system of this name (as [`std::env::consts::OS`] has it): the system's
/// own where it has one that programs can rely on, and eSpeak NG elsewhere, or where the system's own has no program.
pub(super) fn plain_voice(system: &str, has_program: impl Fn(&str) -> bool) -> Chosen {
    if matches!(system, "macos" | "windows") && has_program(SYSTEM_VOICE) {
        Chosen { program: SYSTEM_VOICE, load: without_files("The system's voices") }
    } else {
        espeak()
    }
}

/// eSpeak NG, wherever the system has it.
pub(super) fn espeak() -> Chosen {
    Chosen { program: ESPEAK, load: without_files("eSpeak NG") }
}

fn without_files(name: &str) -> SpeechLoad {
    SpeechLoad { name: name.into(), files: Vec::new(), threads: None }
}

/// The neural voice that is here, whole.
pub(super) fn neural_voice(models: &ModelStore) -> Option<SpeechLoad> {
    let whole = |model: &InstalledModel| {
        model.task == Task::TextToSpeech && model.problem.is_none() && model.missing.is_empty()
    };
    let model = models.installed().into_iter().find(whole)?;
    with_runtime(models, &model)
}

/// Where the ends of turns are judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judging {
    /// In the worker, with this.
    Worker(SpeechLoad),
    /// In this process, with this file: there is no ONNX Runtime.
    Here(PathBuf),
}

/// The judge of turns that is here.
pub(super) fn judging(models: &ModelStore) -> Option<Judging> {
    let model = small(models, Task::EndOfTurn)?;
    let here = || model.path(FileRole::Weights).map(|file| Judging::Here(file.into()));
    with_runtime(models, &model).map(Judging::Worker).or_else(here)
}

/// What reads the text in pictures, where it is here, whole.
pub(crate) fn text_recognition(models: &ModelStore) -> Option<SpeechLoad> {
    let model = small(models, Task::TextRecognition).filter(|model| model.missing.is_empty())?;
    with_runtime(models, &model)
}

/// The file of the detector of voices that is here.
pub(super) fn voice_activity(models: &ModelStore) -> Option<PathBuf> {
    small(models, Task::VoiceActivity)?.path(FileRole::Weights).map(Into::into)
}

fn small(models: &ModelStore, task: Task) -> Option<InstalledModel> {
    models.installed().into_iter().find(|model| model.task == task && model.problem.is_none())
}

/// The models of the voice starter set that are not here, whole.
pub fn voice_set(models: &ModelStore) -> Vec<ModelId> {
    let whole = |id: &ModelId| {
        models.installed_model(id).is_some_and(|model| model.problem.is_none() && model.missing.is_empty())
    };
    let set = models.catalogue().iter().filter(|entry| entry.starter == Some(Starter::Voice));
    set.map(|entry| entry.id.clone()).filter(|id| !whole(id)).collect()
}

/// A Whisper that most machines can run beside a conversation.
const USUAL_WHISPER: &str = "whisper-base";

/// What has to be fetched before anything can be heard; nothing when it can be.
pub fn missing(models: &ModelStore, hearing: Hearing<'_>) -> Vec<ModelId> {
    // A worker program that is missing is no model that is missing.
    if recogniser(models, hearing, |_| true).is_ok() {
        return Vec::new();
    }
    match hearing.model {
        Some(wanted) => wanted.parse().into_iter().collect(),
        None if hearing.may_be_english() => voice_set(models),
        None => USUAL_WHISPER.parse().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use model_store::StoreConfig;

    use super::*;

    struct Here {
        folder: tempfile::TempDir,
    }

    impl Here {
        fn with(ids: &[&str]) -> (Self, ModelStore) {
            let here = Self { folder: tempfile::tempdir().unwrap() };
            let store = here.store();
            for id in ids {
                let entry = store.catalogue().iter().find(|entry| entry.id.as_str() == *id).unwrap();
                for file in &entry.files {
                    here.file(id, &file.name, file.size);
                }
            }
            (here, store)
        }

        fn store(&self) -> ModelStore {
            ModelStore::open(StoreConfig::bare(self.folder.path())).unwrap()
        }

        /// Of the right length and without content: only lengths are looked at.
        fn file(&self, id: &str, name: &str, size: Option<u64>) {
            let folder = self.folder.path().join(id);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::File::create(folder.join(name)).unwrap().set_len(size.unwrap_or(1)).unwrap();
        }
    }

    const STARTERS: [&str; 4] = ["moonshine-tiny-en", "smart-turn-v3.2", "silero-vad", "onnxruntime"];

    const ANY: Hearing<'static> = Hearing { model: None, language: None, task: SpeechTask::Transcribe };

    fn language(tag: &str) -> Hearing<'_> {
        Hearing { language: Some(tag), ..ANY }
    }

    fn chosen(models: &ModelStore, hearing: Hearing<'_>) -> Result<&'static str, ErrorCode> {
        let chosen = recogniser(models, hearing, |_| true);
        chosen.map(|chosen| chosen.program).map_err(|error| error.code)
    }

    #[test]
    fn without_models_it_is_said_where_they_are() {
        let (_here, models) = Here::with(&[]);
        let error = recogniser(&models, ANY, |_| true).unwrap_err();
        assert_eq!(error.code, ErrorCode::NoModel);
        assert!(error.message.contains("hark models pull voice"), "{}", error.message);
        assert_eq!((voice_activity(&models), judging(&models)), (None, None));
        assert_eq!(missing(&models, ANY).len(), STARTERS.len());
    }

    #[test]
    fn the_starter_set_understands_english() {
        let (_here, models) = Here::with(&STARTERS);
        let Chosen { program, load } = recogniser(&models, ANY, |_| true).unwrap();
        assert_eq!(program, MOONSHINE);
        let roles: Vec<&str> = load.files.iter().map(|(role, _)| role.as_str()).collect();
        assert_eq!(roles, ["weights", "decoder", "tokenizer", "library"]);
        assert!(load.file("library").is_some_and(Path::is_file));
        assert_eq!(chosen(&models, language("es")), Err(ErrorCode::NoModel));
        assert!(voice_activity(&models).is_some_and(|path| path.is_file()));
        assert!(matches!(judging(&models), Some(Judging::Worker(load)) if load.file("library").is_some()));
        assert!(missing(&models, ANY).is_empty());
        assert_eq!(missing(&models, language("zh")).len(), 1);
    }

    #[test]
    fn a_whisper_is_for_all_languages_but_english_where_there_is_a_quicker_one() {
        let all = ["moonshine-tiny-en", "onnxruntime", "whisper-tiny"];
        let (_here, models) = Here::with(&all);
        assert_eq!(chosen(&models, language("en")), Ok(MOONSHINE));
        assert_eq!(chosen(&models, ANY), Ok(WHISPER));
        assert_eq!(chosen(&models, language("es")), Ok(WHISPER));
        let translated = Hearing { task: SpeechTask::TranslateToEnglish, ..language("en") };
        assert_eq!(chosen(&models, translated), Ok(WHISPER));
        let without = recogniser(&models, ANY, |name| name != WHISPER).unwrap();
        assert_eq!(without.program, MOONSHINE);
    }

    #[test]
    fn what_the_settings_want_is_used_or_said_to_be_missing() {
        let (_here, models) = Here::with(&STARTERS);
        let want = |id: &str| {
            let hearing = Hearing { model: Some(id), ..ANY };
            (recogniser(&models, hearing, |_| true), missing(&models, hearing))
        };
        assert_eq!(want("moonshine-tiny-en").0.unwrap().program, MOONSHINE);
        let (error, missing) = want("whisper-small");
        assert!(error.unwrap_err().message.contains("hark models pull whisper-small"));
        assert_eq!(missing[0].as_str(), "whisper-small");
        // What is no recogniser does not listen.
        assert_eq!(want("silero-vad").0.unwrap_err().code, ErrorCode::NoModel);
    }

    #[test]
    fn macos_and_windows_speak_with_voices_of_their_own() {
        let program = |system, here: &[&str]| plain_voice(system, |name| here.contains(&name)).program;
        let both = [ESPEAK, SYSTEM_VOICE];
        assert_eq!(program("macos", &both), SYSTEM_VOICE);
        assert_eq!(program("windows", &both), SYSTEM_VOICE);
        // The program is there wherever everything is built, and never asked.
        assert_eq!(program("linux", &both), ESPEAK);
        assert_eq!(program("freebsd", &both), ESPEAK);
        assert_eq!(program("macos", &[ESPEAK]), ESPEAK);
        // Its error says best what is missing.
        assert_eq!(program("windows", &[]), ESPEAK);
        assert_eq!(plain_voice("macos", |_| true).load.files, []);
    }

    #[test]
    fn a_model_that_is_not_whole_is_not_used() {
        let (here, models) = Here::with(&["silero-vad", "onnxruntime"]);
        let entry = models.catalogue().iter().find(|entry| entry.id.as_str() == "moonshine-tiny-en").unwrap();
        here.file("moonshine-tiny-en", "encoder_model.ort", entry.files[0].size);
        assert_eq!(chosen(&models, language("en")), Err(ErrorCode::NoModel));
        assert!(missing(&models, ANY).contains(&entry.id));
    }
}
