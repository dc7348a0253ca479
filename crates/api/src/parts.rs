//! What a host hands to the application: the real parts, or a test's.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use attachments::pdf::Document;
use engine::{Image, LanguageModel, LoadRequest, SpeechToText, TextToSpeech, TurnJudge};
use media::SoundCard;
use model_store::ModelStore;
use tokio::sync::watch;

use crate::contract::{ApiError, ServerReport, Sharable, SharedThing, SoundDevices, Voices};

/// How the local engine's process stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalStatus {
    /// Not running; it is started when it is needed.
    Stopped,
    /// Running, or being started as it should be.
    Running,
    /// Died and is being started again.
    Restarting {
        /// How it ended.
        reason: String,
    },
    /// Died too often and waits for [`LocalEngine::revive`].
    Degraded {
        /// How it ended the last time, and how often.
        reason: String,
    },
}

/// The engine on this machine.
#[async_trait]
pub trait LocalEngine: Send + Sync {
    /// The model of this request; it is loaded when it is first needed, in place of any other.
    fn language_model(&self, load: LoadRequest) -> Arc<dyn LanguageModel>;
    /// How its process stands, now and from now on.
    fn status(&self) -> watch::Receiver<LocalStatus>;
    /// Starts it again after it gave up.
    fn revive(&self);
    /// Gives back the memory of the loaded model.
    async fn unload(&self);
}

/// A server of the user's own, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Its id in the settings; its key is kept under it.
    pub id: String,
    /// For example `http://127.0.0.1:8080`.
    pub base_url: String,
    /// The model asked for there.
    pub model: String,
    /// Tokens of context, where the user said so.
    pub context_tokens: Option<u32>,
}

/// The user's own servers and their keys.
#[async_trait]
pub trait Servers: Send + Sync {
    /// The model behind an address, with the key that is kept for it.
    async fn language_model(&self, server: &ServerAddress) -> Result<Arc<dyn LanguageModel>, ApiError>;
    /// Asks a server what it offers; without `key` the one kept for `id` is used.
    async fn probe(
        &self,
        base_url: &str,
        id: Option<&str>,
        key: Option<&str>,
    ) -> Result<ServerReport, ApiError>;
    /// Whether a key is kept.
    async fn has_key(&self, id: &str) -> bool;
    /// Keeps a key, or with an empty one removes it. A sentence comes back when it is kept only for this run.
    async fn keep_key(&self, id: &str, key: &str) -> Result<Option<String>, ApiError>;
}

/// What a spoken conversation is made of, besides its model.
pub struct SpokenParts {
    /// Microphones and loudspeakers.
    pub card: Arc<dyn SoundCard>,
    /// Hears words.
    pub recogniser: Arc<dyn SpeechToText>,
    /// Speaks.
    pub voice: Arc<dyn TextToSpeech>,
    /// Judges the ends of turns, where there is such a model.
    pub judge: Option<Arc<dyn TurnJudge>>,
    /// The file of the detector of voices, where it is here.
    pub voice_activity: Option<PathBuf>,
}

/// Sound and speech on this machine.
#[async_trait]
pub trait Speech: Send + Sync {
    /// The parts that the settings want, or the best that are here. Nothing is loaded or opened by this.
    fn parts(&self, models: &ModelStore, settings: &settings::Voice) -> Result<SpokenParts, ApiError>;
    /// The sound card alone.
    fn card(&self) -> Arc<dyn SoundCard>;
    /// The voice alone, as the settings want it, or the best that is here.
    fn voice(
        &self,
        models: &ModelStore,
        settings: &settings::Voice,
    ) -> Result<Arc<dyn TextToSpeech>, ApiError>;
    /// The microphones and loudspeakers there are.
    async fn devices(&self) -> Result<SoundDevices, ApiError>;
    /// The voices there are.
    async fn voices(&self) -> Result<Voices, ApiError>;
}

/// Reads what is read in processes of their own.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Reads a PDF: its text, or pictures of its first pages where it has none.
    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Document, ApiError>;
    /// Reads the text in pictures, with the models that are here; none without them. Nothing is loaded by this.
    fn text_reader(&self, models: &ModelStore) -> Option<Arc<dyn ReadsText>>;
    /// Reads a HEIC picture, where the system can: the same picture as a PNG file, upright.
    async fn read_heic(&self, bytes: Vec<u8>) -> Result<Vec<u8>, ApiError>;
}

/// Sees the screen, and through cameras. Both wait for the system: milliseconds as a rule, a camera some seconds.
pub trait Sights: Send + Sync {
    /// What can be shared now.
    fn list(&self) -> Sharable;
    /// Begins to look at this. `news` is called on the thread that looks, and must not wait.
    ///
    /// # Errors
    /// A sentence: it is not there, or the system does not allow it.
    fn share(
        &self,
        what: &SharedThing,
        news: Box<dyn FnMut(SightNews) + Send>,
    ) -> Result<Arc<dyn Sharing>, ApiError>;
}

/// What happens to something that is shared.
#[derive(Debug, Clone)]
pub enum SightNews {
    /// It has changed.
    Changed,
    /// It cannot be shared any longer; this is the last that is told.
    Ended(ApiError),
}

/// Something that is shared, until the last of these is dropped.
pub trait Sharing: Send + Sync {
    /// Its name for people; may be empty.
    fn name(&self) -> String;
    /// What was there at a moment of the last seconds. At once.
    fn at(&self, moment: Instant) -> Option<Image>;
    /// What is there now. At once.
    fn newest(&self) -> Option<Image>;
    /// The newest picture as a JPEG file, no side longer than this.
    ///
    /// # Errors
    /// A sentence: there is none any more.
    fn small(&self, longest: u32) -> Result<Vec<u8>, ApiError>;
}

/// Reads the text in pictures, for models that cannot see.
#[async_trait]
pub trait ReadsText: Send + Sync {
    /// The text in a picture, laid out as it stands there; empty where there is none. What was read once is known.
    async fn text_in(&self, image: &Image) -> Result<String, ApiError>;
}

/// What only the desktop can do.
pub trait Desktop: Send + Sync {
    /// Opens a file in the program the user has for it.
    fn open_file(&self, path: &Path) -> Result<(), ApiError>;
    /// Where exported files go.
    fn downloads(&self) -> PathBuf;
}

/// Tells the time: milliseconds since the Unix epoch. Only hosts know a real clock.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
