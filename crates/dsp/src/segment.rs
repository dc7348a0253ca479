//! From probabilities to utterances: pure. What comes out mirrors the voice events of turn-taking: one utterance is an
//! onset, then speech or nothing, and after speech any number of pauses, until whoever takes the turns closes it.

mod hush;
mod rise;

use media::{Level, Ms, Probability, SamplePos};

use self::hush::Hush;
use self::rise::Rise;

/// Names an utterance; they count up from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utterance(pub u64);

/// What the detector sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VoiceEvent {
    /// The first voiced frame, or over the own voice a sudden rise of the level; it may be a click.
    Onset {
        /// A new one.
        utt: Utterance,
    },
    /// Enough voiced sound that it is somebody speaking, or coughing. Told again about every 100 ms while it lasts.
    Speech {
        /// Whose.
        utt: Utterance,
        /// Voiced sound in the utterance so far, pauses not counted.
        voiced: Ms,
        /// How loud the voiced sound of late is.
        level: Level,
    },
    /// The onset came to nothing.
    Vanished {
        /// Whose; it is closed.
        utt: Utterance,
    },
    /// Quiet since `since`.
    Pause {
        /// Whose.
        utt: Utterance,
        /// The end of the last voiced frame, or of the last 10 ms that were not quiet beside it.
        since: SamplePos,
    },
    /// Voiced again after a pause.
    Resumed {
        /// Whose.
        utt: Utterance,
    },
}

/// Whether the own loudspeaker is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Far {
    /// It is silent, and its echo has died away.
    #[default]
    Silent,
    /// It plays: what sounds like voice may be what the canceller left of it.
    Playing,
    /// It plays, and the canceller does not know the room yet: much of it comes through.
    PlayingInStrangeRoom,
}

/// A judged frame of 32 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Where it ends.
    pub end: SamplePos,
    /// How likely it is voice.
    pub probability: Probability,
    /// How loud it is after the canceller.
    pub cleaned: Level,
    /// How loud it was before.
    pub mic: Level,
    /// Whether the own loudspeaker plays.
    pub far: Far,
}

/// Between these a frame is what the one before was: voiced from `on` up, unvoiced below `off`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Voiced at least here.
    pub on: f32,
    /// Unvoiced below.
    pub off: f32,
}

/// The numbers of a [`Segmenter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmenterConfig {
    /// While the loudspeaker is silent. 0.5 and 0.35 are the values Silero's own `get_speech_timestamps` takes.
    pub alone: Threshold,
    /// While it plays. Measured over four simulated rooms: no false onset in 330 s of its own speech from 0.65 on (one
    /// at 0.5), and a person is told 50 ms later at 0.8.
    pub over_far: Threshold,
    /// While it plays in a room that is not known yet. In 32 beginnings of 5 s, 4 had a false onset here and 7 at 0.65;
    /// the person was found in all.
    pub in_strange_room: Threshold,
    /// While it plays, in an utterance that began with a rise of the level (`rise.rs`): speech is told 100 ms sooner
    /// than with `over_far` at the 95th percentile, with no more false speech in 13 minutes of its own voice.
    pub risen: Threshold,
    /// A rise of the level is no onset where a frame is less likely voice than this: a key that is struck is 0.01.
    pub rise_least: f32,
    /// While it plays, a frame from which the canceller took more than this is echo, whatever it sounds like: when
    /// somebody speaks, the canceller leaves most of it.
    pub most_cancelled_db: f32,
    /// Voiced sound that makes speech of an onset.
    pub speech_after: Ms,
    /// Speech is told again after so much more voiced sound.
    pub tell_every: Ms,
    /// An onset without speech is forgotten after so much quiet.
    pub vanish_after: Ms,
    /// The same after a rise of the level: the detector is sure up to 200 ms later than the level.
    pub risen_vanish_after: Ms,
    /// Unvoiced sound of this length is a pause. One frame: Silero's probability falls some 130 ms after the voice by
    /// itself, so a second frame would cost 40 ms of every reply and spare only 2 of 30 pauses (15 sentences, clean and in
    /// noise).
    pub pause_after: Ms,
    /// So is quiet of this length, once the last frame was less likely voice than `in_full_voice`. Over 115 sentences: seen
    /// 107 and 81 ms after the last voiced sample instead of 170 and 124 (medians of two sets), for 0.2 pauses more in
    /// a second of speech. Of 30 ms a third more would be none; without the second condition twice as many.
    pub hush_after: Ms,
    /// Silero is this sure within words, also while the mouth is closed.
    pub in_full_voice: f32,
    /// A pause ends with so much voiced sound in a row, or with one frame as likely as `sure`: a click does not throw
    /// away a reply that is being made.
    pub resume_after: Ms,
    /// See `resume_after`.
    pub sure: f32,
}

