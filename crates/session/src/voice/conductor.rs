//! The conversation's thread: what is heard goes into the turn machine, and what the machine wants is done.

use std::collections::HashMap;
use std::time::Instant;

use dsp::{Frontend, Out as Sound, Utterance, VoiceEvent as Heard};
use media::{Batch, Direction, Ms, SamplePos, Side, SoundNews};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use turn::{Gen, Input, Muted, Phase, TurnConfig, Turns, Utt, Voice};

use super::eyes::Looking;
use super::happened::{Happened, Out, Track};
use super::judge::Judge;
use super::live::{Live, Pause};
use super::player::Player;
use super::reader::Reader;
use super::reply::SpokenReply;
use super::scribe::{Ended, Scribe};
use super::suspicion::Suspicion;
use super::talk::Talk;
use super::types::{TypedMessage, VoiceCommand, VoiceEngines, VoiceEvent, VoiceProblem, VoiceSettings};

pub(super) struct Conductor {
    pub(super) frontend: Frontend,
    pub(super) turns: Turns,
    pub(super) talk: Talk,
    pub(super) scribe: Scribe,
    pub(super) reader: Reader,
    pub(super) looking: Looking,
    /// A typed message that no reply was drafted to so far.
    pub(super) typed: Option<TypedMessage>,
    pub(super) judge: Judge,
    pub(super) player: Player,
    pub(super) engines: VoiceEngines,
    pub(super) settings: VoiceSettings,
    pub(super) runtime: Handle,
    pub(super) out: Out,
    pub(super) events: mpsc::Sender<VoiceEvent>,
    /// The replies that are drafted or released.
    pub(super) replies: HashMap<Gen, Live>,
    /// What is played and is part of no turn.
    pub(super) aside: Option<(Track, SpokenReply)>,
    pub(super) asides: u64,
    /// When the clock says that the machine wants to be woken.
    pub(super) wake: Option<SamplePos>,
    muted: Muted,
    microphone: Microphone,
    pub(super) pause: Pause,
    /// Where the newest utterance began to be heard.
    pub(super) onset: SamplePos,
    /// Where its words begin: there, or earlier.
    pub(super) begun: SamplePos,
    /// An onset that is not believed yet.
    doubted: Option<Utterance>,
    /// What became of the newest utterance's words.
    pub(super) words: Words,
    pub(super) suspicion: Suspicion,
    /// What the machine wants shown, before the engines are ready.
    pub(super) phase: Phase,
    engines_are: Readiness,
    levels_told: SamplePos,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Microphone {
    /// Nothing but zeros came from it so far.
    Silent,
    /// It is known to work: a microphone with noise reduction of its own gives zeros whenever nobody speaks.
    Works,
    Lost,
}

/// What became of an utterance's words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Nothing so far, or nothing at all, when it is over.
    Unused { over: Option<SamplePos> },
    /// A reply was drafted to them: to hear them again would double them.
    Used,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readiness {
    /// Being made ready: phases are not shown yet.
    Starting,
    Ready,
}

/// What the thread is made of.
pub(super) struct Parts {
    pub(super) frontend: Frontend,
    pub(super) player: Player,
    pub(super) talk: Talk,
    pub(super) engines: VoiceEngines,
    pub(super) settings: VoiceSettings,
    pub(super) runtime: Handle,
    pub(super) out: Out,
    pub(super) events: mpsc::Sender<VoiceEvent>,
}

impl Conductor {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { frontend, player, talk, engines, settings, runtime, out, events } = parts;
        let language = settings.language.clone();
        let scribe = Scribe::new(engines.recogniser.clone(), language, runtime.clone(), out.clone());
        let reader = Reader::new(engines.model.clone(), runtime.clone());
        let looking = Looking::new(engines.eyes.clone(), engines.model.clone(), runtime.clone());
        let judge = Judge::new(engines.judge.clone(), &runtime, &out);
        let mode = settings.mode;
        let mut conductor = Self {
            frontend,
            turns: Turns::new(TurnConfig::default()),
            talk,
            scribe,
            reader,
            looking,
            typed: None,
            judge,
            player,
            engines,
            settings,
            runtime,
            out,
            events,
            replies: HashMap::new(),
            aside: None,
            asides: 0,
            wake: None,
            muted: Muted::No,
            microphone: Microphone::Silent,
            pause: Pause::default(),
            onset: SamplePos::START,
            begun: SamplePos::START,
            doubted: None,
            words: Words::Unused { over: None },
            suspicion: Suspicion::default(),
            phase: Phase::Listening,
            engines_are: Readiness::Starting,
            levels_told: SamplePos::START,
        };
        conductor.step(Input::Mode(mode));
        conductor
    }

