//! What engines send to the conversation's thread.

use dialogue::spoken::SpokenUnit;
use engine::{EngineError, Generated, Hypothesis, SpeechChunk, Transcript};
use media::{Probability, SamplePos};
use tokio::sync::mpsc;
use turn::{Gen, Utt};

/// Messages that may wait for the thread; a full queue makes the engine wait. The thread looks every 10 ms.
pub(super) const QUEUE: usize = 1024;

/// The way to the conversation's thread.
pub(super) type Out = mpsc::Sender<Happened>;

pub(super) enum Happened {
    /// Engines are ready, or as ready as they get.
    Ready(Vec<super::VoiceProblem>),
    /// The model weighs the words of what it is asked.
    Weighs,
    /// More words.
    Words { job: Job, hypothesis: Hypothesis },
    /// A recogniser's job has ended.
    Listened { job: Job, result: Result<Transcript, EngineError> },
    /// A pause was judged.
    Judged { utt: Utt, pause: SamplePos, probability: Probability },
    /// A reply got on.
    Made { of: Track, what: Made },
}

/// One listening job of one utterance; a second one replaces a first whose engine died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) utt: Utt,
    pub(super) attempt: u8,
}

/// What can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Track {
    /// A reply.
    Reply(Gen),
    /// Something read aloud, or a tone: part of no turn. Counted, because one may take the place of another.
    Aside(u64),
}

/// How a reply gets on, in order of their making: text, units and sound interleave; `Over` is last.
pub(super) enum Made {
    /// How likely a sentence ends with the words it answers.
    Weighed(Probability),
    /// More text.
    Said(String),
    /// A unit that will be spoken, or is only seen.
    Unit(SpokenUnit),
    /// Sound of a unit.
    Sound { unit: usize, chunk: SpeechChunk, rate: u32 },
    /// All sound of a unit is there.
    UnitEnded(usize),
    /// The model has said all it says.
    Generated(Result<Generated, EngineError>),
    /// The voice failed; the rest of the reply is only seen.
    VoiceFailed(EngineError),
    /// Nothing more comes.
    Over,
}
