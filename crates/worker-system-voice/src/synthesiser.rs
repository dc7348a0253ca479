//! What is wanted of a system: its voices, and a text spoken by one of them.

use std::ops::{ControlFlow, Range};

/// A system's speech.
pub trait Synthesiser {
    /// The voices that are installed.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn voices(&mut self) -> Result<Vec<Listed>, Trouble>;

    /// Speaks, and returns when all was heard or `hear` breaks. What is heard comes in order, but words and sound may
    /// come in any order to each other. While nothing comes, [`Heard::Nothing`] is told, some 50 times a second.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn speak(&mut self, say: &Say<'_>, hear: &mut Hear<'_>) -> Result<(), Trouble>;
}

/// Hears a synthesiser; a break ends the speech.
pub type Hear<'a> = dyn FnMut(Heard<'_>) -> ControlFlow<()> + 'a;

/// What is to be spoken.
#[derive(Debug, Clone, Copy)]
pub struct Say<'a> {
    /// As [`crate::text::plain`] makes it.
    pub text: &'a str,
    /// The voice's [`Listed::key`].
    pub voice: &'a str,
    /// How fast, relative to the voice's own pace.
    pub rate: f32,
}

/// What comes of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard<'a> {
    /// Nothing yet.
    Nothing,
    /// A word begins.
    Word {
        /// UTF-16 code units of the text.
        text: Range<usize>,
        /// Where in the sound.
        at: Place,
    },
    /// More sound: mono, in -1..=1.
    Sound {
        /// Of the system's own sound; the same for all of a text.
        format: Format,
        /// The samples.
        samples: &'a [f32],
    },
}

/// A place in the sound of a text, as systems tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Windows: 100 ns each (`TimeSpan`).
    Ticks(i64),
    /// macOS: bytes of the system's own sound (`byteSampleOffset`).
    Bytes(u64),
}

/// How a system's sound is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Samples a second.
    pub rate: u32,
    /// Bytes of one sample in [`Place::Bytes`].
    pub sample_bytes: u32,
}

impl Place {
    /// As samples of this format, counted from the beginning.
    pub fn sample(self, format: Format) -> u64 {
        match self {
            Self::Ticks(ticks) => {
                let ticks = u128::from(u64::try_from(ticks).unwrap_or(0));
                u64::try_from(ticks * u128::from(format.rate) / 10_000_000).unwrap_or(u64::MAX)
            }
            Self::Bytes(bytes) => bytes / u64::from(format.sample_bytes.max(1)),
        }
    }
}

/// An installed voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the system knows it by.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Its language as BCP 47 has it: `en-US`.
    pub language: String,
    /// What the system thinks of it.
    pub standing: Standing,
    /// More is better; only to be compared.
    pub quality: u8,
}

/// What the system thinks of a voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// For fun: bells, whispers, robots.
    Novelty,
    /// One of many.
    Usual,
    /// What it takes for this language and region.
    Favoured,
    /// What its user has chosen.
    Default,
}

/// Why there is no speech.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Neither Windows nor macOS.
    #[error("{0}")]
    NoSuchSystem(&'static str),
    /// None is installed.
    #[error("No voice is installed. Add one in the system's settings ({0}), and try again.")]
    NoVoices(&'static str),
    /// It was there when the voices were listed.
    #[error("The system does not find this voice any more. Choose another voice.")]
    VoiceGone,
    /// A call failed.
    #[error("The system's speech failed ({call}: {code:#010x}). Try again, or choose another voice.")]
    Failed {
        /// What was called.
        call: &'static str,
        /// The system's own number of the error.
        code: i32,
    },
    /// It came in a form that is not known.
    #[error("The system's voice speaks in a format that Hark does not know. Choose another voice.")]
    UnknownSound,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: Place, rate: u32, sample_bytes: u32, expect: u64) {
        assert_eq!(place.sample(Format { rate, sample_bytes }), expect, "{place:?}");
    }

    #[test]
    fn places_become_samples() {
        check(Place::Ticks(0), 16_000, 2, 0);
        check(Place::Ticks(10_000_000), 22_050, 2, 22_050);
        check(Place::Ticks(1_234_567), 16_000, 2, 1_975);
        check(Place::Ticks(-5), 16_000, 2, 0);
        check(Place::Bytes(8_820), 22_050, 4, 2_205);
        check(Place::Bytes(8_820), 22_050, 2, 4_410);
        check(Place::Bytes(7), 22_050, 0, 7);
        check(Place::Ticks(i64::MAX), u32::MAX, 2, u64::MAX);
    }

    #[test]
    fn an_error_names_its_number() {
        let trouble = Trouble::Failed { call: "SetVoice", code: -2_147_023_728 };
        assert!(trouble.to_string().contains("SetVoice: 0x80070490"), "{trouble}");
    }
}
