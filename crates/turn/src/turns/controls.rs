//! What the user does with keys, buttons and plugs.

use media::Ms;

use super::{
    Turns,
    ear::{Attention, Ear, Key, Mic},
};
use crate::{
    Effect, StopReason,
    state::{Burst, Ended, Origin, Script, Sound, State},
    utterance::Writing,
    words::{self, Said},
};

impl Turns {
    /// Whether something was said in this turn that no reply will answer alone.
    pub fn is_owed(&self) -> bool {
        !self.before.said.is_empty()
    }

    /// Changes what is listened to. What was ignored is closed when listening begins, so that the detector tells of what
    /// is said from now on.
    pub(super) fn change_ear(&mut self, change: impl FnOnce(&mut Ear)) {
        let was = self.ear.attention();
        change(&mut self.ear);
        match (was, self.ear.attention()) {
            (Attention::Open | Attention::Key, Attention::Deaf) => self.deafen(),
            (Attention::Deaf, Attention::Open | Attention::Key) => {
                if let Some(utt) = self.ear.ignored.take() {
                    self.push(Effect::Close { utt });
                }
            }
            _ => {}
        }
    }

    /// Nothing is listened to any more. What is being spoken is forgotten, and a reply goes on. After a pause, though,
    /// the turn is over: people mute when they have asked.
    fn deafen(&mut self) {
        match &self.state {
            State::UserSpeaking { .. } => self.forget_utterance(),
            State::Ending { .. } => self.end_turn(),
            State::Contested { .. } => self.forget_burst(),
            State::Listening | State::Replying { .. } => {}
        }
    }

    /// The turn that paused is over.
    fn end_turn(&mut self) {
        let State::Ending { ending, .. } = &mut self.state else { return };
        ending.ended = Ended::Certainly;
        if ending.script == Script::Settled {
            self.settled();
        }
    }

    /// All that is said while the key is down is meant, and the turn is not over before it goes up. It stops a reply; one
    /// that is not heard yet came too early.
    pub(super) fn talk_down(&mut self) {
        self.change_ear(|ear| ear.key = Key::Down);
        if self.ear.attention() == Attention::Deaf {
            return;
        }
        match &mut self.state {
            State::Replying { reply } | State::Contested { reply, .. } => {
                let why = match (reply.sound, reply.origin) {
                    (Sound::NotYet, Origin::Spoken) => StopReason::WentOn,
                    _ => StopReason::BargeIn,
                };
                self.give_floor(why);
                self.transcribe();
            }
            State::Ending { ending, .. } => ending.ended = Ended::Maybe,
            State::UserSpeaking { .. } => self.transcribe(),
            State::Listening => {}
        }
    }

    pub(super) fn talk_up(&mut self) {
        if self.ear.key == Key::Up {
            return;
        }
        self.ear.key = Key::Up;
        match std::mem::take(&mut self.state) {
            State::UserSpeaking { utterance } if utterance.writing == Writing::Not => {
                self.close(&utterance);
                self.rest();
            }
            State::UserSpeaking { utterance } => self.await_end(utterance, self.now, Ended::Certainly),
            State::Ending { utterance, ending } if ending.ended == Ended::VoicedAgain => {
                self.await_end_anew(utterance, ending, self.now, Ended::Certainly);
            }
            State::Ending { utterance, ending } => {
                self.state = State::Ending { utterance, ending };
                self.end_turn();
            }
            State::Listening => self.rest(),
            // Begun while the key was down, and too short to be more than an onset: its words decide.
            State::Contested { reply, utterance, contest } => {
                self.state = State::Contested { reply, utterance, contest };
                if contest.voice == Burst::Voiced {
                    self.pause(self.now);
                }
            }
            State::Replying { reply } => self.state = State::Replying { reply },
        }
    }

    /// A typed message is sent as it was typed. Words that were spoken and not yet sent come before it, on a line of
    /// their own ("Look at this:" and then something pasted), and their utterance is closed.
    pub(super) fn typed(&mut self, typed: &str) {
        self.discard();
        let spoken = match std::mem::take(&mut self.state) {
            State::Listening => String::new(),
            State::UserSpeaking { utterance } | State::Ending { utterance, .. } => {
                self.close(&utterance);
                utterance.words
            }
            State::Replying { reply } => {
                self.stop(reply, StopReason::Typed);
                String::new()
            }
            State::Contested { reply, utterance, .. } => {
                self.stop(reply, StopReason::Typed);
                self.close(&utterance);
                utterance.words
            }
        };
        let spoken = self.whole(&spoken);
        let said = match words::classify(&spoken) {
            Said::Nothing | Said::Backchannel => typed.to_owned(),
            Said::StopWord | Said::Words => format!("{spoken}\n{typed}"),
        };
        let draft = self.draft(said);
        self.make_heard(draft, Origin::Typed);
    }

    /// Ends the reply, also one that is not heard yet. A turn that has paused counts as ended: it is kept, and its reply
    /// stops before it began. One whose words are not even known yet is forgotten.
    pub(super) fn stop_speaking(&mut self) {
        if let State::Ending { ending, .. } = &self.state {
            if ending.script == Script::Settled && ending.draft.is_some() {
                self.release();
            } else {
                self.before = crate::state::Before::default();
                self.forget_utterance();
            }
        }
        self.give_floor(StopReason::Asked);
    }

    /// Ends the reply, and listens.
    pub(super) fn summoned(&mut self) {
        self.give_floor(StopReason::Asked);
    }

    /// The microphone is gone: what was said until now is all there will be for a while.
    pub(super) fn mic_lost(&mut self) {
        self.ear.mic = Mic::Lost;
        match &self.state {
            State::UserSpeaking { .. } => self.pause(self.now),
            State::Contested { utterance, .. } if utterance.voiced == Ms(0) => self.forget_burst(),
            State::Contested { contest, .. } if contest.voice == Burst::Voiced => self.pause(self.now),
            State::Ending { ending, .. } if ending.ended == Ended::VoicedAgain => self.pause(self.now),
            _ => {}
        }
    }
}
