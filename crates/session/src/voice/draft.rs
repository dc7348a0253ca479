//! Making a reply: the model's text, cut into units while it streams, each spoken as soon as it is there.

use std::sync::Arc;

use dialogue::speakable::SpokenLanguage;
use dialogue::spoken::{Splitter, SpokenUnit};
use engine::{
    Channel, Delta, EngineError, GenerateEvent, GenerateRequest, JobError, Language, LanguageModel,
    SpeakRequest, SpeechChunk, TextToSpeech,
};
use media::Probability;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::happened::{Happened, Made, Out, Track};
use super::types::VoiceSettings;

/// Model events, units and pieces of sound that may wait for the next stage; a full queue makes the stage before wait.
const QUEUE: usize = 64;

/// How units are to be spoken.
#[derive(Clone)]
pub(super) struct Speaking {
    pub(super) engine: Arc<dyn TextToSpeech>,
    /// The language where the text does not say otherwise.
    pub(super) language: SpokenLanguage,
    pub(super) voice: Option<String>,
    pub(super) rate: f32,
}

impl Speaking {
    pub(super) fn new(engine: Arc<dyn TextToSpeech>, settings: &VoiceSettings) -> Self {
        let tag = settings.language.as_ref().map(|language| language.0.as_str());
        Self {
            engine,
            language: tag.and_then(SpokenLanguage::from_tag).unwrap_or(SpokenLanguage::English),
            voice: settings.voice.clone(),
            rate: settings.rate,
        }
    }

    fn request(&self, unit: &SpokenUnit) -> SpeakRequest {
        SpeakRequest {
            text: unit.say.clone(),
            language: Language(unit.language.tag().to_owned()),
            voice: self.voice.clone(),
            rate: self.rate,
        }
    }
}

/// One piece of work on its way to the conversation's thread.
pub(super) struct Making {
    pub(super) track: Track,
    pub(super) speaking: Speaking,
    pub(super) cancel: CancellationToken,
    pub(super) out: Out,
}

impl Making {
    /// A reply of the model's.
    pub(super) async fn reply(self, model: Arc<dyn LanguageModel>, request: GenerateRequest) {
        let (units, waiting) = mpsc::channel(QUEUE);
        let job = self.cancel.child_token();
        let _guard = job.clone().drop_guard();
        tokio::join!(self.write(model.as_ref(), request, units, job), self.speak(waiting));
        self.tell(Made::Over).await;
    }

    /// A text that is there already.
    pub(super) async fn read(self, text: String) {
        let (units, waiting) = mpsc::channel(QUEUE);
        let cut = async {
            let mut splitter = Splitter::new(self.speaking.language);
            self.tell(Made::Said(text.clone())).await;
            self.pass_on(splitter.push(&text), &units).await;
            self.pass_on(splitter.finish(), &units).await;
            drop(units);
        };
        tokio::join!(cut, self.speak(waiting));
        self.tell(Made::Over).await;
    }

    /// The model's part: text, and the units it is cut into.
    async fn write(
        &self,
        model: &dyn LanguageModel,
        request: GenerateRequest,
        units: mpsc::Sender<SpokenUnit>,
        job: CancellationToken,
    ) {
        let (events, mut inbox) = mpsc::channel(QUEUE);
        let cut = async {
            let mut splitter = Splitter::new(self.speaking.language);
            while let Some(event) = inbox.recv().await {
                match event {
                    GenerateEvent::TurnEnd(probability) => {
                        self.tell(Made::Weighed(Probability::new(probability))).await;
                    }
                    GenerateEvent::Delta(Delta { channel: Channel::Answer, text }) => {
                        let ready = splitter.push(&text);
                        self.tell(Made::Said(text)).await;
                        self.pass_on(ready, &units).await;
                    }
                    GenerateEvent::Prompt(report) => {
                        tracing::debug!(
                            tokens = report.prompt_tokens,
                            reused = report.reused_tokens,
                            "a draft is read"
                        );
                    }
                    GenerateEvent::Prefill { .. } | GenerateEvent::Delta(_) => {}
                }
            }
            self.pass_on(splitter.finish(), &units).await;
        };
        let (result, ()) = tokio::join!(model.generate(request, events, job), cut);
        drop(units);
        self.tell(Made::Generated(result)).await;
    }

    async fn pass_on(&self, ready: Vec<SpokenUnit>, units: &mpsc::Sender<SpokenUnit>) {
        for unit in ready {
            self.tell(Made::Unit(unit.clone())).await;
            // The voice stops taking units when it failed: what is left is only seen.
            let _ = units.send(unit).await;
        }
    }

    /// The voice's part. A voice that fails gets a second chance, because its process is started again.
    async fn speak(&self, mut units: mpsc::Receiver<SpokenUnit>) {
        while let Some(unit) = units.recv().await {
            if !unit.is_silent() {
                let mut spoken = self.speak_unit(&unit).await;
                if let Err(EngineError::Gone { .. }) = spoken {
                    spoken = self.speak_unit(&unit).await;
                }
                match spoken {
                    Ok(()) => {}
                    Err(EngineError::Job(JobError::Cancelled)) => return,
                    Err(error) => {
                        self.tell(Made::VoiceFailed(error)).await;
                        return;
                    }
                }
            }
            self.tell(Made::UnitEnded(unit.index)).await;
        }
    }

    async fn speak_unit(&self, unit: &SpokenUnit) -> Result<(), EngineError> {
        let engine = self.speaking.engine.as_ref();
        let rate = engine.ready().await?.rate;
        let (chunks, mut inbox) = mpsc::channel::<SpeechChunk>(QUEUE);
        let forward = async {
            while let Some(chunk) = inbox.recv().await {
                self.tell(Made::Sound { unit: unit.index, chunk, rate }).await;
            }
        };
        let spoken = engine.speak(self.speaking.request(unit), chunks, self.cancel.clone());
        let (spoken, ()) = tokio::join!(spoken, forward);
        spoken.map(|_| ())
    }

    async fn tell(&self, what: Made) {
        // An error means that the conversation has ended.
        let _ = self.out.send(Happened::Made { of: self.track, what }).await;
    }
}
