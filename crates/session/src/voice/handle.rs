//! Starting a spoken conversation, and the way to it.

use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use async_trait::async_trait;
use dsp::{Frontend, FrontendConfig};
use engine::{
    EngineError, EventSink, GenerateEvent, GenerateRequest, Generated, Hypothesis, JobError, LanguageModel,
    ListenRequest, LoadProgress, ModelInfo, RecogniserInfo, SPEECH_RATE, SoundIn, SpeakRequest, SpeakerInfo,
    SpeechChunk, SpeechToText, Spoken, TextToSpeech, Transcript,
};
use media::{Batch, Ears, SoundCard, SoundError, SoundLink};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::conductor::{Conductor, Parts};
use super::happened::{Happened, Out, QUEUE};
use super::player::Player;
use super::talk::Talk;
use super::types::{VoiceCommand, VoiceEngines, VoiceEvent, VoiceProblem, VoiceStart};

/// Events that may wait for the listener. Levels are dropped when it is full; everything else waits.
const EVENTS: usize = 1024;

/// How long a round waits for sound. Engines and commands are looked at once a round.
const ROUND: Duration = Duration::from_millis(10);

/// A spoken conversation that goes on until this is dropped. What was heard of a reply is told before the events end.
pub struct VoiceHandle {
    commands: std_mpsc::Sender<VoiceCommand>,
}

impl VoiceHandle {
    /// Wants something; when the conversation has ended nothing happens.
    pub fn send(&self, command: VoiceCommand) {
        // An error means that the thread has ended: there is nobody to tell.
        let _ = self.commands.send(command);
    }
}

/// Why a spoken conversation cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// No sound at all on this machine.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// The listening chain cannot be set up.
    #[error("Listening cannot be set up: {0}")]
    Listening(#[from] dsp::ModelError),
    /// The system gives no more threads.
    #[error("The conversation's thread could not be started: {0}. Close other programs and try again.")]
    Thread(std::io::Error),
}

/// Begins a spoken conversation on a thread of its own. A missing device or an engine that fails is no error: it is
/// told as an event, and the rest works.
pub fn start(
    engines: VoiceEngines,
    start: VoiceStart,
    runtime: Handle,
) -> Result<(VoiceHandle, mpsc::Receiver<VoiceEvent>), VoiceError> {
    let VoiceStart { system, turns, request, most_pictures, settings } = start;
    let frontend = listening(&engines)?;
    let SoundLink { ears, mouth } = engines.card.open(&settings.devices)?;
    let (commands, wanted) = std_mpsc::channel();
    let (events, told) = mpsc::channel(EVENTS);
    let (out, inbox) = mpsc::channel(QUEUE);
    let talk = Talk::new(system, turns, request, most_pictures);
    runtime.spawn(make_ready(engines.clone(), talk.warm_up(), out.clone()));
    let volume = settings.volume;
    let parts =
        Parts { frontend, player: Player::new(mouth, volume), talk, engines, settings, runtime, out, events };
    std::thread::Builder::new()
        .name("hark-voice".into())
        .spawn(move || work(parts, ears, &wanted, inbox))
        .map_err(VoiceError::Thread)?;
    Ok((VoiceHandle { commands }, told))
}

/// The listening chain; a detector whose file is broken is replaced by the built-in one.
fn listening(engines: &VoiceEngines) -> Result<Frontend, VoiceError> {
    let config = FrontendConfig { vad: engines.voice_activity.clone(), ..FrontendConfig::default() };
    Frontend::new(&config).or_else(|error| {
        tracing::warn!(%error, "the detector of voices cannot be used; a simpler one takes its place");
        Ok(Frontend::new(&FrontendConfig::default())?)
    })
}

