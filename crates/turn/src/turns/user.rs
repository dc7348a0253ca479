//! The user's own turn: from the first voiced sound to the release of the reply.

use dialogue::join::join;
use media::{Level, Ms, Probability, SamplePos};

use super::{
    Due, Turns,
    ear::{Attention, Key},
};
use crate::{
    Effect, Gen, Text, Utt, Voice,
    belief::belief,
    state::{About, Before, Burst, DraftSound, Ended, Ending, Origin, Script, State, Weighing},
    utterance::{Utterance, Writing},
    words::{self, Said},
};

impl Turns {
    pub(super) fn voice(&mut self, voice: Voice) {
        match voice {
            Voice::Onset { utt } => self.onset(utt),
            Voice::Speech { utt, .. }
            | Voice::Vanished { utt }
            | Voice::Pause { utt, .. }
            | Voice::Resumed { utt }
                if self.ear.ignored == Some(utt) =>
            {
                self.ignored_voice(utt, voice);
            }
            // What is still followed although nothing is listened to is over: only its words are missing.
            _ if self.ear.attention() == Attention::Deaf => {}
            Voice::Speech { utt, voiced, level } if self.current() == Some(utt) => self.speech(voiced, level),
            Voice::Vanished { utt } if self.current() == Some(utt) => self.vanished(),
            Voice::Pause { utt, since } if self.current() == Some(utt) => self.pause(since),
            Voice::Resumed { utt } if self.current() == Some(utt) => self.resumed(),
            Voice::Speech { .. } | Voice::Vanished { .. } | Voice::Pause { .. } | Voice::Resumed { .. } => {}
        }
    }

    fn ignored_voice(&mut self, utt: Utt, voice: Voice) {
        match voice {
            Voice::Pause { .. } => {
                self.ear.ignored = None;
                self.push(Effect::Close { utt });
            }
            Voice::Vanished { .. } => self.ear.ignored = None,
            Voice::Onset { .. } | Voice::Speech { .. } | Voice::Resumed { .. } => {}
        }
    }

    fn onset(&mut self, utt: Utt) {
        if self.ear.newest.is_some_and(|newest| utt <= newest) {
            return;
        }
        self.ear.newest = Some(utt);
        if self.ear.attention() == Attention::Deaf {
            self.ear.ignored = Some(utt);
            return;
        }
        self.ear.ignored = None;
        let utterance = Utterance::new(utt, self.now);
        self.discard();
        match std::mem::take(&mut self.state) {
            State::Listening => self.state = State::UserSpeaking { utterance },
            // The detector has given up an utterance that was not closed: its words are the beginning of this one.
            State::UserSpeaking { utterance: given_up } | State::Ending { utterance: given_up, .. } => {
                self.before = Before { said: self.whole(&given_up.words), ..self.before };
                self.close(&given_up);
                self.state = State::UserSpeaking { utterance };
            }
            State::Replying { reply } => self.contest(reply, utterance),
            State::Contested { reply, utterance: given_up, contest } => {
                self.close(&given_up);
                self.contest_again(reply, utterance, contest);
            }
        }
        if self.ear.attention() == Attention::Key {
            self.transcribe();
        }
    }

    fn speech(&mut self, voiced: Ms, level: Level) {
        let loudness = self.loudness(level);
        let goes_on = self.config.goes_on;
        match &mut self.state {
            State::UserSpeaking { utterance } => {
                utterance.speech(voiced, level, loudness);
                self.transcribe();
            }
            State::Ending { utterance, ending } if ending.ended != Ended::Certainly => {
                let more = voiced.0.saturating_sub(ending.voiced.0);
                utterance.speech(voiced, level, loudness);
                if more >= goes_on.0 {
                    self.go_on();
                } else if more > 0 {
                    ending.ended = Ended::VoicedAgain;
                }
            }
            State::Contested { utterance, .. } => {
                utterance.speech(voiced, level, loudness);
                self.transcribe();
                self.speech_over_reply(loudness);
            }
            State::Ending { .. } | State::Listening | State::Replying { .. } => {}
        }
    }

    /// The pause was none: the user goes on.
    fn go_on(&mut self) {
        self.discard();
        if let State::Ending { utterance, .. } = std::mem::take(&mut self.state) {
            self.state = State::UserSpeaking { utterance };
        }
    }

