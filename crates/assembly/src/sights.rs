//! The screen and cameras, for a spoken conversation.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use api::{
    ApiError, ErrorCode, Sharable, SharableCamera, SharableScreen, SharableWindow, SharedThing, Sharing,
    SightNews, Sights, SystemPage,
};
use attachments::LONGEST_SIDE;
use engine::Image;
use sight::{
    CameraId, CameraSource, Desktop, Devices, Encoding, Frame, Images, MonitorId, Own, Permission, Picture,
    Share, ShareNews, SightError, Target, WindowId,
};

/// A folder of pictures that takes the place of all cameras: to try things without one.
const CAMERA_PICTURES: &str = "HARK_CAMERA_PICTURES";

/// Such a picture is shown for so long.
const EACH: Duration = Duration::from_secs(2);

/// How well the small picture is written (0 to 100).
const QUALITY: u8 = 80;

/// So many pictures are kept for the moment at which somebody began to speak: at least two seconds.
const KEPT: usize = 5;

/// Sees through the system.
pub(crate) struct SystemSights;

impl Sights for SystemSights {
    fn list(&self) -> Sharable {
        let mut sharable = Sharable { desktop_asks: sight::user_chooses(), ..Sharable::default() };
        match screens() {
            Ok((screens, windows)) => (sharable.screens, sharable.windows) = (screens, windows),
            Err(error) => sharable.screen_problem = Some(seen_error(&error)),
        }
        match cameras().and_then(|source| source.list()) {
            Ok(cameras) => {
                let camera =
                    |camera: sight::CameraInfo| SharableCamera { camera: camera.id.0, name: camera.name };
                sharable.cameras = cameras.into_iter().map(camera).collect();
            }
            Err(error) => sharable.camera_problem = Some(seen_error(&error)),
        }
        sharable
    }

    fn share(
        &self,
        what: &SharedThing,
        news: Box<dyn FnMut(SightNews) + Send>,
    ) -> Result<Arc<dyn Sharing>, ApiError> {
        Ok(Arc::new(Shared::open(what, news).map_err(|error| seen_error(&error))?))
    }
}

fn screens() -> Result<(Vec<SharableScreen>, Vec<SharableWindow>), SightError> {
    if sight::user_chooses() {
        let any = SharableScreen { screen: 0, name: String::new(), width: 0, height: 0 };
        return Ok((
            vec![any],
            vec![SharableWindow { window: 0, title: String::new(), program: String::new() }],
        ));
    }
    let mut desktop = sight::open()?;
    let screen = |monitor: sight::Monitor| SharableScreen {
        screen: monitor.id.0,
        name: monitor.name,
        width: monitor.rect.width,
        height: monitor.rect.height,
    };
    let screens = desktop.monitors()?.into_iter().map(screen).collect();
    let own = Own::default();
    let windows = desktop.windows()?.into_iter().filter(|it| !own.has(it.id, it.pid) && !it.minimised);
    let window = |it: sight::Window| SharableWindow { window: it.id.0, title: it.title, program: it.program };
    Ok((screens, windows.map(window).collect()))
}

fn cameras() -> Result<Box<dyn CameraSource>, SightError> {
    match std::env::var_os(CAMERA_PICTURES).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(Box::new(Images::folder(&PathBuf::from(folder), EACH)?)),
        None => Ok(Box::new(Devices)),
    }
}

/// Something that is shared.
struct Shared {
    name: String,
    /// Closed first: what is seen is told to the other.
    share: Share,
    seen: Arc<Seen>,
}

/// The pictures as engines take them, with when they were taken, oldest first. Made on the thread that takes them, so that
/// nobody waits for it.
#[derive(Default)]
struct Seen(Mutex<Vec<(Instant, Image)>>);

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, Image)>> {
        // Held for moments; no step leaves it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, frame: &Frame) -> Result<(), SightError> {
        let image = image(&frame.picture)?;
        let mut seen = self.lock();
        if seen.len() == KEPT {
            seen.remove(0);
        }
        seen.push((frame.taken, image));
        Ok(())
    }
}

impl Shared {
    fn open(what: &SharedThing, mut news: Box<dyn FnMut(SightNews) + Send>) -> Result<Self, SightError> {
        let seen = Arc::<Seen>::default();
        let theirs = seen.clone();
        let on_news = move |told_by_it: ShareNews| match told_by_it {
            ShareNews::Frame(frame) => match theirs.add(&frame) {
                Ok(()) => news(SightNews::Changed),
                // The one before stays.
                Err(error) => tracing::warn!(%error, "a picture of what is shared cannot be used"),
            },
            ShareNews::Ended(error) => news(SightNews::Ended(seen_error(&error))),
        };
        let (name, share) = match what {
            SharedThing::Screen { .. } if sight::user_chooses() => {
                (String::new(), Share::start(Target::Everything, Own::default(), on_news)?)
            }
            SharedThing::Window { window } if sight::user_chooses() => {
                (String::new(), Share::start(Target::Window(WindowId(*window)), Own::none(), on_news)?)
            }
            SharedThing::Screen { screen } => {
                let monitor = monitor(&mut *sight::open()?, *screen)?;
                (monitor.name, Share::start(Target::Monitor(monitor.id), Own::default(), on_news)?)
            }
            SharedThing::Window { window } => {
                let id = WindowId(*window);
                let windows = sight::open()?.windows()?;
                let found = windows.into_iter().find(|it| it.id == id).ok_or(SightError::WindowGone)?;
                (found.title, Share::start(Target::Window(id), Own::none(), on_news)?)
            }
            SharedThing::Camera { camera } => {
                let source = cameras()?;
                let wanted = camera.clone().map(CameraId);
                let opened = source.open(wanted.as_ref())?;
                let mut known = source.list()?.into_iter();
                let known = known.find(|it| wanted.as_ref().is_none_or(|id| *id == it.id));
                let name = known.map(|it| it.name).unwrap_or_default();
                (name, Share::of_camera(opened, on_news)?)
            }
        };
        seen.add_first(&share.newest())?;
        Ok(Self { name, share, seen })
    }
}

