//! Whole spoken conversations: the built `hark` with its workers and the starter models, spoken to by recordings of people
//! on the virtual sound card.
//!
//! Linux only. Where `PulseAudio`, the models (`HARK_TEST_MODEL`, `HARK_TEST_VOICE`), the recordings (`HARK_TEST_DATA`) or the
//! programs are missing, a test says `skipped: …` and passes. Conversations are held one after another, because on two
//! cores they would make each other late.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use soundcard_sim::VirtualCard;
use voice_bench::voices::{Utterance, recordings};
use voice_bench::{Cast, LONG_REPLY, Models, Script, Stage};

/// How long anything may take: events are awaited, and this is the end of all patience.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A conversation to be held, and who holds it.
pub struct Scene {
    /// The conversation.
    pub stage: Stage,
    /// People.
    pub voices: Vec<Utterance>,
    _script: Option<Script>,
    _turn: MutexGuard<'static, ()>,
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// The starter model, shortly.
    Model,
    /// A scripted server: always the same long text.
    Long,
}

/// Opens a conversation; none, with a line that says why, where something is missing. `prepare` may change the card before
/// the program sees it.
///
/// # Errors
/// If what is there does not work.
pub fn scene(
    answers: Answers,
    prepare: impl FnOnce(&VirtualCard) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Scene>> {
    scene_with(|_| Ok(()), answers, prepare)
}

/// The same with the program's home in this folder.
///
/// # Errors
/// As [`scene`].
pub fn scene_in(
    folder: Option<&Path>,
    answers: Answers,
    prepare: impl FnOnce(&VirtualCard) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Scene>> {
    let settle = |cast: &mut Cast| {
        cast.folder = folder.map(Path::to_path_buf);
        Ok(())
    };
    scene_with(settle, answers, prepare)
}

/// The same with another cast, as `change` makes it.
///
/// # Errors
/// As [`scene`].
pub fn scene_with(
    change: impl FnOnce(&mut Cast) -> anyhow::Result<()>,
    answers: Answers,
    prepare: impl FnOnce(&VirtualCard) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Scene>> {
    // A mutex, so that two conversations do not share two cores.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let parts = match parts() {
        Ok(parts) => parts,
        Err(missing) => {
            println!("skipped: {missing}");
            return Ok(None);
        }
    };
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut cast, voices) = parts;
    change(&mut cast)?;
    let script = (answers == Answers::Long).then(|| Script::start(LONG_REPLY)).transpose()?;
    let card = std::sync::Arc::new(VirtualCard::start()?);
    prepare(&card)?;
    let stage = Stage::open_on(card, &cast, script.as_ref())?;
    Ok(Some(Scene { stage, voices, _script: script, _turn: turn }))
}

fn parts() -> anyhow::Result<(Cast, Vec<Utterance>)> {
    anyhow::ensure!(soundcard_sim::available(), "PulseAudio is not installed");
    let models = Models::of_tests().context("HARK_TEST_MODEL and HARK_TEST_VOICE name no models")?;
    let data = std::env::var_os("HARK_TEST_DATA").map(PathBuf::from);
    let data = data.context("HARK_TEST_DATA names no recordings")?;
    let programs = programs();
    for name in ["hark", "worker-llm", "worker-moonshine", "worker-espeak"] {
        anyhow::ensure!(programs.join(name).is_file(), "{name} is not built in {}", programs.display());
    }
    let cast = Cast {
        programs,
        models,
        reply_tokens: Some(24),
        model: None,
        arguments: Vec::new(),
        environment: Vec::new(),
        folder: None,
    };
    Ok((cast, recordings(&data.join("speech"))?))
}

/// The folder with the built programs: as given, else that of this build (`target/PROFILE/deps/TEST`).
fn programs() -> PathBuf {
    if let Some(given) = std::env::var_os("HARK_BIN_DIR").filter(|given| !given.is_empty()) {
        return given.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

impl Scene {
    /// The recording of this name.
    ///
    /// # Errors
    /// If the recordings are others.
    pub fn voice(&self, name: &str) -> anyhow::Result<Utterance> {
        let found = self.voices.iter().find(|voice| voice.name == name);
        found.cloned().with_context(|| format!("there is no recording {name}"))
    }

    /// Says something and waits until a reply to it is heard.
    ///
    /// # Errors
    /// If none is.
    pub fn begin(&mut self, name: &str) -> anyhow::Result<()> {
        let voice = self.voice(name)?;
        let mark = self.stage.program.mark();
        let speech = self.stage.card.speak(&voice.sound, 1.0);
        self.stage.heard(&speech)?;
        let answered = self.stage.phase_from(mark, &["speaking"], PATIENCE)?;
        answered.map(drop).with_context(|| format!("no reply to {name}; {}", self.stage.program.voice()))
    }

    /// Waits for a sentence that the conversation's problem or one of its sides tells.
    ///
    /// # Errors
    /// If it never comes.
    pub fn told(&self, mark: usize, part: &str) -> anyhow::Result<()> {
        let told = self.stage.program.wait(mark, PATIENCE, |line| {
            let voice = line.voice()?;
            let sentences = [&voice["problem"], &voice["microphone"]["error"], &voice["speaker"]["error"]];
            let found = sentences.iter().any(|error| {
                error["message"].as_str().is_some_and(|sentence| sentence.to_lowercase().contains(part))
            });
            found.then_some(())
        })?;
        told.with_context(|| format!("nothing was said about “{part}”: {}", self.stage.program.voice()))
    }

    /// Waits until the microphone or the speaker stands so (`open`, `lost`).
    ///
    /// # Errors
    /// If it never does.
    pub fn side(&self, mark: usize, side: &str, kind: &str) -> anyhow::Result<()> {
        let stands = self
            .stage
            .program
            .wait(mark, PATIENCE, |line| (line.voice()?[side]["kind"] == kind).then_some(()))?;
        stands.with_context(|| format!("{side} never was {kind}: {}", self.stage.program.voice()))
    }

    /// Asks a question and insists on a reply that is heard and in the history: the conversation works.
    ///
    /// # Errors
    /// If it does not.
    pub fn works(&mut self) -> anyhow::Result<()> {
        let before = self.stage.history().map_or(0, |history| history.len());
        self.begin("harvard_3.wav")?;
        self.stage.program.ask("stop_speaking", &serde_json::json!({}))?;
        self.stage.rest(Duration::from_secs(20))?;
        let after = self.stage.history()?;
        anyhow::ensure!(after.len() > before, "nothing new in the history: {after:?}");
        Ok(())
    }
}