    fn vanished(&mut self) {
        match &self.state {
            State::UserSpeaking { utterance } if utterance.voiced == Ms(0) => {
                if utterance.writing != Writing::Not {
                    let utt = utterance.utt;
                    self.push(Effect::Close { utt });
                }
                self.rest();
            }
            State::Contested { utterance, .. } if utterance.voiced == Ms(0) => self.burst_vanished(),
            // There was speech: that it is gone is a pause.
            _ => self.pause(self.now),
        }
    }

    pub(super) fn pause(&mut self, since: SamplePos) {
        match std::mem::take(&mut self.state) {
            State::UserSpeaking { utterance } if utterance.writing == Writing::Not => {
                self.close(&utterance);
                self.rest();
            }
            State::UserSpeaking { utterance } => self.await_end(utterance, since, Ended::Maybe),
            State::Ending { utterance, ending }
                if ending.ended != Ended::Certainly && since > ending.pause =>
            {
                self.await_end_anew(utterance, ending, since, Ended::Maybe);
            }
            State::Contested { reply, utterance, contest } => {
                self.state = State::Contested { reply, utterance, contest };
                self.pause_over_reply(since);
            }
            other => self.state = other,
        }
    }

    fn resumed(&mut self) {
        match &mut self.state {
            State::Ending { ending, .. } if ending.ended == Ended::Maybe => ending.ended = Ended::VoicedAgain,
            State::Contested { contest, .. } => contest.voice = Burst::Voiced,
            _ => {}
        }
    }

