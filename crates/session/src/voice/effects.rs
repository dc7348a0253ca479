//! What the turn machine wants, done: listening, drafting, playing, telling.

use std::time::{Duration, Instant};

use dsp::{Convergence, Utterance};
use media::{Ms, SamplePos};
use tokio_util::sync::CancellationToken;
use turn::{Effect, Gen, Input, Reply, StopReason, Utt};

use super::conductor::{Conductor, Words};
use super::draft::{Making, Speaking};
use super::happened::{Made, Track};
use super::live::{Live, Stage};
use super::reply::SpokenReply;
use super::types::{Shown, SpokenEnd, VoiceEvent, VoiceProblem};

/// Sound from before the onset was told that belongs to the utterance: a soft beginning of the first word.
const PRE_ROLL: Ms = Ms(300);

/// Sound from before the onset that a pause is judged with: the judge was trained on utterances that begin in silence.
const JUDGED_FROM: Ms = Ms(500);

/// The tone of a test: 440 Hz, half a second, at this rate and gain.
const TONE_RATE: u32 = 48_000;
const TONE_GAIN: f32 = 0.3;

/// Between an utterance that came to nothing and the onset of the one it may belong to.
const STILL_MEANT: Ms = Ms(700);

/// An utterance that came to nothing is heard again only if it was so short: a word or two.
const LONGEST_UNUSED: Ms = Ms(3_000);

impl Conductor {
    /// What was heard just before and came to nothing (a first word too short to be recognised alone) belongs to the
    /// utterance that begins at `onset`.
    pub(super) fn begin_utterance(&mut self, onset: SamplePos) {
        let meant = match self.words {
            Words::Unused { over: Some(over) } => {
                onset.since(over) <= STILL_MEANT && onset.since(self.begun) <= LONGEST_UNUSED
            }
            Words::Unused { over: None } | Words::Used => false,
        };
        if !meant && !self.turns.is_owed() {
            let ago = Duration::from_millis(u64::from(self.frontend.now().since(onset).0));
            let now = Instant::now();
            self.looking.begun(now.checked_sub(ago).unwrap_or(now));
        }
        self.begun = if meant { self.begun } else { onset };
        self.onset = onset;
        self.words = Words::Unused { over: None };
    }

    /// Whether a first voiced frame is likelier to be the own voice: the echo canceller does not know the room yet.
    pub(super) fn may_be_echo(&self) -> bool {
        self.player.track().is_some() && self.frontend.convergence() == Convergence::Learning
    }

    /// Lets the model read what was said so far.
    pub(super) fn read_along(&mut self) {
        self.looking.follow();
        // What is being looked at is a part of what would be read.
        if self.looking.is_done()
            && let Some((said, replaces)) = self.turns.said_so_far()
        {
            let (talk, looking) = (&self.talk, &self.looking);
            self.reader.read(&said, || talk.request(&said, replaces, &Shown::default(), &looking.shown()));
        }
    }

