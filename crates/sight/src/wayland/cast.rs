//! A cast through the desktop's portal: the user chooses in the desktop's own dialog what is shared, and can end it there
//! at any time. It is closed when this is dropped.

use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ashpd::desktop::screencast::{
    OpenPipeWireRemoteOptions, Screencast, SelectSourcesOptions, SourceType, StartCastOptions, Streams,
};

use ashpd::desktop::{CreateSessionOptions, PersistMode, Session};
use ashpd::zbus;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;

use super::frames::Feed;
use super::{block_on, refusal, stream};
use crate::desktop::{Own, Target};
use crate::share::Watch;
use crate::{Picture, Rect, SightError};

const NO_CAST: SightError = SightError::NotHere(
    "This desktop has no portal that shares the screen. Install xdg-desktop-portal and the part of it that belongs to \
     your desktop, as in xdg-desktop-portal-gnome.",
);

const NO_WINDOWS: SightError =
    SightError::NotHere("This desktop does not share single windows. Share a screen in place of it.");

const NO_SCREENS: SightError =
    SightError::NotHere("This desktop does not share whole screens. Share a window in place of one.");

/// So long after its end may a session's last answer come.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// With it the desktop gives the screen again that was chosen for a single picture, without a dialog, as long as this
/// program runs. Good for one time; never written down.
static CHOSEN: Mutex<Option<String>> = Mutex::new(None);

/// Whether the user is asked what to share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whenever something is shared: the dialog is where one chooses.
    Always,
    /// Once, for single pictures.
    Once,
}

/// Something is cast.
pub(super) struct Cast {
    feed: Arc<Feed>,
    target: Target,
    place: Place,
    quit: pipewire::channel::Sender<()>,
    /// Dropped, it closes the portal's session.
    session: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Where a monitor lies on the desktop, and how large it is there, if the portal says so.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    position: Option<(i32, i32)>,
    size: Option<(i32, i32)>,
}

/// What the portal has given.
struct Given {
    remote: OwnedFd,
    node: u32,
    place: Place,
}

impl Cast {
    /// Waits for the user's choice.
    pub(super) fn open(target: Target, ask: Ask) -> Result<Self, SightError> {
        if let Target::Region(region) = target
            && region.is_empty()
        {
            return Err(SightError::EmptyRegion);
        }
        let kind = match target {
            Target::Window(_) => SourceType::Window,
            Target::Everything | Target::Monitor(_) | Target::Region(_) => SourceType::Monitor,
        };
        let feed = Arc::<Feed>::default();
        let (session, dropped) = oneshot::channel();
        let (give, given) = channel();
        let told = feed.clone();
        let holding = spawn("hark-portal", move || {
            let held = block_on(hold(kind, ask, &give, dropped, &told));
            if let Err(error) = held.flatten() {
                // Nobody waits for it any more where a stream was given: then it is the end of that.
                let _ = give.send(Err(error.clone()));
                told.end(error);
            }
        })?;
        let gone = |_| SightError::Picture("the desktop's portal gave no answer".into());
        let given: Given = given.recv().map_err(gone)??;
        let (quit, quitting) = pipewire::channel::channel();
        let read = feed.clone();
        let reading =
            spawn("hark-pipewire", move || stream::read(given.remote, given.node, &read, quitting))?;
        let threads = vec![holding, reading];
        Ok(Self { feed, target, place: given.place, quit, session: Some(session), threads })
    }

    /// The newest picture, cut to what is looked at.
    pub(super) fn picture(&self) -> Result<Picture, SightError> {
        let picture = self.feed.picture()?;
        match self.target {
            Target::Region(region) => picture.part(self.place.on_it(region, picture.width())),
            _ => Ok(picture),
        }
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        // A loop that has ended by itself takes no message.
        let _ = self.quit.send(());
        self.session = None;
        for thread in self.threads.drain(..) {
            // One that panicked reads nothing any more either.
            let _ = thread.join();
        }
    }
}

