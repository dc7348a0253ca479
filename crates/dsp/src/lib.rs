//! Sound, understood: resampling, echo cancellation, voice activity, the end of a turn, levels. No device, no clock and
//! no thread of its own: it runs the same on a file.
//!
//! [`Frontend`] is the whole listening chain for one thread: what a sound card hands over goes in, blocks of 10 ms of
//! cleaned sound and the events of the voice in it come out, each with its place on the conversation's clock.
//! [`EndOfTurn`] is asked apart from it, on another thread, because a judgement takes some tens of milliseconds.

mod align;
pub mod bench;
mod doze;
mod echo;
mod end_of_turn;
mod frontend;
mod level;
mod mel;
mod model;
mod recent;
mod resample;
mod segment;
mod vad;

pub use echo::{Canceller, EchoCanceller, NoiseSuppression, Sonora, open_canceller};
pub use end_of_turn::{EndOfTurn, JudgeInput};
pub use frontend::{Block, Convergence, Frontend, FrontendConfig, Levels, Origin, Out};
pub use level::Meter;
pub use mel::LogMel;
pub use model::ModelError;
pub use resample::{RateError, Resampler};
pub use segment::{Far, Frame, Segmenter, SegmenterConfig, Threshold, Utterance, VoiceEvent};
pub use vad::{Detector, Earshot, Silero, VAD_FRAME, VoiceActivity};
