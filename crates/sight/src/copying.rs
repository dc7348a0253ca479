//! Selected text where the system has no word for it: the program is told to copy it, and the clipboard gets back what it
//! held. Text and pictures come back; what else a program put there (files, formatting) does not.

use std::time::Duration;

use crate::SightError;
use crate::desktop::Clipping;

/// A program has so many times [`STEP`] to copy: half a second.
const STEPS: usize = 25;
const STEP: Duration = Duration::from_millis(20);

/// A clipboard, and the key that copies to it.
pub(crate) trait Copying {
    fn read(&mut self) -> Option<Clipping>;
    /// `None` makes it empty.
    fn write(&mut self, clipping: Option<&Clipping>) -> Result<(), SightError>;
    fn press_copy(&mut self) -> Result<(), SightError>;
    fn pause(&mut self, time: Duration);
}

/// The text that the program with the keyboard has selected.
pub(crate) fn selected(clipboard: &mut dyn Copying) -> Result<String, SightError> {
    let before = clipboard.read();
    // Emptied, so that a text that was there already is not taken for the new one.
    clipboard.write(None)?;
    let copied = clipboard.press_copy().and_then(|()| copied(clipboard));
    clipboard.write(before.as_ref())?;
    copied
}

fn copied(clipboard: &mut dyn Copying) -> Result<String, SightError> {
    for _ in 0..STEPS {
        match clipboard.read() {
            Some(Clipping::Text(text)) if !text.is_empty() => return Ok(text),
            _ => clipboard.pause(STEP),
        }
    }
    Err(SightError::NothingSelected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permission, Picture};

    /// A clipboard, and a program that copies some time after it is told to.
    #[derive(Default)]
    struct Program {
        holds: Option<Clipping>,
        selected: Option<&'static str>,
        steps_until_copied: Option<usize>,
        refuses: bool,
    }

    impl Copying for Program {
        fn read(&mut self) -> Option<Clipping> {
            self.holds.clone()
        }
        fn write(&mut self, clipping: Option<&Clipping>) -> Result<(), SightError> {
            self.holds = clipping.cloned();
            Ok(())
        }
        fn press_copy(&mut self) -> Result<(), SightError> {
            self.steps_until_copied = Some(3);
            if self.refuses { Err(SightError::Refused(Permission::Keys)) } else { Ok(()) }
        }
        fn pause(&mut self, _: Duration) {
            self.steps_until_copied = self.steps_until_copied.and_then(|left| left.checked_sub(1));
            if let (Some(0), Some(text)) = (self.steps_until_copied, self.selected) {
                self.holds = Some(Clipping::Text(text.into()));
            }
        }
    }

    fn check(program: Program, expected: Result<&str, SightError>) {
        let mut program = program;
        let before = program.holds.clone();
        assert_eq!(selected(&mut program), expected.map(str::to_owned));
        assert_eq!(program.holds, before, "the clipboard holds what it held");
    }

    #[test]
    fn the_text_is_copied_and_the_clipboard_is_as_before() {
        let text = |text: &str| Some(Clipping::Text(text.into()));
        check(Program { selected: Some("höre"), ..Program::default() }, Ok("höre"));
        check(Program { selected: Some("x"), holds: text("old"), ..Program::default() }, Ok("x"));
        check(Program { selected: Some("old"), holds: text("old"), ..Program::default() }, Ok("old"));
        let picture = Picture::filled(1, 1, [1; 4]).map(Clipping::Picture).ok();
        check(Program { selected: Some("x"), holds: picture, ..Program::default() }, Ok("x"));
    }

    #[test]
    fn nothing_selected_is_not_what_was_on_the_clipboard() {
        let old = Some(Clipping::Text("old".into()));
        check(Program { holds: old.clone(), ..Program::default() }, Err(SightError::NothingSelected));
        let refused = Err(SightError::Refused(Permission::Keys));
        check(Program { holds: old, refuses: true, selected: Some("x"), ..Program::default() }, refused);
    }
}
