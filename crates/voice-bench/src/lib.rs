//! The real program, spoken to and listened to on the virtual sound card: for benchmarks and for tests of whole
//! conversations.
//!
//! ```text
//! recordings --> [Voices] --speak--> virtual card <--sound--> hark talk --json (its own home, its own process group)
//!                                        |                          |
//!                        [sound] <-- Recording            [Program] events, stamped with the room's clock
//! ```
//!
//! What always holds: figures of sound are taken from the recording, whose tracks have one clock; the program's own
//! events only tell when to go on and what is in its history. A [`Stage`] that is dropped leaves no process and no file
//! behind; every wait ends early after [`interrupt`].

#![cfg(unix)]

pub mod align;
mod by_ear;
mod home;
pub mod parts;
mod program;
mod script;
pub mod sound;
mod stage;
pub mod tree;
pub mod voices;

pub use by_ear::{ByEar, Peer, Side};
pub use home::{Home, Models};
pub use program::{Line, Program};
pub use script::{LONG_REPLY, Script};
pub use stage::{ANSWERS, Cast, Message, Reply, Stage};
pub use testkit::{WordErrors, wer};

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ends every wait of this process with an error, so that what was started is put away (Ctrl-C).
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Release);
}

/// An error after [`interrupt`].
///
/// # Errors
/// When interrupted.
pub fn go_on() -> anyhow::Result<()> {
    anyhow::ensure!(!INTERRUPTED.load(Ordering::Acquire), "interrupted");
    Ok(())
}

/// Lets so much time of the room pass. Scenes take the time that they take; nothing is synchronised with this.
///
/// # Errors
/// When interrupted.
pub fn pass(time: Duration) -> anyhow::Result<()> {
    const STEP: Duration = Duration::from_millis(50);
    let mut left = time;
    while !left.is_zero() {
        go_on()?;
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
    go_on()
}
