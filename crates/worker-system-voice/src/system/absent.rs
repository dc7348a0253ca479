//! Where the system has no voices of its own.

use std::convert::Infallible;

use crate::synthesiser::{Hear, Listed, Say, Synthesiser, Trouble};

/// Name for people.
pub const NAME: &str = "No voices";
/// Where voices are added.
pub const SETTINGS: &str = "there is no such place";
/// Why there are none.
pub const ABSENT: Option<&str> = Some(WHY);

const WHY: &str =
    "This system has no voices of its own that Hark can use, as Windows and macOS have; install eSpeak NG.";

/// Nothing.
pub struct Absent(Infallible);

/// Says that there are none.
///
/// # Errors
/// Always [`Trouble::NoSuchSystem`].
pub fn start() -> Result<Absent, Trouble> {
    Err(Trouble::NoSuchSystem(WHY))
}

impl Synthesiser for Absent {
    fn voices(&mut self) -> Result<Vec<Listed>, Trouble> {
        match self.0 {}
    }

    fn speak(&mut self, _: &Say<'_>, _: &mut Hear<'_>) -> Result<(), Trouble> {
        match self.0 {}
    }
}