/// The thread: ends when the handle is dropped or the link is closed.
fn work(
    parts: Parts,
    mut ears: Box<dyn Ears>,
    wanted: &std_mpsc::Receiver<VoiceCommand>,
    mut inbox: mpsc::Receiver<Happened>,
) {
    let mut conductor = Conductor::new(parts);
    let mut batch = Batch::default();
    'open: while ears.read(&mut batch, ROUND).is_ok() {
        conductor.round(&mut batch, &mut inbox);
        loop {
            match wanted.try_recv() {
                Ok(command) => conductor.command(command),
                Err(std_mpsc::TryRecvError::Empty) => break,
                Err(std_mpsc::TryRecvError::Disconnected) => break 'open,
            }
        }
    }
    conductor.finish();
}

/// Makes all engines ready at once, and the model's KV cache warm; what fails is told and tried again when needed.
async fn make_ready(engines: VoiceEngines, warm_up: GenerateRequest, out: Out) {
    let recogniser = async { engines.recogniser.ready().await.err().map(VoiceProblem::Recogniser) };
    let voice = async { engines.voice.ready().await.err().map(VoiceProblem::Voice) };
    let judge = async {
        if let Some(judge) = &engines.judge
            && let Err(error) = judge.ready().await
        {
            // Nothing that a user would miss: turns are ended by pauses and words.
            tracing::warn!(%error, "the ends of turns are not judged");
        }
    };
    let model = async {
        let (events, mut made) = mpsc::channel(8);
        let drain = async {
            let mut weighs = false;
            while let Some(event) = made.recv().await {
                weighs |= matches!(event, GenerateEvent::TurnEnd(_));
            }
            weighs
        };
        // A model that cannot answer says so when it is asked.
        let (_, weighs) =
            tokio::join!(engines.model.generate(warm_up, events, CancellationToken::new()), drain);
        if weighs {
            let _ = out.send(Happened::Weighs).await;
        }
    };
    let (recogniser, voice, (), ()) = tokio::join!(recogniser, voice, judge, model);
    let problems = [recogniser, voice].into_iter().flatten().collect();
    // An error means that the conversation has ended.
    let _ = out.send(Happened::Ready(problems)).await;
}

/// Engines for sound alone: nothing is recognised and nothing answered, and without a voice nothing is spoken.
pub fn sound_only(card: Arc<dyn SoundCard>, voice: Option<Arc<dyn TextToSpeech>>) -> VoiceEngines {
    VoiceEngines {
        card,
        recogniser: Arc::new(Silent),
        model: Arc::new(Silent),
        voice: voice.unwrap_or_else(|| Arc::new(Silent)),
        judge: None,
        voice_activity: None,
        eyes: None,
    }
}

struct Silent;

#[async_trait]
impl LanguageModel for Silent {
    async fn ready(&self, _: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        Err(JobError::NoModel.into())
    }

    async fn generate(
        &self,
        _: GenerateRequest,
        _: EventSink,
        _: CancellationToken,
    ) -> Result<Generated, EngineError> {
        Err(JobError::NoModel.into())
    }
}

#[async_trait]
impl SpeechToText for Silent {
    async fn ready(&self) -> Result<RecogniserInfo, EngineError> {
        Ok(RecogniserInfo { name: String::new(), languages: Vec::new(), translates: false, load_ms: 0.0 })
    }

    async fn listen(
        &self,
        _: ListenRequest,
        _: mpsc::Receiver<SoundIn>,
        _: mpsc::Sender<Hypothesis>,
        _: CancellationToken,
    ) -> Result<Transcript, EngineError> {
        Err(JobError::NoModel.into())
    }
}

#[async_trait]
impl TextToSpeech for Silent {
    async fn ready(&self) -> Result<SpeakerInfo, EngineError> {
        Ok(SpeakerInfo { name: String::new(), rate: SPEECH_RATE, voices: Vec::new(), load_ms: 0.0 })
    }

    async fn speak(
        &self,
        _: SpeakRequest,
        _: mpsc::Sender<SpeechChunk>,
        _: CancellationToken,
    ) -> Result<Spoken, EngineError> {
        Err(JobError::NoModel.into())
    }
}