impl Seen {
    /// The first picture, which is not told; others may have come meanwhile.
    fn add_first(&self, frame: &Frame) -> Result<(), SightError> {
        if self.lock().is_empty() { self.add(frame) } else { Ok(()) }
    }
}

impl Sharing for Shared {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn at(&self, moment: Instant) -> Option<Image> {
        let seen = self.seen.lock();
        let found = seen.iter().rev().find(|(taken, _)| *taken <= moment).or(seen.first());
        found.map(|(_, image)| image.clone())
    }

    fn newest(&self) -> Option<Image> {
        self.seen.lock().last().map(|(_, image)| image.clone())
    }

    fn small(&self, longest: u32) -> Result<Vec<u8>, ApiError> {
        let small = Arc::unwrap_or_clone(self.share.newest().picture).at_most(longest);
        small.and_then(|small| small.encode(Encoding::Jpeg(QUALITY))).map_err(|error| seen_error(&error))
    }
}

fn monitor(desktop: &mut dyn Desktop, wanted: Option<u32>) -> Result<sight::Monitor, SightError> {
    let monitors = desktop.monitors()?;
    let is_wanted = |monitor: &&sight::Monitor| match wanted {
        Some(id) => monitor.id == MonitorId(id),
        None => monitor.pointer,
    };
    let found = monitors.iter().find(is_wanted).or(monitors.first().filter(|_| wanted.is_none()));
    found.cloned().ok_or(SightError::MonitorGone)
}

/// As engines take it, no larger than what is kept of it.
fn image(picture: &Arc<Picture>) -> Result<Image, SightError> {
    let reduced = picture.as_ref().clone().at_most(LONGEST_SIDE)?;
    let rgb: Vec<u8> =
        reduced.pixels().as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    let image = Image::new(reduced.width(), reduced.height(), rgb);
    image.map_err(|error| SightError::Picture(error.to_string()))
}

/// Why something cannot be seen, for a user interface; where the system has to allow it first, with the page for that.
pub fn seen_error(error: &SightError) -> ApiError {
    let code = match error {
        SightError::MonitorGone | SightError::WindowGone | SightError::CameraGone(_) => ErrorCode::NotFound,
        _ => ErrorCode::Other,
    };
    let system_page = match error {
        SightError::Refused(refused) if refused.settings_page().is_some() => Some(match refused {
            Permission::Screen => SystemPage::Screen,
            Permission::Keys => SystemPage::Keys,
            Permission::Camera => SystemPage::Camera,
        }),
        _ => None,
    };
    ApiError { system_page, ..ApiError::new(code, error.to_string()) }
}

/// What is allowed on this page of the system's settings.
pub fn permission(page: SystemPage) -> Permission {
    match page {
        SystemPage::Screen => Permission::Screen,
        SystemPage::Keys => Permission::Keys,
        SystemPage::Camera => Permission::Camera,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_the_system_refuses_leads_to_its_settings_where_they_have_a_page() {
        for refused in [Permission::Screen, Permission::Keys, Permission::Camera] {
            let error = seen_error(&SightError::Refused(refused));
            assert_eq!(error.system_page.is_some(), refused.settings_page().is_some());
            assert!(error.system_page.is_none_or(|page| permission(page) == refused));
        }
        assert_eq!(seen_error(&SightError::WindowGone).system_page, None);
    }

    #[test]
    fn what_a_camera_saw_at_a_moment_can_be_had_and_its_picture_is_small() {
        let folder = tempfile::tempdir().unwrap();
        for (name, shade) in [("1.png", 20), ("2.png", 200)] {
            let picture = Picture::filled(3000, 1500, [shade, shade, shade, 255]).unwrap();
            std::fs::write(folder.path().join(name), picture.encode(Encoding::Png).unwrap()).unwrap();
        }
        let source = Images::folder(folder.path(), Duration::from_millis(700)).unwrap();
        let seen = Arc::<Seen>::default();
        let (told, news) = channel();
        let theirs = seen.clone();
        let share = Share::of_camera(source.open(None).unwrap(), move |it| {
            if let ShareNews::Frame(frame) = it {
                theirs.add(&frame).unwrap();
                let _ = told.send(());
            }
        });
        let share = share.unwrap();
        let before = Instant::now();
        seen.add_first(&share.newest()).unwrap();
        news.recv_timeout(Duration::from_secs(20)).unwrap();
        let shared = Shared { name: "Pictures".into(), share, seen };
        let grey = |image: Option<Image>| image.unwrap().pixels().unwrap().rgb[0];
        assert_eq!((grey(shared.at(before)), grey(shared.newest())), (20, 200));
        assert_eq!(shared.newest().unwrap().width(), LONGEST_SIDE);
        let small = Picture::decode(&shared.small(640).unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (640, 320));
    }
}
