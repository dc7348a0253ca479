#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a module of several tests: each uses a part of it, it has no outside, and a test may panic"
)]

//! An application with scripted parts in a folder of its own.

mod models;
mod sights;
pub mod sound;
mod speech;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::{
    ApiError, App, Attach, AttachmentView, ChooseModel, Commands, ConversationSummary, ConversationView,
    Desktop, Documents, ErrorCode, ImportModel, ListConversations, LocalEngine, LocalStatus, MessageState,
    MessageView, OneConversation, Parts, Send, Sent, ServerAddress, ServerReport, Servers, SoundDevices,
    Speaker, Speech, SpokenParts, UiEvent, UiEventBody, Voices,
};
use async_trait::async_trait;
use attachments::pdf::{Document, Picture};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{Eyes, LanguageModel, Line, LoadRequest, ScriptedModel};
use settings::Paths;
use tokio::sync::{Mutex, broadcast, watch};

pub use sights::Screen;
pub use sound::Card;

/// So long is waited for what should come at once; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(20);

pub struct House {
    pub app: App,
    model: Arc<ScriptedModel>,
    events: Mutex<broadcast::Receiver<UiEvent>>,
    /// Its sound card.
    pub card: Arc<Card>,
    /// What can be shared.
    pub sights: Arc<Screen>,
    /// What the engine on this machine was to load.
    pub loads: Arc<std::sync::Mutex<Vec<LoadRequest>>>,
    /// Whether something reads the text in pictures.
    pub reads: Arc<AtomicBool>,
    folder: tempfile::TempDir,
}

pub fn say(text: &str) -> Line {
    Line::Say(text.into())
}

pub fn texts(view: &ConversationView) -> Vec<&str> {
    view.messages.iter().map(|message| message.text.as_str()).collect()
}

const SERVER: &str = "
[model]
active = \"server:one\"

[[servers]]
id = \"one\"
name = \"Scripted\"
base_url = \"http://127.0.0.1:1\"
model = \"scripted\"
";

