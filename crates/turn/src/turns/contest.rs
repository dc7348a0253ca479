//! A voice over a reply: an interruption, or nothing?
//!
//! The reply is ducked at the first voiced sound and held soon after, so that it is silent long before it is known what
//! is said; then words decide, or speech that lasts. Whatever is undecided brings the reply back.

use media::{Ms, SamplePos};

use super::{
    Due, Turns,
    ear::{Attention, Key},
};
use crate::{
    Effect, StopReason, Text,
    state::{About, Burst, Contest, Origin, Quiet, Released, Script, Sound, State, Volume},
    utterance::{Loudness, Utterance, Writing},
    words::{self, Said},
};

/// Why it is an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// "Stop", "wait", "no".
    Command,
    /// Other words, or speech that lasts.
    Speech,
}

impl Turns {
    pub(super) fn contest(&mut self, reply: Released, utterance: Utterance) {
        let volume = self.lower(&reply);
        self.state = State::Contested { reply, utterance, contest: Contest { volume, voice: Burst::Voiced } };
    }

    /// Another voice while the last one is not decided.
    pub(super) fn contest_again(&mut self, reply: Released, utterance: Utterance, contest: Contest) {
        let volume = if contest.volume.is_lowered() { contest.volume } else { self.lower(&reply) };
        self.state = State::Contested { reply, utterance, contest: Contest { volume, voice: Burst::Voiced } };
    }

    /// A reply that is heard is ducked. One that is not yet may as well wait: the user seems to go on.
    fn lower(&mut self, reply: &Released) -> Volume {
        let since = self.now;
        match reply.sound {
            Sound::Since(_) => {
                self.push(Effect::Duck);
                Volume::Ducked { since }
            }
            Sound::NotYet => {
                self.push(Effect::Hold);
                Volume::Held { since }
            }
        }
    }

    pub(super) fn hold(&mut self) {
        let since = self.now;
        self.push(Effect::Hold);
        if let State::Contested { contest, .. } = &mut self.state {
            contest.volume = Volume::Held { since };
        }
    }

    /// The reply goes on in full; the voice is followed further.
    pub(super) fn bring_back(&mut self, volume: Volume) {
        let State::Contested { contest, .. } = &mut self.state else { return };
        let lowered = contest.volume.is_lowered();
        contest.volume = volume;
        if lowered {
            self.push(Effect::Resume);
        }
    }

    pub(super) fn speech_over_reply(&mut self, loudness: Loudness) {
        if self.interrupt() {
            return;
        }
        let State::Contested { reply, utterance, contest } = &mut self.state else { return };
        if utterance.voiced < self.config.level_tells_after {
            return;
        }
        match (contest.volume, loudness) {
            (Volume::Ducked { .. } | Volume::Held { .. }, Loudness::OfSomebodyElse) => {
                self.bring_back(Volume::Background);
            }
            (Volume::Background, Loudness::OfTheUser) => {
                let reply = reply.clone();
                let volume = self.lower(&reply);
                if let State::Contested { contest, .. } = &mut self.state {
                    contest.volume = volume;
                }
            }
            _ => {}
        }
    }

    pub(super) fn text_over_reply(&mut self, text: &Text) {
        let State::Contested { utterance, contest, .. } = &mut self.state else { return };
        let pause = match contest.voice {
            Burst::Quiet(quiet) => Some(quiet.pause),
            Burst::Voiced => None,
        };
        utterance.hear(text, pause);
        if text.settled && pause.is_some_and(|pause| text.reaches(pause)) {
            self.decide_burst();
        } else {
            self.interrupt();
        }
    }

    /// It is quiet, and what was said is known. What came to nothing is forgotten after a little more quiet: a gap in the
    /// first word is not the end of it.
    pub(super) fn decide_burst(&mut self) {
        if self.interrupt() {
            self.settled();
            return;
        }
        let State::Contested { contest: Contest { voice: Burst::Quiet(quiet), .. }, .. } = &mut self.state
        else {
            return;
        };
        quiet.script = Script::Settled;
        if self.now >= quiet.pause + self.config.burst_rests {
            self.forget_burst();
        }
    }

    /// It was nothing: the reply goes on, and the utterance is forgotten.
    pub(super) fn forget_burst(&mut self) {
        self.bring_back(Volume::Restored);
        if let State::Contested { mut reply, utterance, .. } = std::mem::take(&mut self.state) {
            self.close(&utterance);
            reply.spoken_over = reply.spoken_over + utterance.loud;
            self.state = State::Replying { reply };
        }
    }

    /// The onset came to nothing; the detector has closed it.
    pub(super) fn burst_vanished(&mut self) {
        self.bring_back(Volume::Restored);
        if let State::Contested { reply, utterance, .. } = std::mem::take(&mut self.state) {
            if utterance.writing != Writing::Not {
                self.close(&utterance);
            }
            self.state = State::Replying { reply };
        }
    }

    pub(super) fn pause_over_reply(&mut self, pause: SamplePos) {
        let asked = self.now;
        let State::Contested { utterance, contest, .. } = &mut self.state else { return };
        if utterance.writing == Writing::Not {
            self.forget_burst();
            return;
        }
        if matches!(contest.voice, Burst::Quiet(quiet) if quiet.pause >= pause) {
            return;
        }
        contest.voice = Burst::Quiet(Quiet {
            pause,
            asked,
            script: Script::Awaited,
            voiced: utterance.voiced,
            judged: None,
        });
        let (utt, writing) = (utterance.utt, utterance.writing);
        if writing == Writing::Going {
            self.push(Effect::Settle { utt, pause });
            self.push(Effect::Judge { utt, pause });
        } else {
            self.words_missing();
        }
    }

