//! Sound and speech on this machine: which recogniser, which voice, which small networks, and the processes they run in.
//!
//! Always holds: choosing loads nothing; a worker's process is shared by everything that wants the same of it, and ends
//! some minutes after the last use, so that a program that is only open holds no speech models in memory.

mod choice;
mod judge;
mod routed;
mod shelf;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::{
    ApiError, ErrorCode, SoundDevice, SoundDevices, SoundReason, Speech, SpokenParts, VoiceChoice, Voices,
};
use async_trait::async_trait;
use audio_io::SystemCard;
use engine::{
    EngineError, SpeakRequest, SpeakerInfo, SpeechChunk, SpeechLoad, SpeechToText, Spoken, TextToSpeech,
    TurnJudge,
};
use media::{Device, Direction, SoundCard};
use model_store::ModelStore;
use settings::{Paths, SettingsFile};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::{JudgeWorker, Limits, PhonemeVoice, SpeakWorker, SttWorker, WorkerCommand, worker_program};

pub(crate) use choice::text_recognition;
use choice::{Chosen, Judging, plain_voice, recogniser};
pub use choice::{Hearing, missing, voice_set};
use judge::JudgeHere;
use routed::RoutedVoice;
use shelf::Shelf;

/// The neural voice.
const KOKORO: &str = "worker-kokoro";

/// The judge of turns.
const SMART_TURN: &str = "worker-smart-turn";

/// A sound system that does not answer within this time hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whisper looks at a cancellation only between the steps of a pass, which on a small machine take seconds.
const CANCEL_GRACE: Duration = Duration::from_secs(30);

/// How often it is looked which workers are in use.
const LOOK: Duration = Duration::from_mins(1);

/// Sound and speech through the sound devices and worker programs of this machine.
pub struct SystemSpeech {
    paths: Paths,
    runtime: Handle,
    shelves: Arc<Shelves>,
}

#[derive(Default)]
struct Shelves {
    recognisers: Shelf<(PathBuf, SpeechLoad), SttWorker>,
    voices: Shelf<(PathBuf, SpeechLoad), SpeakWorker>,
    judges: Shelf<(PathBuf, SpeechLoad), JudgeWorker>,
}

impl SystemSpeech {
    /// Starts nothing.
    pub fn new(paths: Paths, runtime: Handle) -> Self {
        let shelves = Arc::new(Shelves::default());
        let swept = Arc::downgrade(&shelves);
        runtime.spawn(async move {
            let mut tick = tokio::time::interval(LOOK);
            loop {
                tick.tick().await;
                let Some(shelves) = swept.upgrade() else { return };
                shelves.recognisers.sweep();
                shelves.voices.sweep();
                shelves.judges.sweep();
            }
        });
        Self { paths, runtime, shelves }
    }

    /// Microphones and loudspeakers.
    pub fn card(&self) -> Arc<dyn SoundCard> {
        Arc::new(SystemCard)
    }

    /// The recogniser that is wanted, or the best that is here for the language.
    pub fn recogniser(
        &self,
        models: &ModelStore,
        hearing: Hearing<'_>,
    ) -> Result<Arc<dyn SpeechToText>, ApiError> {
        let Chosen { program, load } = recogniser(models, hearing, |name| worker_program(name).is_ok())?;
        let program = worker_program(program)?;
        let _entered = self.runtime.enter();
        let worker = self.shelves.recognisers.take((program, load), |(program, load)| {
            let limits = Limits { cancel_grace: CANCEL_GRACE, ..Limits::default() };
            SttWorker::new(WorkerCommand::new(program), limits, load.clone())
        });
        Ok(worker)
    }

    /// The best voice that is here.
    pub fn voice(&self, models: &ModelStore) -> Result<Arc<dyn TextToSpeech>, ApiError> {
        let plain = plain_voice(std::env::consts::OS, |name| worker_program(name).is_ok());
        let plain = self.speaker(plain.program, plain.load)?;
        // A neural voice without its programs is a voice less, and no reason to be silent.
        let Some(neural) = self.neural(models) else { return Ok(plain) };
        Ok(Arc::new(RoutedVoice::new(Arc::new(neural), plain)))
    }

    fn neural(&self, models: &ModelStore) -> Option<Neural> {
        let voice = self.speaker(KOKORO, choice::neural_voice(models)?).ok()?;
        let Chosen { program, load } = choice::espeak();
        let phonemes = self.speaker(program, load).ok()?;
        let both = PhonemeVoice { phonemes: (*phonemes).clone(), voice: (*voice).clone() };
        Some(Neural { voice: both, _shelved: [voice, phonemes] })
    }

