//! The recordings and models that speech is measured with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use assembly::speech::{Hearing, SystemSpeech};
use engine::{LoadRequest, SpeechToText, TurnJudge};
use tokio::runtime::Handle;
use voice_bench::voices::{self, Utterance};
use voice_bench::{Home, Models};

use crate::listen;
use crate::models::{Opened, STARTER};

/// Which recordings.
#[derive(clap::Args)]
pub(super) struct Given {
    /// WAV files of people who speak, with a transcripts.tsv (file, language, words); without it those of the tests
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// The folder with the recordings of the tests: speech/, echo/ and rooms/
    #[arg(long, value_name = "FOLDER", env = "HARK_TEST_DATA")]
    data: Option<PathBuf>,
}

/// What the figures on recordings alone are measured with.
pub(super) struct Files {
    /// With transcripts.
    pub(super) recordings: PathBuf,
    data: Option<PathBuf>,
    /// Two readings that come with the tests' models, when no other recordings are wanted: some twenty utterances more.
    readings: Vec<PathBuf>,
    /// Sound of an office, 16 kHz.
    pub(super) noise: Option<Vec<f32>>,
    /// Where the models are.
    home: Home,
    pub(super) runtime: Handle,
}

impl Given {
    pub(super) fn files(&self, runtime: &Handle) -> anyhow::Result<Files> {
        let given = self.recordings.clone().or_else(|| Some(self.data.as_ref()?.join("speech")));
        let recordings = given.context(
            "there are no recordings: name a folder of WAV files with a transcripts.tsv (file, language, words) with \
             --recordings, or the one with the recordings of the tests in HARK_TEST_DATA",
        )?;
        let noise =
            self.data.as_ref().map(|data| data.join("speech/noise_office.mp3")).filter(|file| file.is_file());
        let noise = noise.map(|file| listen::read::sound(&file)).transpose()?;
        let models = models()?;
        let readings = match (&models, &self.recordings) {
            (Models::Loose { voice, .. }, None) => {
                let all = ["two_cities.wav", "beckett.wav"].map(|name| voice.join(name));
                all.into_iter().filter(|file| file.is_file()).collect()
            }
            _ => Vec::new(),
        };
        let home = Home::furnish(&models, &programs()?, "", None)?;
        Ok(Files { recordings, data: self.data.clone(), readings, noise, home, runtime: runtime.clone() })
    }
}

impl Files {
    /// The English ones: recordings with transcripts, then what is said between the pauses of the readings.
    pub(super) fn utterances(&self) -> anyhow::Result<Vec<Utterance>> {
        let mut utterances = voices::recordings(&self.recordings)?;
        for reading in &self.readings {
            utterances.extend(voices::pieces(reading)?);
        }
        Ok(utterances)
    }

    /// The models as an application at home there finds them.
    fn store(&self) -> anyhow::Result<Arc<model_store::ModelStore>> {
        let paths = self.paths();
        let (_, loaded) = settings::SettingsFile::open(paths.settings_file());
        Ok(Arc::new(assembly::model_store_of(&paths, &loaded.settings)?))
    }

    /// The recogniser of English, in its own program.
    pub(super) fn recogniser(&self) -> anyhow::Result<Arc<dyn SpeechToText>> {
        let speech = SystemSpeech::new(self.paths(), self.runtime.clone());
        let hearing = Hearing { language: Some("en"), ..Hearing::default() };
        Ok(speech.recogniser(&*self.store()?, hearing)?)
    }

    /// The chat model, as the conversation loads it.
    pub(super) fn chat_model(&self) -> anyhow::Result<LoadRequest> {
        let weights = match models()? {
            Models::Loose { chat, .. } => chat,
            Models::Kept(_) => {
                let starter = self.store()?.resolve(&Opened::here()?.id(STARTER)?);
                starter.context("there is no model; fetch one with `hark models pull starter`")?.weights
            }
        };
        Ok(LoadRequest {
            weights,
            projector: None,
            context_tokens: None,
            threads: None,
            prefill_threads: None,
            gpu_layers: None,
        })
    }

    /// The judge of turns, as the conversation has it.
    pub(super) fn judge(&self) -> anyhow::Result<Option<Arc<dyn TurnJudge>>> {
        let speech = SystemSpeech::new(self.paths(), self.runtime.clone());
        Ok(speech.judge(&*self.store()?))
    }

    /// The file of the detector of voices.
    pub(super) fn voice_activity(&self) -> anyhow::Result<Option<PathBuf>> {
        let speech = SystemSpeech::new(self.paths(), self.runtime.clone());
        Ok(speech.voice_activity(&*self.store()?))
    }

    fn paths(&self) -> settings::Paths {
        settings::Paths::under(self.home.path())
    }

    /// A recording of the tests.
    pub(super) fn recorded(&self, name: &str) -> anyhow::Result<Vec<f32>> {
        let data =
            self.data.as_ref().context("HARK_TEST_DATA names no folder with recordings of echo and rooms")?;
        listen::read::sound(&data.join(name))
    }
}

/// The models of the tests where the environment names them, else the user's.
pub(super) fn models() -> anyhow::Result<Models> {
    if let Some(models) = Models::of_tests() {
        return Ok(models);
    }
    let opened = Opened::here()?;
    let missing = assembly::speech::missing(&opened.store, Hearing::of(&opened.settings.voice));
    if !missing.is_empty() {
        bail!("the models for understanding speech are not here; fetch them with `hark models pull voice`");
    }
    Ok(Models::Kept(opened.paths.models_folder(&opened.settings)))
}

/// The folder of this very program.
pub(super) fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    Ok(own.parent().unwrap_or(Path::new(".")).to_owned())
}
