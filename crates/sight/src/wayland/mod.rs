//! The desktop of a Wayland session. A program may not look there by itself: the desktop's portal asks the user and hands
//! over a picture of everything, or a cast of what the user chooses. Windows and monitors cannot be listed, and nobody
//! says where the pointer is.

mod cast;
mod frames;
mod stream;

use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

use ashpd::desktop::ResponseError;
use ashpd::desktop::screenshot::Screenshot;
use ashpd::zbus;

use self::cast::{Ask, Cast};
use crate::desktop::{Clipping, Desktop, Monitor, Own, Selected, Target, Window};
use crate::share::Watch;
use crate::{Permission, Picture, Point, Rect, SightError, clipboard};

/// Asks the portal anew at each call, and holds nothing.
pub(crate) struct Wayland;

const NO_PICTURES: SightError = SightError::NotHere(
    "This desktop has no portal that takes pictures of the screen. Install xdg-desktop-portal and the part of it that \
     belongs to your desktop, as in xdg-desktop-portal-gnome.",
);

const NO_LIST: SightError = SightError::NotHere(
    "Under Wayland a program cannot list windows and monitors. Take a picture of everything, or of a region of it.",
);

/// Our windows are gone from the screen after so long: nobody says when. Some frames, and the fading out of windows
/// that desktops are fond of.
const FADED: Duration = Duration::from_millis(300);

impl Desktop for Wayland {
    fn monitors(&mut self) -> Result<Vec<Monitor>, SightError> {
        Err(NO_LIST)
    }

    fn windows(&mut self) -> Result<Vec<Window>, SightError> {
        Err(NO_LIST)
    }

    fn pointer(&mut self) -> Result<Point, SightError> {
        Err(SightError::NotHere("Under Wayland a program cannot know where the pointer is."))
    }

    fn grab(&mut self, target: Target) -> Result<Picture, SightError> {
        let region = match target {
            Target::Everything => None,
            Target::Region(region) => Some(region),
            Target::Monitor(_) | Target::Window(_) => return Err(NO_LIST),
        };
        if region.is_some_and(Rect::is_empty) {
            return Err(SightError::EmptyRegion);
        }
        match everything() {
            // As on wlroots' desktops, whose portal takes pictures only with another one beside it that asks the user.
            Err(none) if none == NO_PICTURES => Cast::open(target, Ask::Once)?.picture(),
            whole => region.map_or(whole.clone(), |region| whole?.part(region)),
        }
    }

    fn in_the_way(&mut self, _: Target, own: &Own) -> Result<bool, SightError> {
        // Nobody says where our windows are.
        Ok(*own != Own::none())
    }

    fn wait_for_curtain(&mut self, _: &Own) -> Result<(), SightError> {
        std::thread::sleep(FADED);
        Ok(())
    }

    fn selection(&mut self) -> Result<Selected, SightError> {
        Ok(Selected { text: clipboard::selected()?, from: None, age: None })
    }

    fn clipboard(&mut self) -> Result<Clipping, SightError> {
        clipboard::read()
    }
}

/// A picture of all monitors, after the user was asked.
fn everything() -> Result<Picture, SightError> {
    let taken = block_on(async {
        // A connection of its own: one that ashpd keeps would die with the runtime that it was made in.
        let bus = zbus::Connection::session().await?;
        let asked = Screenshot::request().connection(Some(bus)).interactive(false).modal(true).send().await?;
        asked.response()
    })?;
    let uri = taken.map_err(|error| refusal(error, NO_PICTURES))?;
    let path = path_of(uri.uri().as_str())
        .ok_or_else(|| SightError::Picture("the desktop put the picture where it cannot be read".into()))?;
    let read = std::fs::read(&path).map_err(|error| SightError::Picture(error.to_string()));
    // Portals leave their pictures in the user's folder of pictures; nobody asked for one there.
    let _ = std::fs::remove_file(&path);
    Picture::decode(&read?)
}

/// The path in a `file` address.
fn path_of(uri: &str) -> Option<PathBuf> {
    let encoded = uri.strip_prefix("file://")?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
    path.is_absolute().then_some(path)
}

/// Runs what talks with the portal.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, SightError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| SightError::Unreachable(error.to_string()))?.block_on(work))
}

/// What became of a question. `none`: the portal has no such thing.
fn refusal(error: ashpd::Error, none: SightError) -> SightError {
    match error {
        ashpd::Error::Response(ResponseError::Cancelled)
        | ashpd::Error::Portal(ashpd::PortalError::NotAllowed(_) | ashpd::PortalError::Cancelled(_)) => {
            SightError::Refused(Permission::Screen)
        }
        ashpd::Error::PortalNotFound(_) => none,
        ashpd::Error::Response(ResponseError::Other) => {
            SightError::Picture("the desktop's portal gave none and did not say why".into())
        }
        other => SightError::Picture(other.to_string()),
    }
}

/// Watches what the user chooses to share in the desktop's own dialog, which this waits for.
pub(crate) fn watch(target: Target) -> Result<Box<dyn Watch>, SightError> {
    Ok(Box::new(Cast::open(target, Ask::Always)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_are_paths() {
        let path = |uri| path_of(uri).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(
            path("file:///tmp/a%20b/Bildschirmfoto%20%C3%A4.png").as_deref(),
            Some("/tmp/a b/Bildschirmfoto ä.png")
        );
        assert_eq!(path("file:///tmp/%2"), None);
        assert_eq!(path("https://example.org/x.png"), None);
        assert_eq!(path("file://relative"), None);
    }
}
