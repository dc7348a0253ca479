//! A conversation whose sound, clock and engines a test moves, all on the test's own thread: it runs the same every time,
//! however busy the machine is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dsp::{Frontend, FrontendConfig, Utterance, VoiceEvent as Detected};
use engine::{CacheUse, GenerateRequest, Line, Role, Sampling, ScriptedModel, Thinking, Weigh};
use media::{Batch, Device, Level, Ms, SoundCard, SoundError, SoundLink, SoundRequest};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::card::{RATE, Speaker};
use super::engines::{Ear, Throat, WORD};
use crate::voice::conductor::{Conductor, Parts};
use crate::voice::happened::{Happened, QUEUE};
use crate::voice::player::Player;
use crate::voice::talk::Talk;
use crate::voice::types::{VoiceEngines, VoiceSettings};
use crate::voice::{Eyes, VoiceCommand, VoiceEvent};

/// Samples of one round: 10 ms.
const ROUND: usize = 160;

/// Rounds of quiet after which nothing more is expected: longer than any wish of the machine's.
const QUIET: usize = 400;

/// Rounds that only a failing test waits for: five minutes of the conversation.
const LONG: usize = 30_000;

/// So often engines get on in every round: more than any of them needs to do what it can.
const STEPS: usize = 64;

pub(super) struct World {
    conductor: Conductor,
    inbox: mpsc::Receiver<Happened>,
    events: mpsc::Receiver<VoiceEvent>,
    all: Vec<VoiceEvent>,
    /// Of these, what a test has seen.
    taken: usize,
    model: Arc<ScriptedModel>,
    ear: Arc<Ear>,
    throat: Arc<Throat>,
    speaker: Speaker,
    utterances: u64,
    /// Runs the engines, between two rounds. Outlives what uses it.
    runtime: Runtime,
}

pub(super) fn say(text: &str) -> Vec<Line> {
    text.split_inclusive(' ').map(|word| Line::Say(word.into())).collect()
}

/// Samples of the voice's sound of this text.
pub(super) fn samples_of(text: &str) -> u64 {
    text.split(' ').count() as u64 * WORD
}

struct NoCard;

impl SoundCard for NoCard {
    fn devices(&self) -> Result<Vec<Device>, SoundError> {
        Ok(Vec::new())
    }

    fn open(&self, _: &SoundRequest) -> Result<SoundLink, SoundError> {
        Err(SoundError::NoMicrophone)
    }
}

impl World {
    pub(super) fn new(scripts: impl IntoIterator<Item = Vec<Line>>) -> Self {
        Self::seeing(scripts, None)
    }

