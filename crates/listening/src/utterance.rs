//! The policy: what to run a pass over and when, and what its text means.

use std::collections::VecDeque;
use std::time::Duration;

use engine::{Hypothesis, Language, ListenRequest, SPEECH_RATE, SpeechTask, Transcript, WordTime};

use crate::agreement::{agreed, overlap};
use crate::loudness::{FRAME, Loudness};
use crate::pause::{Pause, PauseKind, quietest};
use crate::words::{PassText, PassWord, joined};

/// The most sound a pass is over: 24 s. Recognisers are trained on at most 30 s.
pub const LONGEST: usize = 24 * SPEECH_RATE as usize;
/// From here on a pause ends a segment, so that passes stay short: 10 s.
const COMFORTABLE: usize = 10 * SPEECH_RATE as usize;
/// A segment ends at least so long before the newest sound, which may be in the middle of a word: 1.5 s.
const MARGIN: usize = 3 * SPEECH_RATE as usize / 2;
/// So much new sound is worth a pass: 250 ms.
const WORTH_A_PASS: u64 = SPEECH_RATE as u64 / 4;
/// Frames of quiet after speech that are worth a pass at once: 50 ms, shorter than any detector waits before it says
/// `Settle`, which is then answered from that pass. So much quiet behind the last loud frame also holds the end of a word
/// that fades.
const QUIET: usize = 5;
/// New sound that is worth a pass at such a place: 100 ms.
const WORTH_A_PASS_AT_PAUSE: u64 = SPEECH_RATE as u64 / 10;
/// Loud frames that may be speech; a click has one.
const SPOKEN: usize = 2;
/// At most one part in so many of the time is spent on passes that nobody waits for.
const SHARE: u32 = 2;

/// A pass to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Samples of [`Utterance::sound`] it is over, from the beginning.
    pub samples: usize,
    /// Samples from the beginning of the utterance to its end.
    pub through: u64,
    kind: OrderKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderKind {
    /// Over all there is.
    All,
    /// Ends a segment, while there is time for it.
    CloseAtLeisure,
    /// Ends a segment, because more does not go into a pass.
    Close,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Run this pass.
    Run(Order),
    /// Wait for more sound.
    Wait,
    /// All is said: see [`Utterance::transcript`].
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Open,
    Ended,
}

/// One utterance while it is spoken.
#[derive(Debug)]
pub struct Utterance {
    request: ListenRequest,
    input: Input,
    /// Sound of the segment that is open.
    sound: Vec<f32>,
    loudness: Loudness,
    /// Samples of the segments that are closed.
    base: u64,
    /// Times in samples from the beginning of the utterance, here and in `tail`.
    committed: Vec<PassWord>,
    /// Committed words that are in closed segments.
    closed: usize,
    /// The words after them, as the last pass has them.
    tail: Vec<PassWord>,
    /// What the text is of.
    through: u64,
    /// Those not answered yet, and the sound that came before them.
    settles: VecDeque<(u32, u64)>,
    found: Option<Language>,
    last_pass: Duration,
    computed: Duration,
    /// The sound there was when the last search for a pause found none.
    no_pause_in: usize,
}

impl Utterance {
    /// Nothing heard yet.
    pub fn new(request: ListenRequest) -> Self {
        Self {
            request,
            input: Input::Open,
            sound: Vec::new(),
            loudness: Loudness::default(),
            base: 0,
            committed: Vec::new(),
            closed: 0,
            tail: Vec::new(),
            through: 0,
            settles: VecDeque::new(),
            found: None,
            last_pass: Duration::ZERO,
            computed: Duration::ZERO,
            no_pause_in: 0,
        }
    }

    /// More sound, mono at [`SPEECH_RATE`].
    pub fn hear(&mut self, sound: &[f32]) {
        self.sound.extend_from_slice(sound);
        self.loudness.follow(&self.sound);
    }

    /// The speaker paused.
    pub fn settle(&mut self, number: u32) {
        self.settles.push_back((number, self.total()));
    }

    /// No more sound comes.
    pub fn end(&mut self) {
        self.input = Input::Ended;
    }

    /// The sound that [`Order::samples`] counts in.
    pub fn sound(&self) -> &[f32] {
        &self.sound
    }

    /// What to do when no pass runs.
    pub fn next_step(&mut self) -> Next {
        let fresh = self.total() - self.through;
        if self.sound.len() > LONGEST {
            return self.close(OrderKind::Close, LONGEST);
        }
        if self.is_awaited(self.through) {
            return self.all();
        }
        if self.input == Input::Ended {
            return Next::Done;
        }
        if fresh < self.worth_a_pass() && !self.is_pause_after(fresh) {
            return Next::Wait;
        }
        if self.sound.len() > COMFORTABLE + self.no_pause_in / 2 {
            return self.close(OrderKind::CloseAtLeisure, self.sound.len());
        }
        self.all()
    }

    /// Whether a pass that runs has become too little: somebody waits for a text of more.
    pub fn is_lesser(&self, running: &Order) -> bool {
        running.kind != OrderKind::Close && self.is_awaited(running.through)
    }

    /// Takes what a pass told, and how long it took.
    pub fn take(&mut self, order: &Order, text: PassText, took: Duration) -> Hypothesis {
        self.last_pass = took;
        self.computed += took;
        if text.language.is_some() {
            self.found = text.language;
        }
        let words = text.words.into_iter().map(|word| self.placed(word)).collect();
        match order.kind {
            OrderKind::All => self.agree(words),
            OrderKind::Close | OrderKind::CloseAtLeisure => self.close_with(words, order.samples),
        }
        self.through = self.through.max(order.through);
        self.hypothesis(None)
    }

    /// Time spent on a pass that was broken off.
    pub fn broken_off(&mut self, took: Duration) {
        self.computed += took;
    }