    /// Does one round: sound, engines, commands, playback. False when the conversation is over.
    pub(super) fn round(&mut self, batch: &mut Batch, inbox: &mut mpsc::Receiver<Happened>) {
        if self.microphone == Microphone::Silent && batch.mic.iter().any(|sample| *sample != 0.0) {
            self.microphone = Microphone::Works;
        }
        if self.muted == Muted::Yes {
            // Nothing that is said into a muted microphone goes anywhere.
            batch.mic.fill(0.0);
        }
        self.news(batch);
        self.listen(batch);
        while let Ok(happened) = inbox.try_recv() {
            self.on(happened);
        }
        if self.wake.is_some_and(|wake| wake <= self.frontend.now()) {
            self.wake = None;
            self.step(Input::Wake);
        }
        self.play();
        self.tell_levels();
    }

    /// Puts sound through the listening chain and does what follows from it.
    fn listen(&mut self, batch: &Batch) {
        let mut heard = Vec::new();
        let scribe = &mut self.scribe;
        self.frontend.push(batch, &mut |out| match out {
            Sound::Block(block) => scribe.hear(&block.cleaned),
            Sound::Voice { at, event } => heard.push((at, event)),
            Sound::Skipped { .. } => {}
        });
        for (at, event) in heard {
            self.on_voice(at, event);
        }
    }

    pub(super) fn on_voice(&mut self, at: SamplePos, event: Heard) {
        let voice = match event {
            Heard::Onset { utt } => {
                self.begin_utterance(at);
                if self.may_be_echo() {
                    self.doubted = Some(utt);
                    return;
                }
                Voice::Onset { utt: Utt(utt.0) }
            }
            Heard::Speech { utt, voiced, level } => {
                if self.doubted.take() == Some(utt) {
                    self.step_at(at, Input::Voice(Voice::Onset { utt: Utt(utt.0) }));
                }
                Voice::Speech { utt: Utt(utt.0), voiced, level }
            }
            Heard::Vanished { utt } if self.doubted.take() == Some(utt) => return,
            Heard::Vanished { utt } => Voice::Vanished { utt: Utt(utt.0) },
            Heard::Pause { utt, since } => {
                let now = Instant::now();
                let ago = std::time::Duration::from_millis(u64::from(at.since(since).0));
                tracing::debug!(ms = at.since(since).0, "a pause");
                self.pause = Pause { voiced_end: now.checked_sub(ago), seen: Some(now), settled: None };
                Voice::Pause { utt: Utt(utt.0), since }
            }
            Heard::Resumed { utt } => Voice::Resumed { utt: Utt(utt.0) },
        };
        if matches!(voice, Voice::Speech { .. }) && self.muted == Muted::No {
            self.stop_aside();
        }
        self.step_at(at, Input::Voice(voice));
    }

    pub(super) fn step(&mut self, input: Input) {
        self.step_at(self.frontend.now(), input);
    }

    fn step_at(&mut self, at: SamplePos, input: Input) {
        for effect in self.turns.step(at, input) {
            self.run(effect);
        }
    }

    fn on(&mut self, happened: Happened) {
        match happened {
            Happened::Ready(problems) => {
                self.engines_are = Readiness::Ready;
                self.tell(VoiceEvent::Ready);
                self.tell(VoiceEvent::Phase(self.phase));
                for problem in problems {
                    self.tell(VoiceEvent::Problem(Some(problem)));
                }
            }
            Happened::Words { job, hypothesis } => {
                let Some(text) = self.scribe.words(job, hypothesis) else { return };
                if text.settled {
                    tracing::debug!("the words are there");
                    self.pause.settled = Some(Instant::now());
                }
                self.tell(VoiceEvent::Caption {
                    committed: text.committed.clone(),
                    tentative: text.tentative.clone(),
                });
                self.step(Input::Text(text));
                self.read_along();
            }
            Happened::Weighs => self.reader.can_read(),
            Happened::Listened { job, result } => {
                if let Ended::Failed(utt, error) = self.scribe.ended(job, result) {
                    self.tell(VoiceEvent::Problem(Some(VoiceProblem::Recogniser(error))));
                    self.step(Input::TextFailed { utt });
                }
            }
            Happened::Judged { utt, pause, probability } => {
                tracing::debug!(melody = probability.get(), "the end of a turn was judged");
                self.step(Input::EndOfTurn { utt, pause, probability });
            }
            Happened::Made { of, what } => self.made(of, what),
        }
    }

