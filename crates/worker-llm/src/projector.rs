//! The part of a model that sees, through llama.cpp's mtmd: pictures are cut, scaled and made numbers as each family of
//! models was taught, and read into the KV cache. The safe wrapper gives neither the numbers (so that they can be kept)
//! nor a way to end the making of them.
//!
//! What always holds: how a picture is cut depends on its size alone, so a prompt can be measured and compared without
//! its pixels. Two families are an exception that is left aside: `HunyuanVL` counts the pictures of a prompt, DeepSeek-V4
//! aligns them; here every picture is a prompt's first.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::{Image, ImageId, ImagePixels};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;

use crate::layout::{Bitmap, Chunks, Layout};
use crate::native::{Context, Sequence, StepError, model_pointer};
use crate::watch::{IsCancelled, Watched, asked_at};

/// Sizes whose layouts are remembered; pictures of a screen or a camera all have the same.
const LAYOUTS: usize = 64;
/// Between so many operations of an encoder's graph it can be ended: a layer has about twenty. More would cost time,
/// because the threads meet there.
const OPERATIONS: u32 = 48;
/// A picture that every family cuts into as much as it ever does.
const LARGEST: (u32, u32) = (4096, 4096);

/// A part of a model that sees, or hears, or both.
pub(crate) struct Projector {
    raw: NonNull<sys::mtmd_context>,
    /// The encoder looks at it. Outlives `raw`.
    watch: Box<EncoderWatch>,
    layouts: HashMap<(u32, u32), Arc<Layout>>,
    /// The picture that is being looked at, cut and scaled.
    open: Option<(ImageId, Chunks)>,
    /// Numbers for each cell.
    width: usize,
    /// Outlives `raw`, which points into it.
    _model: Arc<LlamaModel>,
}

// SAFETY: an mtmd_context is bound to no thread; everything that changes it takes `&mut self`.
unsafe impl Send for Projector {}

/// What the encoder asks between operations.
struct EncoderWatch {
    watched: Watched,
    operations: AtomicU32,
}