    /// The answer to the next `Settle` that can be answered now, and no more afterwards.
    pub fn answer(&mut self) -> Option<Hypothesis> {
        let (_, before) = *self.settles.front()?;
        if self.is_spoken(self.through, before) {
            return None;
        }
        let (number, _) = self.settles.pop_front()?;
        self.through = self.through.max(before);
        Some(self.hypothesis(Some(number)))
    }

    /// All that was said; for [`Next::Done`].
    pub fn transcript(self) -> Transcript {
        let sound_ms = self.total() as f64 * 1e3 / f64::from(SPEECH_RATE);
        let words: Vec<PassWord> = self.committed.into_iter().chain(self.tail).collect();
        let times = || words.iter().map(word_time).collect::<Option<Vec<_>>>().map(in_order);
        Transcript {
            text: joined(&words),
            language: language(&self.request, self.found),
            words: if self.request.word_times { times().unwrap_or_default() } else { Vec::new() },
            compute_ms: self.computed.as_secs_f64() * 1e3,
            sound_ms,
        }
    }

    fn total(&self) -> u64 {
        self.base + self.sound.len() as u64
    }

    /// Whether somebody waits for a text of more than `through`.
    fn is_awaited(&self, through: u64) -> bool {
        self.settles.iter().any(|(_, before)| self.is_spoken(through, *before))
            || (self.input == Input::Ended && self.is_spoken(through, self.total()))
    }

    /// Whether a pass over all `before` may tell more than one `through` so far: not if there is only quiet between
    /// them, and some of it was in the pass already.
    fn is_spoken(&self, through: u64, before: u64) -> bool {
        let frame = |at: u64| usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX) / FRAME;
        let heard = frame(through).saturating_sub(QUIET);
        before > through
            && (!self.loudness.can_tell() || self.loudness.voiced(heard..frame(before)) >= SPOKEN)
    }

    /// Whether the speaker has just fallen quiet, with so many samples since the last pass.
    fn is_pause_after(&self, fresh: u64) -> bool {
        let frames = self.loudness.frames();
        let quiet = frames - self.loudness.span(frames).end;
        fresh >= WORTH_A_PASS_AT_PAUSE.max(self.spent(1))
            && quiet >= QUIET
            && self.loudness.can_tell()
            && self.is_spoken(self.through, self.total())
    }

    fn worth_a_pass(&self) -> u64 {
        WORTH_A_PASS.max(self.spent(SHARE))
    }

    /// Samples that pass in `share` times what the last pass took.
    fn spent(&self, share: u32) -> u64 {
        let spent = self.last_pass.as_millis() * u128::from(share * (SPEECH_RATE / 1000));
        u64::try_from(spent).unwrap_or(u64::MAX)
    }

    fn all(&self) -> Next {
        Next::Run(Order { samples: self.sound.len(), through: self.total(), kind: OrderKind::All })
    }

    /// Ends the segment within its first `room` samples.
    fn close(&mut self, kind: OrderKind, room: usize) -> Next {
        let Pause { at, kind: pause } = quietest(&self.sound[..room], COMFORTABLE / 2..room - MARGIN);
        if kind == OrderKind::CloseAtLeisure && pause == PauseKind::Quietest {
            // Another look when there is a good part more.
            self.no_pause_in = self.sound.len();
            return self.all();
        }
        Next::Run(Order { samples: at, through: self.base + at as u64, kind })
    }

    fn placed(&self, mut word: PassWord) -> PassWord {
        word.samples = word.samples.map(|at| at.start + self.base..at.end + self.base);
        word
    }

    /// Commits what this pass and the one before say alike.
    fn agree(&mut self, mut words: Vec<PassWord>) {
        let known = overlap(&self.committed[self.closed..], &words).second;
        words.drain(..known);
        // The newest word may be half of one, and what follows decides its punctuation.
        let sure = agreed(&self.tail, &words).min(words.len().saturating_sub(1));
        self.tail = words.split_off(sure);
        self.committed.extend(words);
    }

    /// Commits all of a segment that ends after `samples` and goes on after it.
    fn close_with(&mut self, mut words: Vec<PassWord>, samples: usize) {
        let at = overlap(&self.committed[self.closed..], &words);
        let open = &self.committed[self.closed..];
        if at.first < open.len() {
            self.closed += at.first;
        } else {
            words.drain(..at.second);
            let told = overlap(&words, &self.tail).second;
            self.tail.drain(..told);
            self.committed.extend(words);
            self.closed = self.committed.len();
        }
        self.sound.drain(..samples);
        self.loudness = Loudness::of(&self.sound);
        self.base += samples as u64;
        self.no_pause_in = 0;
    }

    fn hypothesis(&self, settles: Option<u32>) -> Hypothesis {
        Hypothesis {
            committed: joined(&self.committed),
            tentative: joined(&self.tail),
            through: self.through,
            settles,
            language: language(&self.request, self.found.clone()),
        }
    }
}

/// The language asked for or else found.
fn language(request: &ListenRequest, found: Option<Language>) -> Option<Language> {
    match request.task {
        SpeechTask::Transcribe => request.language.clone().or(found),
        SpeechTask::TranslateToEnglish => found.or_else(|| request.language.clone()),
    }
}

/// Words of different passes may be timed a little differently; none begins before the one in front of it.
fn in_order(mut words: Vec<WordTime>) -> Vec<WordTime> {
    let mut least = 0;
    for word in &mut words {
        least = least.max(word.samples.start);
        word.samples = least..word.samples.end.max(least);
    }
    words
}

fn word_time(word: &PassWord) -> Option<WordTime> {
    Some(WordTime {
        word: word.text.trim().to_owned(),
        samples: word.samples.clone()?,
        probability: word.probability,
    })
}