impl Place {
    /// A region of the desktop on this monitor, in its own pixels. Regions are counted in pixels as large as this
    /// monitor's.
    fn on_it(self, region: Rect, width: u32) -> Rect {
        let (x, y) = self.position.unwrap_or_default();
        let scaled = |length: i32| {
            let points = self.size.map_or(0, |(points, _)| i64::from(points));
            let pixels =
                if points > 0 { i64::from(length) * i64::from(width) / points } else { length.into() };
            i32::try_from(pixels).unwrap_or(length)
        };
        Rect { x: region.x.saturating_sub(scaled(x)), y: region.y.saturating_sub(scaled(y)), ..region }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, SightError> {
    let thread = std::thread::Builder::new().name(name.into()).spawn(run);
    thread.map_err(|error| SightError::Picture(error.to_string()))
}

/// Opens a session, gives its stream away and holds it until nobody wants it any more or the desktop closes it.
async fn hold(
    kind: SourceType,
    ask: Ask,
    give: &Sender<Result<Given, SightError>>,
    dropped: oneshot::Receiver<()>,
    feed: &Feed,
) -> Result<(), SightError> {
    // A connection of its own: one that ashpd keeps would die with the runtime that it was made in.
    let bus = zbus::Connection::session().await.map_err(|error| no_cast(error.into()))?;
    let portal = Screencast::with_connection(bus).await.map_err(no_cast)?;
    let kinds = portal.available_source_types().await.map_err(no_cast)?;
    if !kinds.contains(kind) {
        return Err(if kind == SourceType::Window { NO_WINDOWS } else { NO_SCREENS });
    }
    let session = portal.create_session(CreateSessionOptions::default()).await.map_err(no_cast)?;
    let closed = session.receive_closed().await.map_err(no_cast)?;
    let mut closed = std::pin::pin!(closed);
    let mut choosing = std::pin::pin!(choose(&portal, &session, kind, ask));
    let given = tokio::select! {
        given = &mut choosing => given,
        // A portal that gives nothing closes the session too, and may say why a moment later.
        _ = closed.next() => timeout(ANSWER_WITHIN, choosing).await.unwrap_or(Err(SightError::Stopped)),
    };
    let given = match given {
        Ok(given) => given,
        Err(error) => {
            // It may be closed already.
            let _ = session.close().await;
            return Err(error);
        }
    };
    let taken = give.send(Ok(given)).is_ok();
    tokio::select! {
        _ = dropped, if taken => {}
        _ = closed.next() => feed.end(SightError::Stopped),
        else => {}
    }
    let _ = session.close().await;
    Ok(())
}

async fn choose(
    portal: &Screencast,
    session: &Session<Screencast>,
    kind: SourceType,
    ask: Ask,
) -> Result<Given, SightError> {
    let mut wanted = SelectSourcesOptions::default().set_multiple(false).set_sources(Some(kind.into()));
    if ask == Ask::Once {
        let token = chosen().take();
        wanted = wanted.set_persist_mode(PersistMode::Application).set_restore_token(token.as_deref());
    }
    portal.select_sources(session, wanted).await.and_then(|asked| asked.response()).map_err(no_cast)?;
    let started =
        portal.start(session, None, StartCastOptions::default()).await.and_then(|asked| asked.response());
    let started: Streams = started.map_err(no_cast)?;
    if ask == Ask::Once {
        *chosen() = started.restore_token().map(ToOwned::to_owned);
    }
    let nothing = || SightError::Picture("nothing was chosen to be shared".into());
    let stream = started.streams().first().ok_or_else(nothing)?;
    let place = Place { position: stream.position(), size: stream.size() };
    let node = stream.pipe_wire_node_id();
    let remote =
        portal.open_pipe_wire_remote(session, OpenPipeWireRemoteOptions::default()).await.map_err(no_cast)?;
    Ok(Given { remote, node, place })
}

fn chosen() -> std::sync::MutexGuard<'static, Option<String>> {
    CHOSEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_cast(error: ashpd::Error) -> SightError {
    refusal(error, NO_CAST)
}

/// What is shared, watched: the compositor sends a picture when something was drawn.
impl Watch for Cast {
    /// Our own windows are in it: nobody says where they are.
    fn grab(&mut self, _: &Own) -> Result<Picture, SightError> {
        self.picture()
    }

    fn wait(&mut self, until: Instant) -> Result<bool, SightError> {
        self.feed.wait(until)
    }

    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError> {
        let feed = self.feed.clone();
        Ok(Box::new(move || feed.wake()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_counted_from_the_corner_of_the_monitor_that_was_chosen() {
        let region = Rect::new(700, 30, 50, 60);
        let place = Place { position: Some((640, 10)), size: Some((400, 300)) };
        assert_eq!(place.on_it(region, 400), Rect::new(60, 20, 50, 60));
        // Twice as many pixels as points.
        assert_eq!(place.on_it(Rect::new(1300, 30, 50, 60), 800), Rect::new(20, 10, 50, 60));
        assert_eq!(Place::default().on_it(region, 400), region);
    }
}
