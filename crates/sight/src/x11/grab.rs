//! Pixels from the server: through memory that both share (MIT-SHM), or where that cannot be had, as on a display far
//! away, through the connection.
//!
//! The shared memory is a file in memory that the server maps and writes; here it is read (`pread`), not mapped, since a
//! mapping that another program writes has no safe form in Rust. That is one copy more: the pixels are turned into RGBA
//! piece by piece while they are in the cache, so it costs little (`hark bench sight`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::MemfdFlags;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ReplyError;
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, Drawable, ImageFormat};

use super::layout::Layout;
use super::{Link, gone, lost};
use crate::{Picture, Rect, SightError};

/// So much is read at a time: fits in a core's second cache.
const PIECE: usize = 256 * 1024;

/// Reads pixels of one connection's drawables.
pub(crate) struct Grabber {
    shared: Shared,
    piece: Vec<u8>,
}

/// Memory shared with the server.
enum Shared {
    Untried,
    Open { segment: shm::Seg, file: OwnedFd, bytes: usize },
    Refused,
}

/// A part of a drawable, in its own coordinates.
#[derive(Clone, Copy)]
struct Part {
    x: i16,
    y: i16,
    width: u16,
    height: u16,
}

impl Part {
    fn of(rect: Rect) -> Result<Self, SightError> {
        let part = || {
            Some(Self {
                x: rect.x.try_into().ok()?,
                y: rect.y.try_into().ok()?,
                width: rect.width.try_into().ok()?,
                height: rect.height.try_into().ok()?,
            })
        };
        part().ok_or(SightError::OffScreen)
    }
}

impl Grabber {
    pub(crate) fn new() -> Self {
        Self { shared: Shared::Untried, piece: Vec::new() }
    }

    /// What is on the screen there, which must be within its bounds.
    pub(crate) fn screen(&mut self, link: &Link, rect: Rect) -> Result<Picture, SightError> {
        let layout = Layout::of(link.conn.setup(), link.screen().root_visual)?;
        self.drawable(link, link.root(), layout, rect)
    }

    /// A part of a window or pixmap that lies within it.
    pub(crate) fn drawable(
        &mut self,
        link: &Link,
        drawable: Drawable,
        layout: Layout,
        rect: Rect,
    ) -> Result<Picture, SightError> {
        let part = Part::of(rect)?;
        let bytes = layout.stride(part.width) * usize::from(part.height);
        let rows = match self.segment(link, bytes)? {
            Some(segment) => {
                let asked = link.conn.shm_get_image(
                    drawable,
                    part.x,
                    part.y,
                    part.width,
                    part.height,
                    u32::MAX,
                    u8::from(ImageFormat::Z_PIXMAP),
                    segment,
                    0,
                );
                asked.map_err(lost)?.reply().map_err(gone)?;
                None
            }
            None => Some(through_connection(link, drawable, part)?),
        };
        let mut pixels = vec![0; usize::from(part.width) * usize::from(part.height) * 4];
        match rows {
            Some(rows) => convert(layout, part.width, &rows, &mut pixels),
            None => self.read(layout, part.width, &mut pixels)?,
        }
        Picture::new(part.width.into(), part.height.into(), pixels)
    }

    /// Shared memory of at least so many bytes; `None` where it cannot be had.
    fn segment(&mut self, link: &Link, bytes: usize) -> Result<Option<shm::Seg>, SightError> {
        match &self.shared {
            Shared::Open { segment, bytes: there, .. } if *there >= bytes => return Ok(Some(*segment)),
            Shared::Refused => return Ok(None),
            Shared::Open { segment, .. } => link.conn.shm_detach(*segment).map_err(lost)?.ignore_error(),
            Shared::Untried => {}
        }
        self.shared = match attach(link, bytes) {
            Ok(Some((segment, file))) => Shared::Open { segment, file, bytes },
            Ok(None) | Err(ReplyError::X11Error(_)) => Shared::Refused,
            Err(ReplyError::ConnectionError(error)) => return Err(lost(error)),
        };
        Ok(if let Shared::Open { segment, .. } = &self.shared { Some(*segment) } else { None })
    }

    /// Makes RGBA of what the server wrote.
    fn read(&mut self, layout: Layout, width: u16, pixels: &mut [u8]) -> Result<(), SightError> {
        let Shared::Open { file, .. } = &self.shared else { return Ok(()) };
        let (stride, out) = (layout.stride(width), usize::from(width) * 4);
        let rows = (PIECE / stride).max(1);
        self.piece.resize(rows * stride, 0);
        let mut at = 0;
        for pixels in pixels.chunks_mut(rows * out) {
            let piece = &mut self.piece[..pixels.len() / out * stride];
            read_at(file, piece, at)?;
            convert(layout, width, piece, pixels);
            at += piece.len() as u64;
        }
        Ok(())
    }
}

fn convert(layout: Layout, width: u16, rows: &[u8], pixels: &mut [u8]) {
    let out = usize::from(width) * 4;
    for (row, pixels) in rows.chunks(layout.stride(width)).zip(pixels.chunks_exact_mut(out)) {
        layout.to_rgba(row, pixels);
    }
}

fn read_at(file: &OwnedFd, mut into: &mut [u8], mut at: u64) -> Result<(), SightError> {
    while !into.is_empty() {
        match rustix::io::pread(file, &mut *into, at) {
            Ok(0) => return Err(SightError::Picture("the shared memory ended too early".into())),
            Ok(read) => {
                into = &mut into[read..];
                at += read as u64;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(SightError::Picture(error.to_string())),
        }
    }
    Ok(())
}

/// A file in memory that the server maps, too. `Ok(None)`: not on this connection, or this system.
fn attach(link: &Link, bytes: usize) -> Result<Option<(shm::Seg, OwnedFd)>, ReplyError> {
    let conn = &link.conn;
    if conn.extension_information(shm::X11_EXTENSION_NAME)?.is_none() {
        return Ok(None);
    }
    let version = conn.shm_query_version()?.reply()?;
    // Files came with version 1.2.
    if (version.major_version, version.minor_version) < (1, 2) {
        return Ok(None);
    }
    let made = || {
        let file = rustix::fs::memfd_create("hark-sight", MemfdFlags::CLOEXEC).ok()?;
        rustix::fs::ftruncate(&file, bytes as u64).ok()?;
        let theirs = file.as_fd().try_clone_to_owned().ok()?;
        Some((file, theirs))
    };
    let (Some((file, theirs)), Ok(segment)) = (made(), conn.generate_id()) else { return Ok(None) };
    // Over the network this fails: a file cannot be handed over there.
    match conn.shm_attach_fd(segment, theirs, false) {
        Ok(asked) => asked.check()?,
        Err(x11rb::errors::ConnectionError::FdPassingFailed) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    Ok(Some((segment, file)))
}

fn through_connection(link: &Link, drawable: Drawable, part: Part) -> Result<Vec<u8>, SightError> {
    let Part { x, y, width, height } = part;
    let asked = link.conn.get_image(ImageFormat::Z_PIXMAP, drawable, x, y, width, height, u32::MAX);
    Ok(asked.map_err(lost)?.reply().map_err(gone)?.data)
}
