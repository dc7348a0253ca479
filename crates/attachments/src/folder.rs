//! The folder of kept files.
//!
//! For each content there are up to three files: `NAME` (the content), `NAME.json` (what is known of it; written last, so
//! that what has one is whole) and `NAME.small` (the thumbnail of a picture; made anew when it is not there).

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::{Image, ImageFile, ImageSource};

use tempfile::TempDir;

use crate::kind::{Looks, looks};
use crate::pdf::Document;
use crate::{ContentName, Kept, Kind, MOST_FILE_BYTES, Refused, Thumbnail, Trouble, picture, text};

const KNOWN: &str = "json";
const SMALL: &str = "small";

/// The files that messages have attached, in one folder. Several processes may use it at once.
#[derive(Debug, Clone)]
pub struct Attachments {
    folder: PathBuf,
    /// Removed with the last of those that use it.
    _passing: Option<Arc<TempDir>>,
}

impl Attachments {
    /// Those in `folder`, which is made when the first one is kept.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, _passing: None }
    }

    /// In a folder of this run's own, which is gone when it ends.
    ///
    /// # Errors
    /// When there is no place for one.
    pub fn of_this_run() -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hark-attached-").tempdir()?;
        Ok(Self { folder: folder.path().to_path_buf(), _passing: Some(Arc::new(folder)) })
    }

    /// Takes a file: looks at what it is, makes of it what is to be kept, and keeps it. The same file twice is one.
    ///
    /// # Errors
    /// [`Trouble::Refused`] with the reason, or [`Trouble::Disk`].
    pub fn take(&self, bytes: &[u8]) -> Result<Kept, Trouble> {
        if bytes.len() > MOST_FILE_BYTES {
            return Err(Refused::TooLarge { bytes: bytes.len() as u64 }.into());
        }
        match looks(bytes)? {
            Looks::Picture(format) => self.keep_picture(&picture::make(bytes, format)?),
            Looks::Text => self.keep(text::read(bytes)?.as_bytes(), "text/plain", Kind::Text),
        }
    }

    /// Takes a picture that was never a file, such as what was seen on the screen.
    ///
    /// # Errors
    /// As [`Attachments::take`]; [`Trouble::Gone`] for one whose pixels are no longer there.
    pub fn take_image(&self, image: &Image) -> Result<Kept, Trouble> {
        let pixels = image.pixels().map_err(|_| Trouble::Gone)?;
        let made = picture::of_pixels(pixels.width, pixels.height, pixels.rgb)?;
        self.keep_picture(&made)
    }

    /// Takes what was read of a document: its text, or the pictures of its pages with their numbers.
    ///
    /// # Errors
    /// As [`Attachments::take`].
    pub fn take_document(&self, document: &Document) -> Result<Vec<(Option<u32>, Kept)>, Trouble> {
        if document.pictures.is_empty() {
            let text = text::read(document.text.as_bytes())?;
            return Ok(vec![(None, self.keep(text.as_bytes(), "text/plain", Kind::Text)?)]);
        }
        let pages = (1..).zip(&document.pictures);
        pages.map(|(number, picture)| Ok((Some(number), self.take(&picture.0)?))).collect()
    }

    /// Takes a file that was kept elsewhere (an export has them) under the name it had there.
    ///
    /// # Errors
    /// [`Trouble::Damaged`] when it is not what that name says; [`Trouble::Refused`] when nothing like it is ever kept.
    pub fn restore(&self, content: ContentName, bytes: &[u8]) -> Result<Kept, Trouble> {
        if ContentName::of(bytes) != content {
            return Err(Trouble::Damaged);
        }
        if bytes.len() > MOST_FILE_BYTES {
            return Err(Refused::TooLarge { bytes: bytes.len() as u64 }.into());
        }
        match looks(bytes)? {
            Looks::Picture(format) => {
                let (image, width, height) = picture::identify(bytes)?;
                self.keep(bytes, format.to_mime_type(), Kind::Picture { image, width, height })
            }
            Looks::Text => {
                text::read(bytes)?;
                self.keep(bytes, "text/plain", Kind::Text)
            }
        }
    }

    /// What is known of a kept file.
    ///
    /// # Errors
    /// [`Trouble::Gone`], [`Trouble::Damaged`] or [`Trouble::Disk`].
    pub fn describe(&self, content: ContentName) -> Result<Kept, Trouble> {
        let known = read(&self.path(content, Some(KNOWN)))?;
        serde_json::from_slice(&known).map_err(|_| Trouble::Damaged)
    }

    /// The kept bytes.
    ///
    /// # Errors
    /// [`Trouble::Gone`], [`Trouble::Damaged`] or [`Trouble::Disk`].
    pub fn bytes(&self, content: ContentName) -> Result<Vec<u8>, Trouble> {
        whole(&self.path(content, None), content)
    }

    /// The text of a kept text.
    ///
    /// # Errors
    /// [`Trouble::Gone`], [`Trouble::Damaged`] or [`Trouble::Disk`].
    pub fn text(&self, content: ContentName) -> Result<String, Trouble> {
        String::from_utf8(self.bytes(content)?).map_err(|_| Trouble::Damaged)
    }

    /// A kept picture, for an engine. Its file is read when somebody needs the pixels, and not before.
    ///
    /// # Errors
    /// [`Trouble::Damaged`] when its size cannot be that of a picture.
    pub fn image(&self, kept: &Kept) -> Result<Option<Image>, Trouble> {
        let Kind::Picture { image, width, height } = kept.kind else { return Ok(None) };
        let source = KeptPicture {
            path: self.path(kept.content, None),
            content: kept.content,
            media_type: kept.media_type.clone(),
        };
        Image::kept(image, width, height, Arc::new(source)).map(Some).map_err(|_| Trouble::Damaged)
    }

    /// A small picture of a kept one.
    ///
    /// # Errors
    /// [`Trouble::Gone`], [`Trouble::Damaged`] (also when it is no picture) or [`Trouble::Disk`].
    pub fn thumbnail(&self, content: ContentName) -> Result<Thumbnail, Trouble> {
        let path = self.path(content, Some(SMALL));
        let bytes = match read(&path) {
            Err(Trouble::Gone) => {
                let made = picture::small(&self.bytes(content)?).map_err(|_| Trouble::Damaged)?;
                self.write(&path, &made)?;
                made
            }
            read => read?,
        };
        Ok(Thumbnail { media_type: "image/jpeg", bytes })
    }

    /// Removes a file that no message has.
    ///
    /// # Errors
    /// [`Trouble::Disk`].
    pub fn remove(&self, content: ContentName) -> Result<(), Trouble> {
        for ending in [Some(KNOWN), Some(SMALL), None] {
            match fs::remove_file(self.path(content, ending)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes everything that is not among `wanted` and was not given again for `unused`, and returns how many files
    /// that were. (What was given lately may wait in a window for its message to be sent.)
    ///
    /// # Errors
    /// [`Trouble::Disk`].
    pub fn sweep(&self, wanted: &HashSet<ContentName>, unused: Duration) -> Result<usize, Trouble> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let now = SystemTime::now();
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let stem = name.to_str().and_then(|name| name.split('.').next()).unwrap_or_default();
            let kept = stem.parse().is_ok_and(|content| wanted.contains(&content));
            // The age of the content is that of all that belongs to it.
            let age_of =
                if stem.parse::<ContentName>().is_ok() { self.folder.join(stem) } else { entry.path() };
            let changed = fs::metadata(age_of).or_else(|_| entry.metadata()).and_then(|it| it.modified());
            let old = changed.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age >= unused));
            if !kept && old && fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn keep_picture(&self, made: &picture::Made) -> Result<Kept, Trouble> {
        let kind = Kind::Picture { image: made.id, width: made.width, height: made.height };
        let kept = self.keep(&made.bytes, made.media_type, kind)?;
        self.write(&self.path(kept.content, Some(SMALL)), &made.thumbnail)?;
        Ok(kept)
    }

    fn keep(&self, bytes: &[u8], media_type: &str, kind: Kind) -> Result<Kept, Trouble> {
        let content = ContentName::of(bytes);
        let kept = Kept { content, media_type: media_type.to_owned(), bytes: bytes.len() as u64, kind };
        let path = self.path(content, None);
        if whole(&path, content).is_ok() {
            // It is wanted again: a sweep must not take it for forgotten. One that cannot say so is only swept sooner.
            let _ = File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()));
        } else {
            self.write(&path, bytes)?;
        }
        let known = serde_json::to_vec(&kept).map_err(std::io::Error::from)?;
        self.write(&self.path(content, Some(KNOWN)), &known)?;
        Ok(kept)
    }

    /// Writes a file whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn path(&self, content: ContentName, ending: Option<&str>) -> PathBuf {
        match ending {
            Some(ending) => self.folder.join(format!("{content}.{ending}")),
            None => self.folder.join(content.to_string()),
        }
    }
}

/// A kept file's bytes, if they are still those it was kept with.
fn whole(path: &Path, content: ContentName) -> Result<Vec<u8>, Trouble> {
    let bytes = read(path)?;
    if ContentName::of(&bytes) == content { Ok(bytes) } else { Err(Trouble::Damaged) }
}

/// Somebody else may have put anything there: no more is read than was ever written.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Trouble::Gone),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(2 * MOST_FILE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct KeptPicture {
    path: PathBuf,
    content: ContentName,
    media_type: String,
}

impl ImageSource for KeptPicture {
    fn rgb(&self) -> Result<Arc<[u8]>, String> {
        let bytes = whole(&self.path, self.content).map_err(|trouble| trouble.to_string())?;
        let rgb = picture::pixels(&bytes).map_err(|_| Trouble::Damaged.to_string())?;
        Ok(rgb.into_raw().into())
    }

    fn file(&self) -> Option<ImageFile> {
        let bytes = whole(&self.path, self.content).ok()?;
        Some(ImageFile { media_type: self.media_type.clone(), bytes: bytes.into() })
    }
}