    /// What happened to the devices.
    fn news(&mut self, batch: &mut Batch) {
        for news in std::mem::take(&mut batch.news) {
            match &news {
                SoundNews::Changed(Direction::Input, Side::Lost { .. }) => {
                    self.microphone = Microphone::Lost;
                    self.step(Input::MicLost);
                }
                SoundNews::Changed(direction, Side::Open { .. }) => {
                    if *direction == Direction::Input {
                        let before = std::mem::replace(&mut self.microphone, Microphone::Silent);
                        if before == Microphone::Lost {
                            self.step(Input::MicBack);
                        }
                    }
                    self.step(Input::DeviceChanged);
                }
                SoundNews::Changed(Direction::Output, Side::Lost { .. }) => {}
                SoundNews::OnlyZeros if self.microphone == Microphone::Works => {}
                SoundNews::OnlyZeros => {
                    self.tell(VoiceEvent::Problem(Some(VoiceProblem::OnlyZeros)));
                }
                SoundNews::NoLongerZeros => self.tell(VoiceEvent::Problem(None)),
                SoundNews::Clipping => self.tell(VoiceEvent::Problem(Some(VoiceProblem::Clipping))),
            }
            if let SoundNews::Changed(direction, side) = &news {
                self.tell(VoiceEvent::Side(*direction, side.clone()));
            }
            // The listening chain has to know too.
            batch.news.push(news);
        }
    }

    pub(super) fn command(&mut self, command: VoiceCommand) {
        match command {
            VoiceCommand::Mute(muted) => {
                self.muted = muted;
                self.step(Input::Mute(muted));
            }
            VoiceCommand::Mode(mode) => {
                self.settings.mode = mode;
                self.step(Input::Mode(mode));
            }
            VoiceCommand::TalkDown => self.step(Input::TalkDown),
            VoiceCommand::TalkUp => self.step(Input::TalkUp),
            VoiceCommand::StopSpeaking => {
                self.stop_aside();
                self.step(Input::StopSpeaking);
            }
            VoiceCommand::Summoned => {
                self.stop_aside();
                self.step(Input::Summoned);
            }
            VoiceCommand::Typed(message) => {
                self.stop_aside();
                self.pause = Pause { voiced_end: Some(Instant::now()), ..Pause::default() };
                self.looking.begun(Instant::now());
                let text = message.text.clone();
                self.typed = Some(message);
                self.step(Input::Typed(text));
            }
            VoiceCommand::Settings(settings) => self.set(settings),
            VoiceCommand::Turns(turns) => self.talk.set_turns(turns),
            VoiceCommand::Read(text) => self.read(text),
            VoiceCommand::TestTone => self.tone(),
        }
    }

    fn set(&mut self, settings: VoiceSettings) {
        self.scribe.set_language(settings.language.clone());
        self.player.set_volume(settings.volume);
        if settings.mode != self.settings.mode {
            self.step(Input::Mode(settings.mode));
        }
        // Other devices take another link: whoever owns this conversation begins it anew.
        self.settings = settings;
    }

    pub(super) fn show(&mut self, phase: Phase) {
        self.phase = phase;
        if self.engines_are == Readiness::Ready {
            self.tell(VoiceEvent::Phase(phase));
        }
    }

    fn tell_levels(&mut self) {
        let now = self.frontend.now();
        if now.since(self.levels_told) < LEVELS_EVERY {
            return;
        }
        self.levels_told = now;
        let levels = self.frontend.levels();
        // A listener that is behind wants no old levels.
        let _ = self.events.try_send(VoiceEvent::Levels { user: levels.mic, assistant: levels.far });
    }

    pub(super) fn tell(&self, event: VoiceEvent) {
        // An error means that nobody listens any more; the thread is about to end.
        let _ = self.events.blocking_send(event);
    }
}

/// Meters move 30 times a second.
const LEVELS_EVERY: Ms = Ms(33);