impl Projector {
    /// Loads a projector for `model`. `None` when mtmd cannot; why is in the log. Pictures that a model reads without
    /// regard to order have to go through in one step of `step` tokens; where they would be larger, they are made
    /// smaller.
    pub(crate) fn load(
        path: &Path,
        model: &Arc<LlamaModel>,
        threads: u32,
        gpu: bool,
        step: u32,
    ) -> Option<Self> {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).ok()?;
        let limit = i32::try_from(step).unwrap_or(i32::MAX);
        let mut projector = Self::open(&path, model, threads, gpu, None)?;
        // SAFETY: the context is alive; null asks about pictures.
        let at_once = unsafe { sys::mtmd_decode_use_non_causal(projector.raw.as_ptr(), ptr::null()) };
        if projector.sees() && at_once {
            let layout = projector.layout(LARGEST.0, LARGEST.1)?;
            if layout.largest_part() > step as usize {
                drop(projector);
                projector = Self::open(&path, model, threads, gpu, Some(limit))?;
            }
        }
        Some(projector)
    }

    fn open(
        path: &CString,
        model: &Arc<LlamaModel>,
        threads: u32,
        gpu: bool,
        most_tokens: Option<i32>,
    ) -> Option<Self> {
        let watch = Box::new(EncoderWatch { watched: Watched::nobody(), operations: AtomicU32::new(0) });
        // SAFETY: returns plain data.
        let mut params = unsafe { sys::mtmd_context_params_default() };
        params.use_gpu = gpu;
        params.print_timings = false;
        params.n_threads = i32::try_from(threads).unwrap_or(1);
        // Memory is set up for the pictures that come, not for the largest there could be.
        params.warmup = false;
        params.image_max_tokens = most_tokens.unwrap_or(params.image_max_tokens);
        params.cb_eval = Some(between_operations);
        params.cb_eval_user_data = ptr::from_ref::<EncoderWatch>(&watch).cast_mut().cast::<c_void>();
        let model_pointer = model_pointer(model);
        // SAFETY: the path is a terminated string; the model is alive (an Arc of it is kept), and so is the watch.
        let raw = unsafe { sys::mtmd_init_from_file(path.as_ptr(), model_pointer, params) };
        let raw = NonNull::new(raw)?;
        // SAFETY: the model is alive.
        let width = unsafe { sys::llama_model_n_embd_inp(model_pointer) };
        Some(Self {
            raw,
            watch,
            layouts: HashMap::new(),
            open: None,
            width: usize::try_from(width).ok()?,
            _model: Arc::clone(model),
        })
    }

    /// Whether it takes pictures.
    pub(crate) fn sees(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { sys::mtmd_support_vision(self.raw.as_ptr()) }
    }

    /// Whether it takes sound.
    pub(crate) fn hears(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { sys::mtmd_support_audio(self.raw.as_ptr()) }
    }

    /// How pictures of so many pixels are cut; `None` where mtmd cannot.
    pub(crate) fn layout(&mut self, width: u32, height: u32) -> Option<Arc<Layout>> {
        if let Some(layout) = self.layouts.get(&(width, height)) {
            return Some(Arc::clone(layout));
        }
        let layout = Arc::new(Layout::of(self.cut(width, height, None)?, self.is_side_by_side())?);
        if self.layouts.len() >= LAYOUTS {
            self.layouts.clear();
        }
        self.layouts.insert((width, height), Arc::clone(&layout));
        Some(layout)
    }

    /// Makes numbers of one part of a picture. Ended soon after `is_cancelled` says so.
    pub(crate) fn look(
        &mut self,
        pixels: &ImagePixels,
        part: usize,
        is_cancelled: &IsCancelled,
    ) -> Result<Vec<f32>, StepError> {
        const FAILED: StepError = StepError::Failed(-1);
        if pixels.check().is_err() {
            return Err(FAILED);
        }
        let layout = self.layout(pixels.width, pixels.height).ok_or(FAILED)?;
        let (chunk, cells) = layout.part(part).ok_or(FAILED)?;
        let open = match self.open.take() {
            Some((image, chunks)) if image == pixels.id => chunks,
            _ => self.cut(pixels.width, pixels.height, Some(&pixels.rgb)).ok_or(FAILED)?,
        };
        let raw_chunk = open.get(chunk).filter(|_| open.cells(chunk) == Some(cells)).ok_or(FAILED)?;
        self.watch.watched.set(Arc::clone(is_cancelled));
        // SAFETY: the context and the chunk are alive; the encoder is used by this thread alone.
        let result = unsafe { sys::mtmd_encode_chunk(self.raw.as_ptr(), raw_chunk) };
        self.watch.watched.clear();
        if part + 1 < layout.parts() {
            self.open = Some((pixels.id, open));
        }
        if is_cancelled() {
            return Err(StepError::Aborted);
        }
        if result != 0 {
            return Err(StepError::Failed(result));
        }
        // SAFETY: the context is alive.
        let numbers = NonNull::new(unsafe { sys::mtmd_get_output_embd(self.raw.as_ptr()) }).ok_or(FAILED)?;
        // SAFETY: mtmd gives `width` numbers for each of the chunk's cells; they are copied before the next call.
        Ok(unsafe { std::slice::from_raw_parts(numbers.as_ptr(), cells * self.width) }.to_vec())
    }

    /// Reads a part of a picture of this size, which was made numbers, into `sequence` at `position`.
    pub(crate) fn read(
        &mut self,
        context: &mut Context,
        layout: &Layout,
        part: usize,
        numbers: &[f32],
        place: (Sequence, usize),
        step: u32,
    ) -> Result<(), StepError> {
        let (chunk, cells) = layout.part(part).ok_or(StepError::Failed(-1))?;
        if numbers.len() != cells * self.width {
            return Err(StepError::Failed(-1));
        }
        let chunk = layout.chunk(chunk).ok_or(StepError::Failed(-1))?;
        let (sequence, position) = place;
        let mut end = 0;
        // SAFETY: all are alive; `numbers` has as many as mtmd reads and is not written to (it is const further in).
        let result = unsafe {
            sys::mtmd_helper_decode_image_chunk(
                self.raw.as_ptr(),
                context.raw(),
                chunk,
                numbers.as_ptr().cast_mut(),
                i32::try_from(position).unwrap_or(i32::MAX),
                sequence as i32,
                i32::try_from(step).unwrap_or(1),
                &raw mut end,
                None,
                ptr::null_mut(),
            )
        };
        match result {
            0 => Ok(()),
            1 => Err(StepError::NoRoom),
            2 => Err(StepError::Aborted),
            code => Err(StepError::Failed(code)),
        }
    }

    /// The picture in a file, decoded as llama.cpp's own programs do (upright or not, transparent or not): for
    /// comparisons with them.
    pub(crate) fn picture(&self, path: &Path) -> Option<Image> {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).ok()?;
        // SAFETY: the context is alive, the path a terminated string; the bitmap is ours and freed below.
        let wrapper = unsafe {
            let options = sys::mtmd_helper_init_opt_default();
            sys::mtmd_helper_bitmap_init_from_file(self.raw.as_ptr(), path.as_ptr(), false, options)
        };
        let bitmap = Bitmap(NonNull::new(wrapper.bitmap)?);
        // SAFETY: the bitmap is alive; it says itself how many bytes it has.
        unsafe {
            let raw = bitmap.0.as_ptr();
            if sys::mtmd_bitmap_is_audio(raw) {
                return None;
            }
            let bytes =
                std::slice::from_raw_parts(sys::mtmd_bitmap_get_data(raw), sys::mtmd_bitmap_get_n_bytes(raw));
            Image::new(sys::mtmd_bitmap_get_nx(raw), sys::mtmd_bitmap_get_ny(raw), bytes).ok()
        }
    }

    /// Whether all of a picture stands at one time (M-RoPE).
    fn is_side_by_side(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { sys::mtmd_decode_use_mrope(self.raw.as_ptr()) }
    }

    /// Cuts and scales a picture, or, without pixels, only says how.
    fn cut(&self, width: u32, height: u32, rgb: Option<&[u8]>) -> Option<Chunks> {
        debug_assert!(rgb.is_none_or(|rgb| rgb.len() as u64 == u64::from(width) * u64::from(height) * 3));
        let data = rgb.map_or(ptr::null(), <[u8]>::as_ptr);
        // SAFETY: there are three bytes for each pixel, or no pixels; they are copied.
        let bitmap = Bitmap(NonNull::new(unsafe { sys::mtmd_bitmap_init(width, height, data) })?);
        let part = sys::mtmd_input_part { text: ptr::null(), bitmap: bitmap.0.as_ptr() };
        let parts = [ptr::from_ref(&part)];
        // SAFETY: returns a new list, or null; it is ours.
        let chunks = Chunks(NonNull::new(unsafe { sys::mtmd_input_chunks_init() })?);
        // SAFETY: all are alive; there is one part.
        let result = unsafe {
            sys::mtmd_tokenize_from_parts(
                self.raw.as_ptr(),
                chunks.0.as_ptr(),
                parts.as_ptr(),
                parts.len(),
                false,
            )
        };
        (result == 0).then_some(chunks)
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        // SAFETY: made by us, freed once, before what it points to.
        unsafe { sys::mtmd_free(self.raw.as_ptr()) };
    }
}

/// Called by ggml for every operation of the encoder's graph: first whether its result is wanted, and where it is, after
/// it whether to go on.
unsafe extern "C" fn between_operations(_: *mut sys::ggml_tensor, ask: bool, watch: *mut c_void) -> bool {
    // SAFETY: `watch` is the projector's boxed one, which outlives the encoder.
    let watch = unsafe { &*watch.cast::<EncoderWatch>() };
    if ask {
        return watch.operations.fetch_add(1, Ordering::Relaxed) % OPERATIONS == OPERATIONS - 1;
    }
    // SAFETY: it is set and cleared only between computations.
    !unsafe { asked_at(watch.watched.address()) }
}