    /// With something that is shared.
    pub(super) fn seeing(scripts: impl IntoIterator<Item = Vec<Line>>, eyes: Option<Arc<dyn Eyes>>) -> Self {
        let (model, ear, throat) =
            (Arc::new(ScriptedModel::new(scripts)), Arc::<Ear>::default(), Arc::<Throat>::default());
        let engines = VoiceEngines {
            card: Arc::new(NoCard),
            recogniser: ear.clone(),
            model: model.clone(),
            voice: throat.clone(),
            judge: None,
            voice_activity: None,
            eyes,
        };
        let request = GenerateRequest {
            messages: Vec::new(),
            sampling: Sampling::default(),
            max_tokens: None,
            stop: Vec::new(),
            thinking: Thinking::Off,
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::Nothing,
        };
        let speaker = Speaker::default();
        let (out, inbox) = mpsc::channel(QUEUE);
        let (told, events) = mpsc::channel(100_000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let conductor = Conductor::new(Parts {
            frontend: Frontend::new(&FrontendConfig::default()).unwrap(),
            player: Player::new(Box::new(speaker.clone()), 1.0),
            talk: Talk::new("Be brief.".into(), Vec::new(), request, 4),
            engines,
            settings: VoiceSettings::default(),
            runtime: runtime.handle().clone(),
            out: out.clone(),
            events: told,
        });
        out.try_send(Happened::Ready(Vec::new())).unwrap();
        let mut world = Self {
            conductor,
            inbox,
            events,
            all: Vec::new(),
            taken: 0,
            model,
            ear,
            throat,
            speaker,
            utterances: 0,
            runtime,
        };
        world.pass(Ms(10));
        world
    }

    fn round(&mut self) {
        self.speaker.play(ROUND);
        let mut batch = Batch {
            mic: vec![0.0; ROUND],
            mic_rate: RATE,
            far: vec![0.0; ROUND],
            far_rate: RATE,
            ..Batch::default()
        };
        self.conductor.round(&mut batch, &mut self.inbox);
        while let Ok(event) = self.events.try_recv() {
            self.all.push(event);
        }
    }

    /// The system sleeps for so long; the microphone gives nothing meanwhile.
    pub(super) fn sleep(&mut self, time: std::time::Duration) {
        let mut batch = Batch { mic_rate: RATE, far_rate: RATE, gap: time, ..Batch::default() };
        self.conductor.round(&mut batch, &mut self.inbox);
        self.pass(Ms(10));
    }

    pub(super) fn pass(&mut self, time: Ms) {
        for _ in 0..time.0 / 10 {
            self.runtime.block_on(async {
                for _ in 0..STEPS {
                    tokio::task::yield_now().await;
                }
            });
            self.round();
        }
    }

    fn detect(&mut self, event: Detected) {
        let at = self.conductor.frontend.now();
        self.conductor.on_voice(at, event);
    }

    /// The user says this at 150 ms a word, and is quiet.
    pub(super) fn user_says(&mut self, words: &str) {
        *self.ear.words.lock().unwrap() = words.to_owned();
        self.utterances += 1;
        let utt = Utterance(self.utterances);
        self.detect(Detected::Onset { utt });
        let count = u32::try_from(words.split(' ').count()).unwrap();
        for voiced in (1..=count * 3 / 2).map(|step| Ms(step * 100)) {
            self.pass(Ms(100));
            self.detect(Detected::Speech { utt, voiced, level: Level::from_db(-25.0) });
        }
        let since = self.conductor.frontend.now();
        self.pass(Ms(60));
        self.detect(Detected::Pause { utt, since });
    }

    pub(super) fn command(&mut self, command: VoiceCommand) {
        self.conductor.command(command);
    }

    /// Until nothing has happened for long; the events the test has not seen.
    pub(super) fn until_quiet(&mut self) -> Vec<VoiceEvent> {
        let mut rounds = 0;
        let mut quiet = 0;
        while quiet < QUIET {
            rounds += 1;
            assert!(rounds < LONG, "no quiet: {:?}", self.all);
            let before = self.told();
            self.pass(Ms(10));
            let still = self.told() == before && self.speaker.is_empty();
            quiet = if still { quiet + 1 } else { 0 };
        }
        self.take()
    }

    /// Events that are no meter's.
    fn told(&self) -> usize {
        self.all.iter().filter(|event| !matches!(event, VoiceEvent::Levels { .. })).count()
    }

    fn take(&mut self) -> Vec<VoiceEvent> {
        let events = self.all[self.taken..].to_vec();
        self.taken = self.all.len();
        events
    }

    pub(super) fn until_heard(&mut self, text: &str) {
        let mut rounds = 0;
        while !self.first_reply_heard().starts_with(text) {
            rounds += 1;
            assert!(rounds < LONG, "{text:?} was not heard: {:?}", self.all);
            self.pass(Ms(10));
        }
        self.taken = self.all.len();
    }

    /// How long before its onset the words of an utterance that begins now begin.
    pub(super) fn begins_before_its_onset(&mut self) -> Ms {
        self.utterances += 1;
        self.detect(Detected::Onset { utt: Utterance(self.utterances) });
        self.conductor.onset.since(self.conductor.begun)
    }

    /// What was told as heard of the first reply.
    pub(super) fn first_reply_heard(&self) -> String {
        let mut of = None;
        let mut text = String::new();
        for event in &self.all {
            if let VoiceEvent::Heard { r#gen, text: more } = event
                && *of.get_or_insert(*r#gen) == *r#gen
            {
                text.push_str(more);
            }
        }
        text
    }

    pub(super) fn samples_heard(&self) -> u64 {
        self.speaker.heard() as u64
    }

    /// The texts each request showed the model, without the system's.
    pub(super) fn asked(&self) -> Vec<Vec<String>> {
        let spoken = |request: &GenerateRequest| {
            let messages = request.messages.iter().filter(|message| message.role != Role::System);
            messages.map(|message| message.text.clone()).collect()
        };
        self.model.asked().iter().map(spoken).collect()
    }

    /// The first byte of each picture that the last request showed the model.
    pub(super) fn shades_shown(&self) -> Vec<u8> {
        let asked = self.model.asked();
        let images = asked.last().unwrap().messages.iter().flat_map(engine::ChatMessage::images);
        images.map(|image| image.pixels().unwrap().rgb[0]).collect()
    }

    pub(super) fn recogniser_dies_once(&self) {
        self.ear.dies.store(true, Ordering::Relaxed);
    }

    pub(super) fn voice_fails(&self) {
        self.throat.fails.store(true, Ordering::Relaxed);
    }

    pub(super) fn end(mut self) -> Vec<VoiceEvent> {
        self.conductor.finish();
        while let Ok(event) = self.events.try_recv() {
            self.all.push(event);
        }
        self.take()
    }
}