impl House {
    pub fn new(scripts: impl IntoIterator<Item = Vec<Line>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let file = paths.settings_file();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, SERVER).unwrap();
        Self::open_in(folder, ScriptedModel::new(scripts))
    }

    /// With a model of its own instead of a server's.
    pub async fn with_local(eyes: Eyes) -> Self {
        let house = Self::open_in(tempfile::tempdir().unwrap(), ScriptedModel::default().with_eyes(eyes));
        let file = models::write(&house.folder.path().join("own"), eyes != Eyes::None);
        let model =
            house.app.import_model(ImportModel { path: file.to_str().unwrap().into() }).await.unwrap();
        house.app.choose_model(ChooseModel { conversation: None, model: Some(model.model) }).await.unwrap();
        house
    }

    pub fn without_model() -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), ScriptedModel::default())
    }

    fn open_in(folder: tempfile::TempDir, model: ScriptedModel) -> Self {
        let model = Arc::new(model);
        let card = Arc::<Card>::default();
        let sights = Arc::<Screen>::default();
        let reads = Arc::new(AtomicBool::new(true));
        let loads = Arc::<std::sync::Mutex<Vec<LoadRequest>>>::default();
        let paths = Paths::under(folder.path());
        let models = paths.models.clone();
        let parts = Parts {
            paths,
            store: Arc::new(move |_| {
                model_store::ModelStore::open(model_store::StoreConfig::bare(models.clone()))
            }),
            local: Arc::new(OneEngine {
                model: model.clone(),
                status: watch::channel(LocalStatus::Stopped).1,
                loads: loads.clone(),
            }),
            servers: Arc::new(OneServer(model.clone())),
            desktop: Arc::new(NoDesktop(folder.path().join("downloads"))),
            speech: Arc::new(NoSpeech(card.clone())),
            documents: Arc::new(NoDocuments { reads: reads.clone() }),
            sights: sights.clone(),
            clock: Arc::new(|| 1_700_000_000_000),
        };
        let app = App::open(parts, tokio::runtime::Handle::current()).unwrap();
        let events = Mutex::new(app.events());
        Self { app, model, events, card, sights, loads, reads, folder }
    }

    pub async fn closed_and_opened_again(self) -> Self {
        self.app.close().await;
        let Self { app, folder, .. } = self;
        drop(app);
        Self::open_in(folder, ScriptedModel::default())
    }

    /// Every file that is there.
    pub fn files(&self) -> Vec<Vec<u8>> {
        let mut folders = vec![self.folder.path().to_path_buf()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    _ => files.push(std::fs::read(entry.path()).unwrap()),
                }
            }
        }
        files
    }

    pub async fn send(&self, text: &str) -> String {
        self.app.send(Send::words(None, text)).await.unwrap().conversation
    }

    pub async fn send_to(&self, id: &str, text: &str) -> Sent {
        self.app.send(Send::words(Some(id.into()), text)).await.unwrap()
    }

    pub async fn open(&self, id: &str) -> ConversationView {
        self.app.open_conversation(OneConversation { conversation: id.into() }).await.unwrap()
    }

    pub async fn search(&self, query: &str) -> Vec<ConversationSummary> {
        let args = ListConversations { query: query.into(), cursor: None, limit: 10 };
        self.app.list_conversations(args).await.unwrap().items
    }

    /// The texts each request showed the model, without the system's.
    pub fn asked(&self) -> Vec<Vec<String>> {
        let texts = |request: &engine::GenerateRequest| {
            let spoken = request.messages.iter().filter(|message| message.role != engine::Role::System);
            spoken.map(|message| message.text.clone()).collect()
        };
        self.model.asked().iter().map(texts).collect()
    }

    /// How many pictures each message of each request showed the model.
    pub fn shown(&self) -> Vec<Vec<usize>> {
        let pictures = |request: &engine::GenerateRequest| {
            let spoken = request.messages.iter().filter(|message| message.role != engine::Role::System);
            spoken.map(|message| message.media.len()).collect()
        };
        self.model.asked().iter().map(pictures).collect()
    }

    /// Keeps a file for a message.
    pub async fn attach(&self, name: &str, bytes: &[u8]) -> Result<AttachmentView, ApiError> {
        let data = STANDARD.encode(bytes);
        let attach = Attach { conversation: None, name: name.into(), data };
        self.app.attach(attach).await.map(|attached| attached.attachments[0].clone())
    }

    /// As somebody does who tidies up by hand.
    pub fn remove_attachments(&self) {
        std::fs::remove_dir_all(self.folder.path().join("attachments")).unwrap();
    }

    /// The first look at a picture that ended.
    pub async fn first_look(&self) -> engine::Look {
        let mut looks = self.model.looks();
        let first = tokio::time::timeout(LONG, looks.wait_for(|looks| !looks.is_empty()));
        first.await.unwrap().unwrap()[0]
    }

    /// Events up to the first that is wanted.
    pub async fn until(&self, wanted: impl Fn(&UiEventBody) -> bool) -> Vec<UiEvent> {
        let mut events = self.events.lock().await;
        let mut seen = Vec::new();
        loop {
            let event = tokio::time::timeout(LONG, events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("only these came: {seen:?}")).unwrap();
            let found = wanted(&event.body);
            seen.push(event);
            if found {
                return seen;
            }
        }
    }

    pub async fn until_end(&self) -> Vec<UiEvent> {
        // A question is told again when it gets its pictures.
        let is_end = |message: &MessageView| {
            message.speaker == Speaker::Assistant && message.state != MessageState::Streaming
        };
        self.until(|body| matches!(body, UiEventBody::Message { message, .. } if is_end(message))).await
    }

    /// The next reply that ends.
    pub async fn next_end(&self) -> MessageView {
        match self.until_end().await.pop().map(|event| event.body) {
            Some(UiEventBody::Message { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    }
}

struct OneEngine {
    model: Arc<ScriptedModel>,
    status: watch::Receiver<LocalStatus>,
    loads: Arc<std::sync::Mutex<Vec<LoadRequest>>>,
}

#[async_trait]
impl LocalEngine for OneEngine {
    fn language_model(&self, load: LoadRequest) -> Arc<dyn LanguageModel> {
        self.loads.lock().unwrap().push(load);
        self.model.clone()
    }

    fn status(&self) -> watch::Receiver<LocalStatus> {
        self.status.clone()
    }

    fn revive(&self) {}

    async fn unload(&self) {}
}

struct OneServer(Arc<ScriptedModel>);

#[async_trait]
impl Servers for OneServer {
    async fn language_model(&self, _: &ServerAddress) -> Result<Arc<dyn LanguageModel>, ApiError> {
        Ok(self.0.clone())
    }

    async fn probe(&self, _: &str, _: Option<&str>, _: Option<&str>) -> Result<ServerReport, ApiError> {
        Ok(ServerReport { models: vec!["scripted".into()], kind: "script".into() })
    }

    async fn has_key(&self, _: &str) -> bool {
        false
    }

    async fn keep_key(&self, _: &str, _: &str) -> Result<Option<String>, ApiError> {
        Ok(None)
    }
}

struct NoSpeech(Arc<Card>);

#[async_trait]
impl Speech for NoSpeech {
    fn parts(&self, _: &model_store::ModelStore, _: &settings::Voice) -> Result<SpokenParts, ApiError> {
        Ok(speech::parts(self.0.clone()))
    }

    fn card(&self) -> Arc<dyn media::SoundCard> {
        self.0.clone()
    }

    fn voice(
        &self,
        _: &model_store::ModelStore,
        _: &settings::Voice,
    ) -> Result<Arc<dyn engine::TextToSpeech>, ApiError> {
        Err(ApiError::new(ErrorCode::Sound, "There is no voice."))
    }

    async fn devices(&self) -> Result<SoundDevices, ApiError> {
        Ok(SoundDevices::default())
    }

    async fn voices(&self) -> Result<Voices, ApiError> {
        Ok(Voices::default())
    }
}

/// Reads what begins with "%PDF-text" as text, and everything else as a scan of two pages.
struct NoDocuments {
    reads: Arc<AtomicBool>,
}

#[async_trait]
impl Documents for NoDocuments {
    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Document, ApiError> {
        let text = String::from_utf8_lossy(&bytes);
        let Some(text) = text.strip_prefix("%PDF-text ") else {
            let page = |shade| {
                let mut out = std::io::Cursor::new(Vec::new());
                let page = image::RgbImage::from_pixel(40, 60, image::Rgb([shade; 3]));
                page.write_to(&mut out, image::ImageFormat::Png).unwrap();
                Picture(out.into_inner())
            };
            return Ok(Document {
                pages: 3,
                read: 2,
                text: String::new(),
                pictures: vec![page(9), page(200)],
            });
        };
        Ok(Document { pages: 1, read: 1, text: text.to_owned(), pictures: Vec::new() })
    }

    fn text_reader(&self, _: &model_store::ModelStore) -> Option<Arc<dyn api::ReadsText>> {
        self.reads.load(Ordering::SeqCst).then(|| -> Arc<dyn api::ReadsText> { Arc::new(NoEyes) })
    }

    async fn read_heic(&self, _: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let mut out = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(8, 6, image::Rgb([7; 3]));
        picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
        Ok(out.into_inner())
    }
}

/// Reads the same in every picture, but for those that are one pixel high.
struct NoEyes;

#[async_trait]
impl api::ReadsText for NoEyes {
    async fn text_in(&self, image: &engine::Image) -> Result<String, ApiError> {
        if image.height() == 1 {
            return Err(ApiError::new(api::ErrorCode::Other, "The text in the picture cannot be read: no."));
        }
        Ok("y = 2x".into())
    }
}

struct NoDesktop(PathBuf);

impl Desktop for NoDesktop {
    fn open_file(&self, _: &Path) -> Result<(), ApiError> {
        Err(ApiError::new(ErrorCode::Other, "There is no desktop."))
    }

    fn downloads(&self) -> PathBuf {
        self.0.clone()
    }
}
