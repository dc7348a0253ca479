//! Makes a listener out of a recogniser that only knows whole pieces of sound: when to run it over what, which words
//! are sure, and what to answer when the speaker pauses.
//!
//! - [`Recogniser`]: what an engine (Whisper, Moonshine) implements: sound in, words out, one pass at a time.
//! - [`serve_job`]: serves one utterance of the `Stt` protocol with it.
//! - [`Utterance`]: the policy by itself, without threads or clocks.
//! - [`Loudness`]: where somebody speaks, as far as loudness tells.
//!
//! Always holds: committed words never change; every `Settle` is answered exactly once, by a text of all the speech
//! that came before it; the transcript begins with what was committed and is of all the sound. No pass is over more than
//! [`LONGEST`] samples.

mod agreement;
mod loudness;
mod pause;
mod serve;
mod utterance;
mod words;

use std::sync::atomic::AtomicBool;

use engine::{JobError, ListenRequest};

pub use loudness::{FRAME, Loudness};
pub use serve::serve_job;
pub use utterance::{LONGEST, Next, Order, Utterance};
pub use words::{PassText, PassWord};

/// An engine that makes text of a piece of sound.
pub trait Recogniser: Send {
    /// An utterance begins; what is remembered of the one before goes.
    ///
    /// # Errors
    /// The engine cannot do what is asked, such as the language.
    fn begin(&mut self, request: &ListenRequest) -> Result<(), JobError>;

    /// The words in `sound`: mono, 16 kHz, -1..=1, the utterance's beginning or what follows a pause in it. It may be
    /// shorter than the engine likes (pad it) and is at most [`LONGEST`] samples. Called on one thread, which is not the
    /// one that reads the wire.
    ///
    /// Looks at `abort` as often as it can. Once it is true nobody wants the result: return soon, with
    /// [`JobError::Cancelled`] or whatever there is.
    ///
    /// # Errors
    /// The engine failed; so does the utterance.
    fn pass(&mut self, sound: &[f32], abort: &AtomicBool) -> Result<PassText, JobError>;
}
