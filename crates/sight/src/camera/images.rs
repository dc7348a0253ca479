//! A camera that shows pictures in a row: for tests, and to see the rest work where no camera is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Camera, CameraId, CameraInfo, CameraSource, Lens, Raw, RawFormat};
use crate::{Picture, SightError};

/// The only camera of this source.
const ID: &str = "pictures";

/// Pictures, each shown for some time, from the first again after the last.
pub struct Images {
    pictures: Arc<[Picture]>,
    each: Duration,
    /// How many cameras of this source are open now.
    open: Arc<AtomicUsize>,
}

impl Images {
    /// Shows each of these for so long. Without a picture there is no camera.
    pub fn new(pictures: Vec<Picture>, each: Duration) -> Self {
        Self { pictures: pictures.into(), each, open: Arc::default() }
    }

    /// The PNG and JPEG files of a folder, by name.
    ///
    /// # Errors
    /// [`SightError::Picture`] for a folder that cannot be read or a file that is no picture.
    pub fn folder(folder: &std::path::Path, each: Duration) -> Result<Self, SightError> {
        let unread = |error: std::io::Error| SightError::Picture(error.to_string());
        let is_picture = |path: &std::path::PathBuf| {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            ["png", "jpg", "jpeg"].contains(&ending.to_ascii_lowercase().as_str())
        };
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .map_err(unread)?
            .flatten()
            .map(|entry| entry.path())
            .filter(is_picture)
            .collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| Picture::decode(&std::fs::read(path).map_err(unread)?);
        Ok(Self::new(paths.iter().map(read).collect::<Result<_, _>>()?, each))
    }

    /// How many cameras of this source are open now.
    pub fn open_now(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl CameraSource for Images {
    fn list(&self) -> Result<Vec<CameraInfo>, SightError> {
        let camera = CameraInfo { id: CameraId(ID.into()), name: "Pictures".into() };
        Ok(if self.pictures.is_empty() { Vec::new() } else { vec![camera] })
    }

    fn open(&self, camera: Option<&CameraId>) -> Result<Camera, SightError> {
        if self.pictures.is_empty() {
            return Err(SightError::NoCamera);
        }
        if let Some(other) = camera.filter(|camera| camera.0 != ID) {
            return Err(SightError::CameraGone(other.0.clone()));
        }
        let (pictures, each, open) = (self.pictures.clone(), self.each, self.open.clone());
        Camera::start(move || {
            open.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(Row { pictures, each, next: 0, due: Instant::now(), open }))
        })
    }
}

struct Row {
    pictures: Arc<[Picture]>,
    each: Duration,
    next: usize,
    due: Instant,
    open: Arc<AtomicUsize>,
}

impl Lens for Row {
    fn next(&mut self) -> Result<Raw, SightError> {
        std::thread::sleep(self.due.saturating_duration_since(Instant::now()));
        self.due = Instant::now() + self.each;
        let picture = &self.pictures[self.next % self.pictures.len()];
        self.next += 1;
        Ok(Raw {
            width: picture.width(),
            height: picture.height(),
            format: RawFormat::Rgba,
            bytes: picture.pixels().to_vec(),
        })
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shades(shades: &[u8]) -> Images {
        let pictures = shades.iter().map(|&shade| Picture::filled(2, 2, [shade; 4]).unwrap()).collect();
        Images::new(pictures, Duration::from_millis(1))
    }

    #[test]
    fn it_shows_one_after_another_and_is_open_only_as_long_as_it_is_held() {
        let source = shades(&[1, 2]);
        assert_eq!((source.list().unwrap().len(), source.open_now()), (1, 0));
        let camera = source.open(None).unwrap();
        assert_eq!(source.open_now(), 1);
        let mut seen = std::collections::BTreeSet::new();
        let mut number = 0;
        while seen.len() < 2 {
            let frame = camera.after(number).unwrap();
            assert!(frame.number > number);
            number = frame.number;
            seen.insert(frame.picture.pixels()[0]);
        }
        drop(camera);
        assert_eq!((source.open_now(), seen.len()), (0, 2));
    }

    #[test]
    fn no_camera_is_a_sentence() {
        let none = shades(&[]);
        assert!(none.list().unwrap().is_empty());
        assert_eq!(none.open(None).err(), Some(SightError::NoCamera));
        let other = CameraId("front".into());
        assert_eq!(shades(&[1]).open(Some(&other)).err(), Some(SightError::CameraGone("front".into())));
    }

    #[test]
    fn a_folder_of_pictures_is_shown_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for (name, shade) in [("b.png", 2), ("a.png", 1)] {
            let picture = Picture::filled(1, 1, [shade, 0, 0, 255]).unwrap();
            std::fs::write(folder.path().join(name), picture.encode(crate::Encoding::Png).unwrap()).unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
        let source = Images::folder(folder.path(), Duration::ZERO).unwrap();
        let shades: Vec<u8> = source.pictures.iter().map(|picture| picture.pixels()[0]).collect();
        assert_eq!(shades, [1, 2]);
        std::fs::write(folder.path().join("c.jpg"), "no picture either").unwrap();
        assert!(Images::folder(folder.path(), Duration::ZERO).is_err());
    }

    /// Gives one picture, and then what a camera says that is pulled out.
    struct PulledOut(bool);

    impl Lens for PulledOut {
        fn next(&mut self) -> Result<Raw, SightError> {
            if std::mem::replace(&mut self.0, true) {
                return Err(SightError::Camera("no such device".into()));
            }
            Ok(Raw { width: 1, height: 1, format: RawFormat::Grey, bytes: vec![9] })
        }
    }

    #[test]
    fn one_that_is_pulled_out_says_so_and_is_closed() {
        let camera = Camera::start(|| Ok(Box::new(PulledOut(false)))).unwrap();
        let gone = Some(SightError::Camera("no such device".into()));
        assert_eq!(camera.after(1).err(), gone);
        assert_eq!(camera.ended(), gone);
    }

    #[test]
    fn one_that_cannot_be_opened_says_why() {
        let camera = Camera::start(|| Err(SightError::Refused(crate::Permission::Camera)));
        assert_eq!(camera.err(), Some(SightError::Refused(crate::Permission::Camera)));
    }
}