    /// Ends the reply if there is reason to; the utterance is the user's next turn then.
    fn interrupt(&mut self) -> bool {
        let State::Contested { reply, utterance, .. } = &self.state else { return false };
        let Some(evidence) = self.evidence(reply, utterance) else { return false };
        let why = match (evidence, reply.sound, reply.origin) {
            (_, Sound::NotYet, Origin::Spoken) => StopReason::WentOn,
            (Evidence::Speech, ..) if self.may_go_on(reply, utterance) => StopReason::WentOn,
            _ => StopReason::BargeIn,
        };
        self.give_floor(why);
        true
    }

    /// Ends the reply; whoever speaks over it goes on as the user.
    pub(super) fn give_floor(&mut self, why: StopReason) {
        match std::mem::take(&mut self.state) {
            State::Replying { reply } => self.stop(reply, why),
            State::Contested { reply, utterance, contest } => {
                self.stop(reply, why);
                self.hand_over(utterance, contest.voice, About::TheTalk);
            }
            other => self.state = other,
        }
    }

    /// Whoever spoke over a reply that is gone has the floor.
    pub(super) fn hand_over(&mut self, utterance: Utterance, voice: Burst, about: About) {
        let known = matches!(voice, Burst::Quiet(Quiet { script: Script::Settled, .. }));
        self.state = match voice {
            Burst::Voiced => State::UserSpeaking { utterance },
            Burst::Quiet(quiet) => quiet.as_ending(utterance, about),
        };
        if known {
            self.settled();
        }
    }

    fn evidence(&self, reply: &Released, utterance: &Utterance) -> Option<Evidence> {
        if self.ear.key == Key::Down && utterance.writing != Writing::Not {
            return Some(Evidence::Speech);
        }
        let somebody_else =
            utterance.level.is_some_and(|level| self.loudness(level) == Loudness::OfSomebodyElse);
        let trusted = !somebody_else && !self.may_be_echo(reply);
        let said = words::classify(&utterance.words);
        // A recogniser's first guess at a cough or an "okay" is often "No.": the reply is held by then, so nothing is
        // lost by waiting for the word to stand.
        if words::classify(&utterance.committed) == Said::StopWord {
            return Some(Evidence::Command);
        }
        let worded = matches!(said, Said::Words | Said::StopWord)
            && (words::real_words(&utterance.committed) > 0
                || words::real_words(&utterance.words) >= self.config.tentative_words);
        let lasting = if self.may_go_on(reply, utterance) {
            reply.spoken_over + utterance.loud >= self.config.going_on_speech
        } else {
            utterance.loud >= self.config.lasting_speech
        };
        let lasting = lasting && !self.contradicted(utterance, said);
        (trusted && (worded || lasting)).then_some(Evidence::Speech)
    }

    /// Whether the reply is so young that whoever speaks over it had not finished.
    fn may_go_on(&self, reply: &Released, utterance: &Utterance) -> bool {
        let young = match reply.sound {
            Sound::NotYet => true,
            Sound::Since(heard) => utterance.onset.since(heard) <= self.config.went_on_within,
        };
        young && reply.origin == Origin::Spoken
    }

    /// Whether the words known of the last moments are none that interrupt.
    fn contradicted(&self, utterance: &Utterance, said: Said) -> bool {
        let fresh =
            utterance.through > utterance.onset && self.now.since(utterance.through) <= self.config.fresh;
        fresh && matches!(said, Said::Nothing | Said::Backchannel)
    }

    fn may_be_echo(&self, reply: &Released) -> bool {
        reply.sound != Sound::NotYet && self.now < self.unsure_until
    }

    /// Whether it is speech by all that is known, and heard.
    fn may_hold(&self, reply: &Released, utterance: &Utterance) -> bool {
        let speech = utterance.voiced > Ms(0) && self.ear.attention() != Attention::Deaf;
        speech && !self.may_be_echo(reply)
    }

    pub(super) fn due_in_contest(
        &self,
        reply: &Released,
        utterance: &Utterance,
        contest: &Contest,
    ) -> Option<(SamplePos, Due)> {
        if let Burst::Quiet(quiet) = contest.voice {
            if quiet.script == Script::Settled {
                return Some((quiet.pause + self.config.burst_rests, Due::WordsMissing));
            }
            let missing = quiet.asked + self.config.burst_settles_within;
            // A gap in the first word is no end of it: the reply is silent while its words are waited for.
            return match contest.volume {
                Volume::Ducked { since } if self.may_hold(reply, utterance) => {
                    Some((since + self.config.duck_for, Due::Hold))
                }
                _ => Some((missing, Due::WordsMissing)),
            };
        }
        match contest.volume {
            Volume::Ducked { since } => {
                if self.may_hold(reply, utterance) {
                    Some((since + self.config.duck_for, Due::Hold))
                } else {
                    Some((since + self.config.duck_at_most, Due::BringBack))
                }
            }
            Volume::Held { since } => Some((since + self.config.hold_at_most, Due::BringBack)),
            Volume::Background | Volume::Restored => None,
        }
    }
}
