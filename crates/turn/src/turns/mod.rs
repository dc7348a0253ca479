//! [`Turns`]: what happened goes in, what is to be done comes out.
//!
//! Always holds: at most one reply is drafted or released; one that was released has ended before another is; only a
//! drafted reply is released; an utterance that is written down is closed once; and when it is quiet the machine is at
//! rest after finitely many wakes. Whatever came due earlier is done before what happens now, so that it does not matter
//! which of the two arrives first.

mod contest;
mod controls;
mod ear;
mod user;

use dialogue::join::join;
use media::{Level, Ms, SamplePos};

use crate::{
    Effect, Gen, Input, Phase, Reply, StopReason, Text, TurnConfig, Utt,
    state::{
        About, Before, Burst, Draft, DraftSound, Origin, Released, Script, Sound, State, Volume, Weighing,
    },
    utterance::{Loudness, Utterance, Writing},
};
use ear::Ear;

/// Decides whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Turns {
    config: TurnConfig,
    now: SamplePos,
    state: State,
    before: Before,
    ear: Ear,
    /// How loud the user usually is; none before the first turn.
    usual: Option<Level>,
    /// Until here the echo canceller does not know the room.
    unsure_until: SamplePos,
    newest: Gen,
    weighing: Weighing,
    wish: Option<SamplePos>,
    shown: Phase,
    effects: Vec<Effect>,
}

/// What can come due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The words until the pause did not come.
    WordsMissing,
    /// The silence has lasted long enough.
    TurnOver,
    /// Somebody speaks over the reply for too long to go on.
    Hold,
    /// Nothing showed that it is an interruption.
    BringBack,
}

/// What a generation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Draft,
    Reply,
    Dead,
}

impl Turns {
    /// Nobody speaks; hands-free, with an open microphone.
    pub fn new(config: TurnConfig) -> Self {
        Self {
            config,
            now: SamplePos::START,
            state: State::Listening,
            before: Before::default(),
            ear: Ear::default(),
            usual: None,
            unsure_until: SamplePos::START,
            newest: Gen(0),
            weighing: Weighing::Unknown,
            wish: None,
            shown: Phase::Listening,
            effects: Vec::new(),
        }
    }

    /// Takes what happened and says what to do, in that order. A position before an earlier one counts as that one.
    pub fn step(&mut self, at: SamplePos, input: Input) -> Vec<Effect> {
        self.now = self.now.max(at);
        if input == Input::Wake && self.wish.is_some_and(|wish| wish <= self.now) {
            self.wish = None;
        }
        self.let_time_pass();
        self.take(input);
        self.let_time_pass();
        self.wish();
        self.show();
        std::mem::take(&mut self.effects)
    }

