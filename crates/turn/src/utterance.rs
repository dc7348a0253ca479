//! What is known of one utterance.

use media::{Level, Ms, SamplePos};

use crate::{Text, Utt, words};

/// An utterance that the detector has open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Utterance {
    pub(crate) utt: Utt,
    pub(crate) onset: SamplePos,
    pub(crate) writing: Writing,
    /// Voiced sound so far.
    pub(crate) voiced: Ms,
    /// The part of it that was as loud as the user usually is.
    pub(crate) loud: Ms,
    /// How loud it is of late, and on average; none before there was speech.
    pub(crate) level: Option<Level>,
    pub(crate) mean: Option<Level>,
    told: u16,
    /// Words that will not change.
    pub(crate) committed: String,
    /// All words.
    pub(crate) words: String,
    /// The words are those of all sound up to here.
    pub(crate) through: SamplePos,
}

/// How the writing down of an utterance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// Not begun: there was only an onset.
    Not,
    /// Going on.
    Going,
    /// It failed; no more words will come.
    Failed,
}

impl Utterance {
    pub(crate) fn new(utt: Utt, onset: SamplePos) -> Self {
        Self {
            utt,
            onset,
            writing: Writing::Not,
            voiced: Ms(0),
            loud: Ms(0),
            level: None,
            mean: None,
            told: 0,
            committed: String::new(),
            words: String::new(),
            through: SamplePos::START,
        }
    }

    /// Somebody speaks, as loud as the user or not.
    pub(crate) fn speech(&mut self, voiced: Ms, level: Level, loudness: Loudness) {
        let more = Ms(voiced.0.saturating_sub(self.voiced.0));
        if loudness == Loudness::OfTheUser {
            self.loud = self.loud + more;
        }
        self.voiced = self.voiced.max(voiced);
        self.level = Some(level);
        self.told = self.told.saturating_add(1);
        let mean = self.mean.unwrap_or(level).db();
        self.mean = Some(Level::from_db(mean + (level.db() - mean) / f32::from(self.told)));
    }

    /// Takes what was written down, unless it is older than what is known. The answer for the pause that stands is
    /// always taken: a guess may have seen some of the silence behind it.
    pub(crate) fn hear(&mut self, text: &Text, standing: Option<SamplePos>) {
        let answer = text.settled && standing.is_some_and(|pause| text.reaches(pause));
        if text.through < self.through && !answer {
            return;
        }
        self.through = text.through;
        self.words = words::join(&text.committed, &text.tentative);
        self.committed = if text.settled { self.words.clone() } else { text.committed.trim().to_owned() };
    }
}

impl Text {
    /// Whether it covers all that was said until this pause. Two of the detector's frames of 32 ms may be missing: what
    /// is fed to the engine comes in blocks of another size.
    pub(crate) fn reaches(&self, pause: SamplePos) -> bool {
        self.through + Ms(64) >= pause
    }
}

/// Who speaks, as far as the level tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loudness {
    /// As loud as the user usually is, or nothing is known of the user yet.
    OfTheUser,
    /// Much quieter.
    OfSomebodyElse,
}