    /// Another pause of the same utterance: the draft is kept until its words are known to differ.
    pub(super) fn await_end_anew(
        &mut self,
        utterance: Utterance,
        last: Ending,
        pause: SamplePos,
        ended: Ended,
    ) {
        self.await_end(utterance, pause, ended);
        if let State::Ending { ending, .. } = &mut self.state {
            ending.draft = last.draft;
            ending.about = last.about;
            if ending.script == Script::Settled {
                self.settled();
            }
        } else if let Some(draft) = last.draft {
            self.push(Effect::Discard { r#gen: draft.r#gen });
        }
    }

    /// A pause: all that can be known about it is asked for at once.
    pub(super) fn await_end(&mut self, utterance: Utterance, pause: SamplePos, ended: Ended) {
        let (utt, writing) = (utterance.utt, utterance.writing);
        if writing == Writing::Going {
            self.push(Effect::Settle { utt, pause });
        }
        if ended == Ended::Maybe && self.ear.key == Key::Up {
            self.push(Effect::Judge { utt, pause });
        }
        let ending = Ending {
            pause,
            voiced: utterance.voiced,
            asked: self.now,
            script: Script::Awaited,
            draft: None,
            judged: None,
            ended,
            about: About::TheTalk,
        };
        self.state = State::Ending { utterance, ending };
    }

    pub(super) fn judged(&mut self, utt: Utt, of: SamplePos, probability: Probability) {
        let known = Some(probability);
        match &mut self.state {
            State::Ending { utterance, ending } if utterance.utt == utt && ending.pause == of => {
                ending.judged = known;
            }
            State::Contested { utterance, contest, .. } if utterance.utt == utt => {
                if let Burst::Quiet(quiet) = &mut contest.voice
                    && quiet.pause == of
                {
                    quiet.judged = known;
                }
            }
            _ => {}
        }
    }

    /// How the words of a draft's question read.
    pub(super) fn weighed(&mut self, r#gen: Gen, probability: Probability) {
        if let State::Ending { ending, .. } = &mut self.state
            && let Some(draft) = ending.draft.as_mut().filter(|draft| draft.r#gen == r#gen)
        {
            draft.weighed = Some(probability);
            self.weighing = Weighing::Done;
        }
    }

    /// The draft could be heard now.
    pub(super) fn draft_is_ready(&mut self) {
        if let State::Ending { ending, .. } = &mut self.state
            && let Some(draft) = &mut ending.draft
        {
            draft.sound = DraftSound::Ready;
        }
    }

    pub(super) fn text_in_pause(&mut self, text: &Text) {
        let State::Ending { utterance, ending } = &mut self.state else { return };
        if text.settled && text.reaches(ending.pause) {
            utterance.hear(text, Some(ending.pause));
            self.settled();
            return;
        }
        match (ending.script, ending.ended) {
            (Script::Awaited, _) => utterance.hear(text, Some(ending.pause)),
            // Other words than those of the pause: the user goes on.
            (Script::Settled, Ended::VoicedAgain) => {
                let known = utterance.words.clone();
                utterance.hear(text, None);
                if !words::same(&known, &utterance.words) {
                    self.go_on();
                }
            }
            // A late guess at what is known.
            (Script::Settled, Ended::Maybe | Ended::Certainly) => {}
        }
    }

    /// The words until the pause are known, or as well as they ever will be.
    pub(super) fn settled(&mut self) {
        let State::Ending { utterance, ending } = &mut self.state else { return };
        ending.script = Script::Settled;
        let said = words::classify(&utterance.words);
        let nothing = said == Said::Nothing || (said == Said::Backchannel && ending.about == About::AReply);
        let over = ending.is_over();
        if nothing && (over || self.ear.key == Key::Up) {
            self.forget_utterance();
            return;
        }
        let whole = join(&self.before.said, &utterance.words);
        if ending.draft.as_ref().is_none_or(|draft| !words::same(&draft.said, &whole)) {
            let wanted = !nothing && (over || !words::only_filler(&whole));
            self.discard();
            let draft = wanted.then(|| self.draft(whole));
            if let State::Ending { ending, .. } = &mut self.state {
                ending.draft = draft;
            }
        }
        if over {
            self.release();
        }
    }

    /// Closes the utterance of the user's own turn as if it had not been.
    pub(super) fn forget_utterance(&mut self) {
        self.discard();
        if let State::UserSpeaking { utterance } | State::Ending { utterance, .. } =
            std::mem::take(&mut self.state)
        {
            self.close(&utterance);
        }
        self.rest();
    }

    /// The turn is over.
    pub(super) fn release(&mut self) {
        let State::Ending { utterance, ending } = &self.state else { return };
        let whole = self.whole(&utterance.words);
        if !ending.is_over() && words::only_filler(&whole) {
            // "Um", and then nothing.
            self.forget_utterance();
            return;
        }
        let State::Ending { utterance, ending } = std::mem::take(&mut self.state) else { return };
        let draft = match ending.draft {
            Some(draft) => draft,
            None => self.draft(whole),
        };
        self.make_heard(draft, Origin::Spoken);
        self.close(&utterance);
        self.learn_level(&utterance);
    }

    pub(super) fn due_in_pause(&self, utterance: &Utterance, ending: &Ending) -> Option<(SamplePos, Due)> {
        if ending.script == Script::Awaited {
            let patience = match utterance.writing {
                Writing::Failed => Ms(0),
                Writing::Not | Writing::Going => self.config.settle_within,
            };
            return Some((ending.asked + patience, Due::WordsMissing));
        }
        if ending.ended != Ended::Maybe || self.ear.key == Key::Down {
            return None;
        }
        Some((ending.pause + self.silence(utterance, ending), Due::TurnOver))
    }

    /// How long it must be silent before the turn is over.
    fn silence(&self, utterance: &Utterance, ending: &Ending) -> Ms {
        let config = &self.config;
        let draft = ending.draft.as_ref();
        let end = words::end(&utterance.words);
        let words = draft.and_then(|draft| draft.weighed).filter(|_| end != words::End::Unfinished);
        if let Some(words) = words {
            let believed = Some(belief(ending.judged, words));
            return config.after_weighed.at(believed, config.believed_sure, config.believed_likely);
        }
        let silence = match end {
            words::End::Sentence => config.after_sentence,
            words::End::Open => config.after_open,
            words::End::Unfinished => config.after_unfinished,
        };
        let weighed_soon = self.weighing == Weighing::Done
            && draft.is_some_and(|draft| draft.weighed.is_none() && draft.sound == DraftSound::NotYet);
        // Before its first sound is there, nothing is gained by believing earlier.
        let judged = if weighed_soon { None } else { ending.judged };
        silence.at(judged, config.sure, config.likely)
    }
}