    /// How it stands, for people.
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::UserSpeaking { utterance } if utterance.writing != Writing::Not => Phase::Hearing,
            State::Listening | State::UserSpeaking { .. } => self.ear.phase(),
            State::Ending { ending, .. } if ending.is_over() => Phase::Thinking,
            State::Ending { .. } => Phase::Hearing,
            State::Contested { contest, .. } if contest.volume.is_lowered() => Phase::Contested,
            State::Replying { reply } | State::Contested { reply, .. } => match reply.sound {
                Sound::NotYet => Phase::Thinking,
                Sound::Since(_) => Phase::Speaking,
            },
        }
    }

    /// The reply that is released and has not ended.
    pub fn replying(&self) -> Option<Gen> {
        match &self.state {
            State::Replying { reply } | State::Contested { reply, .. } => Some(reply.r#gen),
            _ => None,
        }
    }

    /// The reply that is made silently.
    pub fn drafting(&self) -> Option<Gen> {
        match &self.state {
            State::Ending { ending, .. } => ending.draft.as_ref().map(|draft| draft.r#gen),
            _ => None,
        }
    }

    /// What the user has said so far in a turn that is not over, without a last word that may still change, and the reply
    /// that it will be answered in place of; none when no turn of the user's is under way or there is no such word yet.
    pub fn said_so_far(&self) -> Option<(String, Option<Gen>)> {
        let State::UserSpeaking { utterance } = &self.state else { return None };
        let before_last = utterance.words.rsplit_once(char::is_whitespace).map_or("", |(before, _)| before);
        let said =
            if before_last.len() > utterance.committed.len() { before_last } else { &utterance.committed };
        (!said.is_empty()).then(|| (self.whole(said), self.before.replaces))
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Voice(voice) => self.voice(voice),
            Input::EndOfTurn { utt, pause, probability } => self.judged(utt, pause, probability),
            Input::Weighed { r#gen, probability } => self.weighed(r#gen, probability),
            Input::Text(text) => self.text(&text),
            Input::TextFailed { utt } => self.text_failed(utt),
            Input::Reply { r#gen, what } => self.reply(r#gen, what),
            Input::Wake => {}
            Input::Mute(muted) => self.change_ear(|ear| ear.muted = muted),
            Input::Mode(mode) => self.change_ear(|ear| ear.mode = mode),
            Input::TalkDown => self.talk_down(),
            Input::TalkUp => self.talk_up(),
            Input::Typed(typed) => self.typed(&typed),
            Input::StopSpeaking => self.stop_speaking(),
            Input::Summoned => self.summoned(),
            Input::DeviceChanged => self.unsure_until = self.now + self.config.unsure_of_room,
            Input::MicLost => self.mic_lost(),
            Input::MicBack => self.change_ear(|ear| ear.mic = ear::Mic::There),
        }
    }

    fn let_time_pass(&mut self) {
        while let Some((when, due)) = self.due()
            && when <= self.now
        {
            match due {
                Due::WordsMissing => self.words_missing(),
                Due::TurnOver => self.release(),
                Due::Hold => self.hold(),
                Due::BringBack => self.bring_back(Volume::Restored),
            }
        }
    }

    /// What comes due next, and when. Doing it changes the state so that the same is not due again at once.
    fn due(&self) -> Option<(SamplePos, Due)> {
        match &self.state {
            State::Ending { utterance, ending } => self.due_in_pause(utterance, ending),
            State::Contested { reply, utterance, contest } => self.due_in_contest(reply, utterance, contest),
            _ => None,
        }
    }

    fn wish(&mut self) {
        let wish = self.due().map(|(when, _)| when);
        if wish != self.wish {
            self.effects.push(wish.map_or(Effect::NoWake, Effect::WakeAt));
            self.wish = wish;
        }
    }

    fn show(&mut self) {
        let phase = self.phase();
        if phase != self.shown {
            self.effects.push(Effect::Show(phase));
            self.shown = phase;
        }
    }

    fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn followed(&self) -> Option<&Utterance> {
        match &self.state {
            State::UserSpeaking { utterance }
            | State::Ending { utterance, .. }
            | State::Contested { utterance, .. } => Some(utterance),
            State::Listening | State::Replying { .. } => None,
        }
    }

    /// The utterance that is followed.
    fn current(&self) -> Option<Utt> {
        self.followed().map(|utterance| utterance.utt)
    }

    /// The utterance that is followed, if it is being written down.
    fn written_down(&self) -> Option<Utt> {
        self.followed().filter(|utterance| utterance.writing == Writing::Going).map(|utterance| utterance.utt)
    }

    /// The only function that compares generations.
    fn which(&self, r#gen: Gen) -> Which {
        if self.replying() == Some(r#gen) {
            Which::Reply
        } else if self.drafting() == Some(r#gen) {
            Which::Draft
        } else {
            Which::Dead
        }
    }

    fn reply(&mut self, r#gen: Gen, what: Reply) {
        match (self.which(r#gen), what) {
            (Which::Reply, Reply::Audible) => self.audible(),
            (Which::Reply, Reply::Finished | Reply::Failed) => self.reply_ended(),
            // A draft that fails is made anew when it is needed: only then does its failure matter to anybody.
            (Which::Draft, Reply::Finished | Reply::Failed) => self.discard(),
            (Which::Draft, Reply::Ready) => self.draft_is_ready(),
            (Which::Draft | Which::Reply | Which::Dead, _) => {}
        }
    }

    fn audible(&mut self) {
        if let State::Replying { reply } | State::Contested { reply, .. } = &mut self.state
            && reply.sound == Sound::NotYet
        {
            reply.sound = Sound::Since(self.now);
        }
    }

    /// Whoever speaks over a reply that ends has the floor; a burst that was over before is an answer only if it is
    /// more than "uh-huh".
    fn reply_ended(&mut self) {
        match std::mem::take(&mut self.state) {
            State::Contested { utterance, contest, .. } => {
                if contest.volume.is_lowered() {
                    self.push(Effect::Resume);
                }
                self.hand_over(utterance, contest.voice, About::AReply);
            }
            _ => self.rest(),
        }
    }

    /// Back to listening; but what was said before a reply that came too early is owed an answer.
    fn rest(&mut self) {
        self.state = State::Listening;
        if !self.before.said.is_empty() && self.ear.key == ear::Key::Up {
            let draft = self.draft(self.before.said.clone());
            self.make_heard(draft, Origin::Spoken);
        }
    }

    fn draft(&mut self, said: String) -> Draft {
        self.newest = Gen(self.newest.0 + 1);
        let draft = Draft { r#gen: self.newest, said, weighed: None, sound: DraftSound::NotYet };
        self.push(Effect::Draft {
            r#gen: draft.r#gen,
            said: draft.said.clone(),
            replaces: self.before.replaces,
        });
        draft
    }

    fn make_heard(&mut self, draft: Draft, origin: Origin) {
        self.push(Effect::Release { r#gen: draft.r#gen });
        self.before = Before::default();
        self.state = State::Replying {
            reply: Released {
                r#gen: draft.r#gen,
                said: draft.said,
                origin,
                sound: Sound::NotYet,
                spoken_over: Ms(0),
            },
        };
    }

    /// Ends a released reply; when the user had not finished, what they said is kept for the rest of it.
    fn stop(&mut self, reply: Released, why: StopReason) {
        self.push(Effect::Stop { r#gen: reply.r#gen, why });
        if why == StopReason::WentOn {
            self.before = Before { said: reply.said, replaces: Some(reply.r#gen) };
        }
    }

    fn discard(&mut self) {
        if let State::Ending { ending, .. } = &mut self.state
            && let Some(draft) = ending.draft.take()
        {
            self.push(Effect::Discard { r#gen: draft.r#gen });
        }
    }

    fn close(&mut self, utterance: &Utterance) {
        self.push(Effect::Close { utt: utterance.utt });
    }

    fn transcribe(&mut self) {
        if let State::UserSpeaking { utterance } | State::Contested { utterance, .. } = &mut self.state
            && utterance.writing == Writing::Not
        {
            utterance.writing = Writing::Going;
            let utt = utterance.utt;
            self.push(Effect::Transcribe { utt });
        }
    }

    fn loudness(&self, level: Level) -> Loudness {
        match self.usual {
            Some(usual) if level.db() < usual.db() - self.config.quieter_by_db => Loudness::OfSomebodyElse,
            _ => Loudness::OfTheUser,
        }
    }

    fn learn_level(&mut self, utterance: &Utterance) {
        let Some(heard) = utterance.mean else { return };
        let usual = self.usual.unwrap_or(heard).db();
        self.usual = Some(Level::from_db(usual + (heard.db() - usual) * self.config.level_learning));
    }

    fn text(&mut self, text: &Text) {
        if self.written_down() != Some(text.utt) {
            return;
        }
        match &mut self.state {
            State::UserSpeaking { utterance } => utterance.hear(text, None),
            State::Ending { .. } => self.text_in_pause(text),
            State::Contested { .. } => self.text_over_reply(text),
            State::Listening | State::Replying { .. } => {}
        }
    }

    fn text_failed(&mut self, utt: Utt) {
        if self.written_down() != Some(utt) {
            return;
        }
        match &mut self.state {
            State::UserSpeaking { utterance } => utterance.writing = Writing::Failed,
            State::Ending { utterance, ending } => {
                utterance.writing = Writing::Failed;
                if ending.script == Script::Awaited {
                    self.words_missing();
                }
            }
            State::Contested { utterance, contest, .. } => {
                utterance.writing = Writing::Failed;
                if matches!(contest.voice, Burst::Quiet(_)) {
                    self.words_missing();
                }
            }
            State::Listening | State::Replying { .. } => {}
        }
    }

    /// The words did not come in time, or will not: what is known of them is taken.
    fn words_missing(&mut self) {
        match &mut self.state {
            State::Ending { .. } => self.settled(),
            State::Contested { utterance, .. } => {
                utterance.committed.clone_from(&utterance.words);
                self.decide_burst();
            }
            _ => {}
        }
    }

    /// All that was said in this turn, with these words at its end.
    fn whole(&self, words: &str) -> String {
        join(&self.before.said, words)
    }
}