    fn speaker(&self, program: &str, load: SpeechLoad) -> Result<Arc<SpeakWorker>, EngineError> {
        let program = worker_program(program)?;
        let _entered = self.runtime.enter();
        Ok(self.shelves.voices.take((program, load), |(program, load)| {
            SpeakWorker::new(WorkerCommand::new(program), Limits::default(), load.clone())
        }))
    }

    /// The judge of turns that is here.
    pub fn judge(&self, models: &ModelStore) -> Option<Arc<dyn TurnJudge>> {
        let load = match choice::judging(models)? {
            Judging::Here(file) => return Some(Arc::new(JudgeHere::new(file))),
            Judging::Worker(load) => load,
        };
        let Ok(program) = worker_program(SMART_TURN) else {
            return load.file("weights").map(|file| Arc::new(JudgeHere::new(file.into())) as _);
        };
        let _entered = self.runtime.enter();
        Some(self.shelves.judges.take((program, load), |(program, load)| {
            JudgeWorker::new(WorkerCommand::new(program), Limits::default(), load.clone())
        }))
    }

    /// The file of the detector of voices that is here.
    pub fn voice_activity(&self, models: &ModelStore) -> Option<PathBuf> {
        choice::voice_activity(models)
    }

    /// The sound devices there are, or why they are not known.
    pub async fn sound_devices(&self) -> Result<Vec<Device>, ApiError> {
        let card = self.card();
        let asked = tokio::task::spawn_blocking(move || card.devices());
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(devices))) => Ok(devices),
            Ok(Ok(Err(error))) => Err(error.into()),
            Ok(Err(_)) | Err(_) => Err(ApiError::of_sound(
                SoundReason::ServerGone,
                "The sound system does not answer. Restart it, or the computer.",
            )),
        }
    }
}

/// The neural voice; as long as it is held, its workers count as used.
struct Neural {
    voice: PhonemeVoice,
    _shelved: [Arc<SpeakWorker>; 2],
}

#[async_trait]
impl TextToSpeech for Neural {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        self.voice.ready().await
    }

    async fn speak(
        &self,
        request: SpeakRequest,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        self.voice.speak(request, out, cancel).await
    }
}

#[async_trait]
impl Speech for SystemSpeech {
    fn parts(&self, models: &ModelStore, settings: &settings::Voice) -> Result<SpokenParts, ApiError> {
        Ok(SpokenParts {
            card: self.card(),
            recogniser: self.recogniser(models, Hearing::of(settings))?,
            voice: self.voice(models)?,
            judge: self.judge(models),
            voice_activity: self.voice_activity(models),
        })
    }

    fn card(&self) -> Arc<dyn SoundCard> {
        Self::card(self)
    }

    fn voice(&self, models: &ModelStore, _: &settings::Voice) -> Result<Arc<dyn TextToSpeech>, ApiError> {
        Self::voice(self, models)
    }

    async fn devices(&self) -> Result<SoundDevices, ApiError> {
        let devices = self.sound_devices().await?;
        let of = |direction| {
            let those = devices.iter().filter(|device| device.direction == direction);
            those.map(shown).collect()
        };
        Ok(SoundDevices { microphones: of(Direction::Input), speakers: of(Direction::Output) })
    }

    async fn voices(&self) -> Result<Voices, ApiError> {
        let paths = self.paths.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let (_, loaded) = SettingsFile::open(paths.settings_file());
            crate::model_store_of(&paths, &loaded.settings)
        });
        let models = match opened.await {
            Ok(models) => models.map_err(|error| ApiError::new(ErrorCode::Other, error.to_string()))?,
            Err(_) => return Err(ApiError::new(ErrorCode::Other, "The models could not be looked at.")),
        };
        let info = self.voice(&models)?.ready().await?;
        Ok(Voices { voices: info.voices.into_iter().map(choice_of).collect() })
    }
}

fn shown(device: &Device) -> SoundDevice {
    SoundDevice { name: device.name.0.clone(), label: device.label.clone(), is_default: device.is_default }
}

fn choice_of(voice: engine::Voice) -> VoiceChoice {
    VoiceChoice {
        id: voice.id,
        name: voice.name,
        languages: voice.languages.into_iter().map(|language| language.0).collect(),
    }
}