    pub(super) fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Transcribe { utt } => {
                let begin = self.begun - PRE_ROLL;
                let sound = self.frontend.pre_roll(begin);
                self.scribe.open(utt, begin, sound);
            }
            Effect::Settle { utt, .. } => {
                if !self.scribe.settle(utt) {
                    self.step(Input::TextFailed { utt });
                }
            }
            Effect::Judge { utt, pause } => self.judge_pause(utt, pause),
            Effect::Close { utt } => {
                self.scribe.close(utt);
                self.frontend.close(Utterance(utt.0));
                if self.words != Words::Used {
                    self.words = Words::Unused { over: Some(self.frontend.now()) };
                }
                self.tell(VoiceEvent::Caption { committed: String::new(), tentative: String::new() });
            }
            Effect::Draft { r#gen, said, replaces } => self.draft(r#gen, said, replaces),
            Effect::Discard { r#gen } => drop(self.replies.remove(&r#gen)),
            Effect::Release { r#gen } => self.release(r#gen),
            Effect::Duck => self.player.duck(),
            Effect::Hold => {
                if let Some(Track::Reply(r#gen)) = self.player.track()
                    && let Some(live) = self.replies.get(&r#gen)
                {
                    self.player.hold(&live.reply);
                }
            }
            Effect::Resume => self.player.resume(),
            Effect::Stop { r#gen, why } => {
                let end = match why {
                    StopReason::Asked => SpokenEnd::Stopped,
                    StopReason::BargeIn | StopReason::WentOn | StopReason::Typed => SpokenEnd::Interrupted,
                };
                self.end(r#gen, end);
            }
            Effect::WakeAt(at) => self.wake = Some(at),
            Effect::NoWake => self.wake = None,
            Effect::Show(phase) => self.show(phase),
        }
    }

    fn judge_pause(&mut self, utt: Utt, pause: SamplePos) {
        let sound = self.frontend.judge_input(self.onset - JUDGED_FROM, self.frontend.now());
        self.judge.judge(utt, pause, sound);
    }

    fn making(&self, track: Track, cancel: &CancellationToken) -> Making {
        Making {
            track,
            speaking: Speaking::new(self.engines.voice.clone(), &self.settings),
            cancel: cancel.clone(),
            out: self.out.clone(),
        }
    }

    fn draft(&mut self, r#gen: Gen, said: String, replaces: Option<Gen>) {
        self.words = Words::Used;
        self.reader.stop();
        tracing::debug!("a draft begins");
        let cancel = CancellationToken::new();
        let shown = match self.typed.take_if(|typed| said.ends_with(&typed.text)) {
            Some(typed) => typed.shown,
            None => Shown::default(),
        };
        let seen = self.looking.shown();
        let request = self.talk.request(&said, replaces, &shown, &seen);
        let making = self.making(Track::Reply(r#gen), &cancel);
        let (model, judge_rests) = (self.engines.model.clone(), self.judge.rests());
        self.runtime.spawn(async move {
            judge_rests.await;
            making.reply(model, request).await;
        });
        let live = Live {
            reply: SpokenReply::new(cancel),
            said,
            shown,
            seen,
            replaces,
            stage: Stage::Draft,
            pause: self.pause,
            believed: None,
        };
        self.replies.insert(r#gen, live);
    }

    fn release(&mut self, r#gen: Gen) {
        let Some(live) = self.replies.get_mut(&r#gen) else { return };
        live.stage = Stage::Released;
        tracing::debug!("the end of a turn is believed");
        live.believed = Some(Instant::now());
        let (said, replaces) = (live.said.clone(), live.replaces);
        let shown = std::mem::take(&mut live.shown);
        let seen = std::mem::take(&mut live.seen);
        self.stop_aside();
        let seen = self.talk.released(r#gen, &said, replaces, &shown, &seen);
        self.player.begin(Track::Reply(r#gen));
        self.tell(VoiceEvent::Released { r#gen, said, replaces, seen });
        self.play();
    }

    /// Something of a reply was made.
    pub(super) fn made(&mut self, of: Track, what: Made) {
        let Track::Reply(r#gen) = of else {
            if let Some((_, reply)) = self.aside.as_mut().filter(|(track, _)| *track == of) {
                reply.take(what);
            }
            return;
        };
        // What belongs to a reply that is no more dies here.
        let Some(live) = self.replies.get_mut(&r#gen) else { return };
        let problem = match &what {
            Made::VoiceFailed(error) => Some(VoiceProblem::Voice(error.clone())),
            _ => None,
        };
        if let Made::Weighed(probability) = what {
            tracing::debug!(words = probability.get(), "what was said was weighed");
            return self.step(Input::Weighed { r#gen, probability });
        }
        let silent = !live.reply.has_sound();
        live.reply.take(what);
        if silent && live.reply.has_sound() {
            self.step(Input::Reply { r#gen, what: Reply::Ready });
        }
        if problem.is_some() {
            self.tell(VoiceEvent::Problem(problem));
        }
    }

    /// Feeds the loudspeaker, tells what was heard, and ends what is over.
    pub(super) fn play(&mut self) {
        match self.player.track() {
            Some(Track::Reply(r#gen)) => self.play_reply(r#gen),
            Some(track @ Track::Aside(_)) => self.play_aside(track),
            None => {}
        }
    }

    fn play_reply(&mut self, r#gen: Gen) {
        let Some(live) = self.replies.get_mut(&r#gen) else { return };
        self.player.feed(&live.reply);
        let played = self.player.played(live.reply.rate());
        let more = live.reply.newly_heard(played);
        let over = live.reply.is_over(played);
        let begins = live.stage == Stage::Released && played > 0;
        if begins {
            live.stage = Stage::Audible;
        }
        let timings = begins.then(|| live.times(Instant::now() + self.player.in_flight()));
        if let Some(timings) = timings {
            self.tell(VoiceEvent::Timings(timings));
            self.step(Input::Reply { r#gen, what: Reply::Audible });
            if self.frontend.convergence() == Convergence::Learning {
                // Some of what is played may come back as if somebody spoke.
                self.step(Input::DeviceChanged);
            }
        }
        if let Some(text) = more {
            self.heard(r#gen, text);
        }
        if over && let Some(live) = self.replies.get(&r#gen) {
            let end = live.reply.end();
            let what = if live.reply.failure().is_some() { Reply::Failed } else { Reply::Finished };
            self.end(r#gen, end);
            self.step(Input::Reply { r#gen, what });
        }
    }

    fn heard(&mut self, r#gen: Gen, text: String) {
        self.talk.heard(r#gen, &text);
        self.tell(VoiceEvent::Heard { r#gen, text });
    }

    /// Ends a released reply; what was heard of it stays.
    fn end(&mut self, r#gen: Gen, end: SpokenEnd) {
        let Some(mut live) = self.replies.remove(&r#gen) else { return };
        let played =
            if self.player.track() == Some(Track::Reply(r#gen)) { self.player.stop(&live.reply) } else { 0 };
        if let Some(text) = live.reply.last_heard(played, &end) {
            self.heard(r#gen, text);
        }
        let heard = Duration::from_millis(played * 1_000 / u64::from(live.reply.rate().max(1)));
        if self.suspicion.ended(end == SpokenEnd::Interrupted, heard) {
            self.frontend.doubt_room();
        }
        if let SpokenEnd::Failed(error) = &end {
            self.tell(VoiceEvent::Problem(Some(VoiceProblem::Model(error.clone()))));
        }
        let usage = live.reply.usage();
        self.tell(VoiceEvent::ReplyEnded { r#gen, end, usage });
    }

    /// The conversation is over: what is heard now was interrupted.
    pub(super) fn finish(&mut self) {
        self.stop_aside();
        let released: Vec<Gen> = self
            .replies
            .iter()
            .filter(|(_, live)| live.stage != Stage::Draft)
            .map(|(r#gen, _)| *r#gen)
            .collect();
        for r#gen in released {
            self.end(r#gen, SpokenEnd::Stopped);
        }
    }

    pub(super) fn read(&mut self, text: String) {
        let cancel = CancellationToken::new();
        let track = self.next_aside(SpokenReply::new(cancel.clone()));
        let making = self.making(track, &cancel);
        self.runtime.spawn(making.read(text));
    }

    pub(super) fn tone(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "sample numbers of half a second")]
        let sample = |at: u32| {
            let turns = at as f32 * 440.0 / TONE_RATE as f32;
            // Faded at both ends, so that it does not click.
            let ends = (at.min(TONE_RATE / 2 - at) as f32 / 480.0).min(1.0);
            (turns * std::f32::consts::TAU).sin() * TONE_GAIN * ends
        };
        self.next_aside(SpokenReply::of_sound((0..TONE_RATE / 2).map(sample).collect(), TONE_RATE));
    }

    /// Something to be played that is part of no turn; a reply that is heard ends.
    fn next_aside(&mut self, reply: SpokenReply) -> Track {
        // The one before is not told as ended: this one takes its place.
        self.silence_aside();
        self.step(Input::StopSpeaking);
        self.asides += 1;
        let track = Track::Aside(self.asides);
        self.aside = Some((track, reply));
        self.player.begin(track);
        track
    }

    fn play_aside(&mut self, track: Track) {
        let Some((_, reply)) = self.aside.as_ref().filter(|(aside, _)| *aside == track) else { return };
        self.player.feed(reply);
        if reply.is_over(self.player.played(reply.rate())) {
            self.stop_aside();
        }
    }

    pub(super) fn stop_aside(&mut self) {
        if self.silence_aside() {
            self.tell(VoiceEvent::AsideEnded);
        }
    }

    /// Whether there was one.
    fn silence_aside(&mut self) -> bool {
        let Some((track, reply)) = self.aside.take() else { return false };
        if self.player.track() == Some(track) {
            self.player.stop(&reply);
        }
        true
    }
}