impl Default for SegmenterConfig {
    fn default() -> Self {
        Self {
            alone: Threshold { on: 0.5, off: 0.35 },
            over_far: Threshold { on: 0.65, off: 0.5 },
            in_strange_room: Threshold { on: 0.9, off: 0.75 },
            risen: Threshold { on: 0.4, off: 0.3 },
            rise_least: 0.03,
            most_cancelled_db: 15.0,
            speech_after: Ms(96),
            tell_every: Ms(96),
            vanish_after: Ms(128),
            risen_vanish_after: Ms(256),
            pause_after: Ms(32),
            hush_after: Ms(40),
            in_full_voice: 0.99,
            resume_after: Ms(64),
            sure: 0.9,
        }
    }
}

/// Length of a [`Frame`].
const FRAME: Ms = Ms(32);

/// Makes utterances of frames.
#[derive(Debug)]
pub struct Segmenter {
    config: SegmenterConfig,
    state: State,
    last: u64,
    voicing: Voicing,
    /// Of the last frame.
    probability: f32,
    /// The voice's power of late.
    power: Option<f32>,
    hush: Hush,
    rise: Rise,
    /// The utterance began with a rise of the level.
    risen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voicing {
    Voiced,
    /// As likely voice, but too quiet beside what it was: what is left of it in the room, or in the detector.
    Hushed,
    Unvoiced,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Quiet,
    Onset { voiced: Ms, quiet: Ms },
    Speaking { voiced: Ms, untold: Ms, quiet: Ms, since: SamplePos },
    Paused { voiced: Ms, again: Ms },
}

impl Segmenter {
    /// With these numbers.
    pub fn new(config: SegmenterConfig) -> Self {
        Self {
            config,
            state: State::Quiet,
            last: 0,
            voicing: Voicing::Unvoiced,
            probability: 0.0,
            power: None,
            hush: Hush::new(),
            rise: Rise::new(),
            risen: false,
        }
    }

    /// Takes the next frame; at most one thing is seen in it.
    pub fn frame(&mut self, frame: &Frame) -> Option<VoiceEvent> {
        self.voicing = self.voicing_of(frame);
        self.probability = frame.probability.get();
        match self.voicing {
            Voicing::Voiced => {
                // The mean of about the last 200 ms, in power.
                let power = 10_f32.powf(frame.cleaned.db() / 10.0);
                self.power = Some(self.power.map_or(power, |before| before + (power - before) / 6.0));
            }
            Voicing::Hushed => {}
            Voicing::Unvoiced => self.hush.learn(frame.cleaned),
        }
        match self.state {
            State::Quiet => self.in_quiet(),
            State::Onset { voiced, quiet } => self.in_onset(voiced, quiet, frame),
            State::Speaking { voiced, untold, quiet, since } => {
                self.in_speech(voiced, untold, quiet, since, frame)
            }
            State::Paused { voiced, again } => self.in_pause(voiced, again, frame),
        }
    }

    /// Takes the level of the next 10 ms, which end at `end`; frames are taken first.
    pub fn block(&mut self, end: SamplePos, cleaned: Level, far: Far) -> Option<VoiceEvent> {
        match far {
            Far::Silent => self.falls_silent(end, cleaned),
            Far::Playing | Far::PlayingInStrangeRoom => self.rises(cleaned, far),
        }
    }

    /// While the loudspeaker plays, what the canceller leaves of a voice comes and goes, so only frames count then.
    fn falls_silent(&mut self, end: SamplePos, cleaned: Level) -> Option<VoiceEvent> {
        self.rise.pause();
        let quiet = self.hush.block(cleaned, self.level());
        let State::Speaking { voiced, .. } = self.state else { return None };
        if quiet < self.config.hush_after || self.probability >= self.config.in_full_voice {
            return None;
        }
        self.state = State::Paused { voiced, again: Ms(0) };
        Some(VoiceEvent::Pause { utt: self.utt(), since: end - quiet })
    }

    fn rises(&mut self, cleaned: Level, far: Far) -> Option<VoiceEvent> {
        if !matches!(self.state, State::Quiet | State::Onset { .. }) {
            self.rise.pause();
            return None;
        }
        let risen = self.rise.block(cleaned);
        let voice = self.probability >= self.config.rise_least;
        let begins = risen && voice && far == Far::Playing && matches!(self.state, State::Quiet);
        begins.then(|| self.begin(Ms(0), true))
    }

    /// The utterance is over: the next voiced frame is the onset of another. Another than the one that is going on is
    /// over already.
    pub fn close(&mut self, utt: Utterance) {
        if utt.0 == self.last {
            self.quieten();
        }
    }

