//! libheif, loaded at run time: the few functions that decode a picture.
//!
//! Declared as in `heif.h` of libheif 1.0 and later, whose interface only grows
//! (<https://github.com/strukturag/libheif/blob/master/libheif/api/libheif/heif.h>).

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use libloading::Library;

/// The most pixels that are decoded.
const MOST_PIXELS: u64 = 64_000_000;

/// `heif_colorspace_RGB`
const RGB: c_int = 1;
/// `heif_chroma_interleaved_RGB`: three bytes a pixel.
const INTERLEAVED: c_int = 10;
/// `heif_channel_interleaved`
const CHANNEL: c_int = 10;

#[cfg(target_os = "macos")]
const USUAL: &[&str] =
    &["libheif.1.dylib", "/opt/homebrew/lib/libheif.1.dylib", "/usr/local/lib/libheif.1.dylib"];
#[cfg(windows)]
const USUAL: &[&str] = &["heif.dll", "libheif.dll"];
#[cfg(not(any(target_os = "macos", windows)))]
const USUAL: &[&str] = &["libheif.so.1"];

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// libheif is not here.
    NoLibrary,
    /// It is no such picture, too large, or in a coding that this libheif does not know.
    Damaged,
}

/// A picture: three bytes a pixel (red, green, blue), row by row from the top left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

/// `struct heif_error`
#[repr(C)]
#[derive(Clone, Copy)]
struct HeifError {
    code: c_int,
    subcode: c_int,
    message: *const c_char,
}

type Context = *mut c_void;
type Handle = *mut c_void;
type HeifImage = *mut c_void;

struct Functions {
    context_alloc: unsafe extern "C" fn() -> Context,
    context_free: unsafe extern "C" fn(Context),
    read: unsafe extern "C" fn(Context, *const c_void, usize, *const c_void) -> HeifError,
    primary: unsafe extern "C" fn(Context, *mut Handle) -> HeifError,
    handle_width: unsafe extern "C" fn(Handle) -> c_int,
    handle_height: unsafe extern "C" fn(Handle) -> c_int,
    handle_release: unsafe extern "C" fn(Handle),
    decode: unsafe extern "C" fn(Handle, *mut HeifImage, c_int, c_int, *const c_void) -> HeifError,
    width: unsafe extern "C" fn(HeifImage, c_int) -> c_int,
    height: unsafe extern "C" fn(HeifImage, c_int) -> c_int,
    plane: unsafe extern "C" fn(HeifImage, c_int, *mut c_int) -> *const u8,
    image_release: unsafe extern "C" fn(HeifImage),
    /// Keeps the functions where they are.
    _library: Library,
}

impl Functions {
    fn load() -> Option<Self> {
        // SAFETY: libheif's initialisers register its decoders and do nothing else.
        let library = USUAL.iter().find_map(|name| unsafe { Library::new(*name) }.ok())?;
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the types are those of heif.h, and the library is kept as long as the pointers.
                *unsafe { library.get($name) }.ok()?
            };
        }
        Some(Self {
            context_alloc: function!(b"heif_context_alloc\0"),
            context_free: function!(b"heif_context_free\0"),
            read: function!(b"heif_context_read_from_memory_without_copy\0"),
            primary: function!(b"heif_context_get_primary_image_handle\0"),
            handle_width: function!(b"heif_image_handle_get_width\0"),
            handle_height: function!(b"heif_image_handle_get_height\0"),
            handle_release: function!(b"heif_image_handle_release\0"),
            decode: function!(b"heif_decode_image\0"),
            width: function!(b"heif_image_get_width\0"),
            height: function!(b"heif_image_get_height\0"),
            plane: function!(b"heif_image_get_plane_readonly\0"),
            image_release: function!(b"heif_image_release\0"),
            _library: library,
        })
    }
}

/// Frees what it holds.
struct Held<'a>(*mut c_void, &'a dyn Fn(*mut c_void));

impl Drop for Held<'_> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

/// The main picture of a file, turned as it says.
///
/// # Errors
/// See [`Unread`].
pub(crate) fn decode(bytes: &[u8]) -> Result<Pixels, Unread> {
    let heif = Functions::load().ok_or(Unread::NoLibrary)?;
    // SAFETY: freed once, by `Held`, after everything that was made of it.
    let free_context = |it| unsafe { (heif.context_free)(it) };
    // SAFETY: freed once, by `Held`.
    let free_handle = |it| unsafe { (heif.handle_release)(it) };
    // SAFETY: freed once, by `Held`, after its pixels were copied.
    let free_image = |it| unsafe { (heif.image_release)(it) };
    // SAFETY: takes nothing.
    let context = Held(some(unsafe { (heif.context_alloc)() })?, &free_context);
    // SAFETY: the bytes outlive the context, which does not change them.
    good(unsafe { (heif.read)(context.0, bytes.as_ptr().cast(), bytes.len(), null()) })?;
    let mut handle = null_mut();
    // SAFETY: the context is alive; `handle` is written on success.
    good(unsafe { (heif.primary)(context.0, &raw mut handle) })?;
    let handle = Held(some(handle)?, &free_handle);
    // SAFETY: the handle is alive.
    let (width, height) = unsafe { ((heif.handle_width)(handle.0), (heif.handle_height)(handle.0)) };
    sized(width, height)?;
    let mut image = null_mut();
    // SAFETY: the handle is alive; `image` is written on success; no options are the default ones, which turn the picture.
    good(unsafe { (heif.decode)(handle.0, &raw mut image, RGB, INTERLEAVED, null()) })?;
    let image = Held(some(image)?, &free_image);
    copied(&heif, image.0)
}

/// The pixels of a decoded picture.
fn copied(heif: &Functions, image: HeifImage) -> Result<Pixels, Unread> {
    // SAFETY: the image is alive, and was decoded to this channel.
    let (width, height) = unsafe { ((heif.width)(image, CHANNEL), (heif.height)(image, CHANNEL)) };
    let (width, height) = sized(width, height)?;
    let mut stride = 0;
    // SAFETY: as above; `stride` is written.
    let plane = unsafe { (heif.plane)(image, CHANNEL, &raw mut stride) };
    let row = width as usize * 3;
    let stride = usize::try_from(stride).ok().filter(|stride| *stride >= row).ok_or(Unread::Damaged)?;
    if plane.is_null() {
        return Err(Unread::Damaged);
    }
    let mut rgb = Vec::with_capacity(row * height as usize);
    for line in 0..height as usize {
        // SAFETY: the plane has `height` rows of `stride` bytes, of which `row` are pixels.
        rgb.extend_from_slice(unsafe { std::slice::from_raw_parts(plane.add(line * stride), row) });
    }
    Ok(Pixels { width, height, rgb })
}

fn good(error: HeifError) -> Result<(), Unread> {
    if error.code == 0 { Ok(()) } else { Err(Unread::Damaged) }
}

fn some(pointer: *mut c_void) -> Result<*mut c_void, Unread> {
    if pointer.is_null() { Err(Unread::Damaged) } else { Ok(pointer) }
}

/// The size, if it is one that is decoded.
fn sized(width: c_int, height: c_int) -> Result<(u32, u32), Unread> {
    let side = |side: c_int| u32::try_from(side).ok().filter(|side| *side > 0).ok_or(Unread::Damaged);
    let (width, height) = (side(width)?, side(height)?);
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        Err(Unread::Damaged)
    } else {
        Ok((width, height))
    }
}
