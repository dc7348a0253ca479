//! The clipboard and, on X11 and Wayland, the text that is selected.

#[cfg(target_os = "linux")]
use arboard::{GetExtLinux, LinuxClipboardKind};

use crate::desktop::Clipping;
use crate::{Picture, SightError};

/// The text that is selected now (PRIMARY).
#[cfg(target_os = "linux")]
pub(crate) fn selected() -> Result<String, SightError> {
    let text = open()?.get().clipboard(LinuxClipboardKind::Primary).text();
    match text {
        Ok(text) if !text.is_empty() => Ok(text),
        Ok(_) | Err(arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure) => {
            Err(SightError::NothingSelected)
        }
        Err(error) => Err(broken(&error)),
    }
}

/// What is on the clipboard: text, or else a picture.
pub(crate) fn read() -> Result<Clipping, SightError> {
    let mut clipboard = open()?;
    let no_text = match clipboard.get_text() {
        Ok(text) if !text.is_empty() => return Ok(Clipping::Text(text)),
        Ok(_) | Err(arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure) => {
            SightError::ClipboardEmpty
        }
        // Some programs that have a picture answer with it when they are asked for text: whatever is wrong with the
        // text, there may be one.
        Err(error) => broken(&error),
    };
    let image = match clipboard.get_image() {
        Ok(image) => image,
        Err(arboard::Error::ContentNotAvailable) => return Err(no_text),
        Err(error) => return Err(broken(&error)),
    };
    let side =
        |pixels: usize| u32::try_from(pixels).map_err(|error| SightError::Clipboard(error.to_string()));
    Ok(Clipping::Picture(Picture::new(side(image.width)?, side(image.height)?, image.bytes.into_owned())?))
}

fn open() -> Result<arboard::Clipboard, SightError> {
    arboard::Clipboard::new().map_err(|error| broken(&error))
}

fn broken(error: &arboard::Error) -> SightError {
    // Sentences of the library's end with a full stop of their own.
    SightError::Clipboard(error.to_string().trim_end_matches('.').to_owned())
}

#[cfg(not(target_os = "linux"))]
mod native {
    //! The real clipboard, for [`crate::copying`].

    use std::borrow::Cow;
    use std::time::Duration;

    use enigo::{Direction, Enigo, Key, Keyboard, NewConError, Settings};

    use super::{broken, open, read};
    use crate::copying::Copying;
    use crate::desktop::Clipping;
    use crate::{Permission, SightError};

    /// The system's clipboard and keyboard.
    pub(crate) struct Native;

    impl Copying for Native {
        fn read(&mut self) -> Option<Clipping> {
            read().ok()
        }

        fn write(&mut self, clipping: Option<&Clipping>) -> Result<(), SightError> {
            let mut clipboard = open()?;
            let written = match clipping {
                None => clipboard.clear(),
                Some(Clipping::Text(text)) => clipboard.set_text(text.as_str()),
                Some(Clipping::Picture(picture)) => clipboard.set_image(arboard::ImageData {
                    width: picture.width() as usize,
                    height: picture.height() as usize,
                    bytes: Cow::Borrowed(picture.pixels()),
                }),
            };
            written.map_err(|error| broken(&error))
        }

        fn press_copy(&mut self) -> Result<(), SightError> {
            let refused = SightError::Refused(Permission::Keys);
            let mut keys = match Enigo::new(&Settings::default()) {
                Ok(keys) => keys,
                Err(NewConError::NoPermission) => return Err(refused),
                Err(error) => return Err(SightError::Clipboard(error.to_string())),
            };
            let hold = if cfg!(target_os = "macos") { Key::Meta } else { Key::Control };
            let pressed =
                keys.key(hold, Direction::Press).and_then(|()| keys.key(Key::Unicode('c'), Direction::Click));
            // Let go of it whatever happened, or the keyboard stays strange.
            let let_go = keys.key(hold, Direction::Release);
            pressed.and(let_go).map_err(|_| refused)
        }

        fn pause(&mut self, time: Duration) {
            std::thread::sleep(time);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use native::Native;