    fn quieten(&mut self) {
        self.state = State::Quiet;
        self.risen = false;
    }

    fn voicing_of(&self, frame: &Frame) -> Voicing {
        let threshold = match frame.far {
            Far::Silent => self.config.alone,
            Far::Playing if self.risen => self.config.risen,
            Far::Playing => self.config.over_far,
            Far::PlayingInStrangeRoom => self.config.in_strange_room,
        };
        let bound = match self.voicing {
            Voicing::Voiced | Voicing::Hushed => threshold.off,
            Voicing::Unvoiced => threshold.on,
        };
        let cancelled = frame.mic.db() - frame.cleaned.db();
        // Of whoever is louder than the echo the canceller takes as much at first.
        let echo = frame.far != Far::Silent && !self.risen && cancelled > self.config.most_cancelled_db;
        if echo || frame.probability.get() < bound {
            return Voicing::Unvoiced;
        }
        let spoken = matches!(self.state, State::Speaking { .. } | State::Paused { .. });
        let hushed = spoken && frame.far == Far::Silent && self.hush.is_quiet(frame.cleaned, self.level());
        if hushed { Voicing::Hushed } else { Voicing::Voiced }
    }

    fn utt(&self) -> Utterance {
        Utterance(self.last)
    }

    fn in_quiet(&mut self) -> Option<VoiceEvent> {
        if self.voicing == Voicing::Unvoiced {
            return None;
        }
        Some(self.begin(FRAME, false))
    }

    fn begin(&mut self, voiced: Ms, risen: bool) -> VoiceEvent {
        self.last += 1;
        self.power = None;
        self.risen = risen;
        self.state = State::Onset { voiced, quiet: Ms(0) };
        VoiceEvent::Onset { utt: self.utt() }
    }

    fn in_onset(&mut self, voiced: Ms, quiet: Ms, frame: &Frame) -> Option<VoiceEvent> {
        let (voiced, quiet) = match self.voicing {
            Voicing::Voiced | Voicing::Hushed => (longer(voiced), Ms(0)),
            Voicing::Unvoiced => (voiced, longer(quiet)),
        };
        if voiced >= self.config.speech_after {
            self.hush.restart();
            self.state = State::Speaking { voiced, untold: Ms(0), quiet: Ms(0), since: frame.end };
            return Some(self.speech(voiced));
        }
        let vanishes = if self.risen { self.config.risen_vanish_after } else { self.config.vanish_after };
        if quiet >= vanishes {
            self.quieten();
            return Some(VoiceEvent::Vanished { utt: self.utt() });
        }
        self.state = State::Onset { voiced, quiet };
        None
    }

    fn in_speech(
        &mut self,
        voiced: Ms,
        untold: Ms,
        quiet: Ms,
        since: SamplePos,
        frame: &Frame,
    ) -> Option<VoiceEvent> {
        if self.voicing == Voicing::Unvoiced {
            let quiet = longer(quiet);
            if quiet >= self.config.pause_after {
                self.state = State::Paused { voiced, again: Ms(0) };
                return Some(VoiceEvent::Pause { utt: self.utt(), since });
            }
            self.state = State::Speaking { voiced, untold, quiet, since };
            return None;
        }
        if self.voicing == Voicing::Hushed {
            return None;
        }
        let (voiced, untold) = (longer(voiced), longer(untold));
        let tell = untold >= self.config.tell_every;
        let untold = if tell { Ms(0) } else { untold };
        self.state = State::Speaking { voiced, untold, quiet: Ms(0), since: frame.end };
        tell.then(|| self.speech(voiced))
    }

    fn in_pause(&mut self, voiced: Ms, again: Ms, frame: &Frame) -> Option<VoiceEvent> {
        if self.voicing != Voicing::Voiced {
            self.state = State::Paused { voiced, again: Ms(0) };
            return None;
        }
        let again = longer(again);
        if again >= self.config.resume_after || frame.probability.get() >= self.config.sure {
            let voiced = Ms(voiced.0 + again.0);
            self.hush.restart();
            self.state = State::Speaking { voiced, untold: again, quiet: Ms(0), since: frame.end };
            return Some(VoiceEvent::Resumed { utt: self.utt() });
        }
        self.state = State::Paused { voiced, again };
        None
    }

    fn speech(&self, voiced: Ms) -> VoiceEvent {
        VoiceEvent::Speech { utt: self.utt(), voiced, level: self.level() }
    }

    /// How loud the voice is of late.
    fn level(&self) -> Level {
        self.power.map_or(Level::SILENCE, |power| Level::from_db(10.0 * power.log10()))
    }
}

fn longer(length: Ms) -> Ms {
    Ms(length.0 + FRAME.0)
}

#[cfg(test)]
mod tests;
