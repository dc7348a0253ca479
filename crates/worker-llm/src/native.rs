//! llama.cpp's context, owned. The safe wrapper's own context has neither the abort callback (which makes a long
//! step cancellable) nor thread pools (without which ggml starts and joins its threads for every token).
//!
//! What always holds: positions and tokens given here are the caller's bookkeeping; nothing is kept that is not in
//! llama.cpp's memory. Used from one thread at a time.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::num::NonZeroU32;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Instant;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2 as sys;

use crate::pace::Pace;
use crate::watch::{IsCancelled, Watched, asked_at};

/// The token sequences that a context holds side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// The conversation, kept between jobs.
    Main = 0,
    /// A side question; empty between jobs.
    Aside = 1,
    /// What the user said last, by itself, to be weighed.
    Words = 2,
}

/// How many there are.
const SEQUENCES: u32 = 3;

/// Whether a step is followed by a choice of the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// The last token's logits are wanted.
    Last,
    /// Nothing is wanted; the tokens are only read.
    Nothing,
}

/// Why a step did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepError {
    /// The memory has no room for so many tokens.
    NoRoom,
    /// It was cancelled.
    Aborted,
    /// llama.cpp's own error code.
    Failed(i32),
}

/// How a context is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Tokens of memory, for all sequences together.
    pub cells: NonZeroU32,
    /// Most tokens in one step.
    pub batch: u32,
    /// Threads for steps of one token.
    pub threads: u32,
    /// Threads for longer steps.
    pub prefill_threads: u32,
}

/// Model memory and everything needed to take steps in it.
pub struct Context {
    raw: NonNull<sys::llama_context>,
    /// Freed after the context, which uses them.
    pools: Vec<NonNull<sys::ggml_threadpool>>,
    /// What the abort callback looks at.
    watched: Watched,
    batch: Batch,
    vocabulary: usize,
    pace: Pace,
    /// Threads for steps of several tokens.
    prefill_threads: u32,
    /// Outlives the context, which points into it.
    _model: Arc<LlamaModel>,
}

// SAFETY: a llama_context is bound to no thread; `&mut self` on every step keeps its use to one thread at a time.
unsafe impl Send for Context {}

/// Reusable arrays of a `llama_batch`.
struct Batch {
    tokens: Vec<sys::llama_token>,
    positions: Vec<sys::llama_pos>,
    sequence_counts: Vec<i32>,
    sequences: Vec<*mut sys::llama_seq_id>,
    /// The one sequence all of a step's tokens belong to; `sequences` points here.
    sequence: Box<sys::llama_seq_id>,
    outputs: Vec<i8>,
}

impl Context {
    /// Makes a context; `None` when llama.cpp cannot, which nearly always means memory.
    pub fn new(model: &Arc<LlamaModel>, shape: Shape) -> Option<Self> {
        let watched = Watched::nobody();
        // SAFETY: returns plain data.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = shape.cells.get();
        params.n_batch = shape.batch;
        params.n_ubatch = shape.batch;
        params.n_seq_max = SEQUENCES;
        // One pool of cells for all sequences: an aside costs only the tokens it does not share.
        params.kv_unified = true;
        // Sliding windows keep all cells, so that a conversation can be cut back anywhere and still be reused.
        params.swa_full = true;
        // One row of scores a sequence; the default reserves one for every token of a step.
        params.n_outputs_max = params.n_seq_max;
        params.n_threads = i32::try_from(shape.threads).unwrap_or(1);
        params.n_threads_batch = i32::try_from(shape.prefill_threads).unwrap_or(1);
        params.no_perf = true;
        params.abort_callback = Some(is_cancelled);
        params.abort_callback_data = watched.address();
        let raw = model_pointer(model);
        // SAFETY: the model is alive (an Arc of it is kept), and contexts of one model are made on one thread only.
        let made = NonNull::new(unsafe { sys::llama_init_from_model(raw, params) })?;
        // SAFETY: the model is alive; the vocabulary belongs to it.
        let vocabulary = unsafe { sys::llama_vocab_n_tokens(sys::llama_model_get_vocab(raw)) };
        let mut context = Self {
            raw: made,
            pools: Vec::new(),
            watched,
            batch: Batch::new(shape.batch as usize),
            vocabulary: usize::try_from(vocabulary).unwrap_or(0),
            pace: Pace::new(shape.threads),
            prefill_threads: shape.prefill_threads,
            _model: Arc::clone(model),
        };
        context.attach_pools(shape);
        context.change_threads();
        Some(context)
    }

    /// Gives the context threads of its own. Where none can be had, ggml makes them for every step.
    fn attach_pools(&mut self, shape: Shape) {
        let mut pool = |threads: u32| {
            let threads = i32::try_from(threads).unwrap_or(1);
            // SAFETY: plain data in, a new pool or null out.
            let pool = unsafe {
                let mut params = sys::ggml_threadpool_params_default(threads);
                params.poll = POLL;
                sys::ggml_threadpool_new(&raw mut params)
            };
            NonNull::new(pool).inspect(|&pool| self.pools.push(pool))
        };
        let Some(decode) = pool(shape.threads) else { return };
        let prefill = if shape.prefill_threads == shape.threads {
            decode
        } else {
            pool(shape.prefill_threads).unwrap_or(decode)
        };
        // SAFETY: all three are alive, and the pools are freed after the context.
        unsafe { sys::llama_attach_threadpool(self.raw.as_ptr(), decode.as_ptr(), prefill.as_ptr()) };
    }

    /// llama.cpp's own, for what reads pictures into it. Good as long as the context lives.
    pub(crate) fn raw(&mut self) -> *mut sys::llama_context {
        self.raw.as_ptr()
    }

    /// Tokens of memory in all, for all sequences together.
    pub fn cells(&self) -> u32 {
        // SAFETY: the context is alive.
        unsafe { sys::llama_n_ctx(self.raw.as_ptr()) }
    }

    /// From now on steps are given up as soon as `is_cancelled` says so.
    pub fn watch(&mut self, is_cancelled: IsCancelled) {
        self.watched.set(is_cancelled);
    }

    /// From now on nobody is asked.
    pub fn unwatch(&mut self) {
        self.watched.clear();
    }

    /// Reads `tokens` into `sequence`, the first at position `from`. At most as many as the batch holds.
    pub fn step(
        &mut self,
        sequence: Sequence,
        from: usize,
        tokens: &[LlamaToken],
        outputs: Outputs,
    ) -> Result<(), StepError> {
        let batch = self.batch.fill(sequence, from, tokens, outputs);
        let begun = Instant::now();
        // SAFETY: the batch's arrays are `self.batch`'s and hold `n_tokens` entries each.
        match unsafe { sys::llama_decode(self.raw.as_ptr(), batch) } {
            0 => {
                if tokens.len() == 1 && self.pace.took(begun.elapsed()) {
                    self.change_threads();
                }
                Ok(())
            }
            1 => Err(StepError::NoRoom),
            2 => Err(StepError::Aborted),
            code => Err(StepError::Failed(code)),
        }
    }

    /// What keeps steps of one token waiting does the same to longer ones.
    fn change_threads(&mut self) {
        let threads = self.pace.threads();
        let fewer = self.pace.most() - threads;
        let prefill = self.prefill_threads.saturating_sub(fewer).max(1);
        let count = |threads: u32| i32::try_from(threads).unwrap_or(1);
        // SAFETY: the context is alive; its pools have at least as many threads.
        unsafe { sys::llama_set_n_threads(self.raw.as_ptr(), count(threads), count(prefill)) };
    }

    /// Scores of every token to come next, after a step with [`Outputs::Last`].
    pub fn logits(&self) -> Option<&[f32]> {
        // SAFETY: the context is alive; -1 is the last output, null where there is none.
        let logits = NonNull::new(unsafe { sys::llama_get_logits_ith(self.raw.as_ptr(), -1) })?;
        // SAFETY: llama.cpp gives as many scores as the vocabulary has tokens; they live until the next step, which
        // needs `&mut self`.
        Some(unsafe { std::slice::from_raw_parts(logits.as_ptr(), self.vocabulary) })
    }

    /// Forgets `sequence` from position `from` on; `false` where this kind of memory cannot be cut there.
    pub fn trim(&mut self, sequence: Sequence, from: usize) -> bool {
        let from = i32::try_from(from).unwrap_or(i32::MAX);
        // SAFETY: the context is alive, and all sequences are within `n_seq_max`.
        unsafe { sys::llama_memory_seq_rm(self.memory(), sequence as i32, from, -1) }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        // SAFETY: the context is alive. The cells' contents may stay, nothing refers to them.
        unsafe { sys::llama_memory_clear(self.memory(), false) }
    }

    /// Lets the aside share the conversation's first `tokens` positions.
    pub fn share_with_aside(&mut self, tokens: usize) {
        let until = i32::try_from(tokens).unwrap_or(i32::MAX);
        // SAFETY: the context is alive, and all sequences are within `n_seq_max`.
        unsafe {
            sys::llama_memory_seq_cp(self.memory(), Sequence::Main as i32, Sequence::Aside as i32, 0, until);
        }
    }

    /// The first and the last position that `sequence` really has; `None` when it is empty.
    pub fn extent(&self, sequence: Sequence) -> Option<(usize, usize)> {
        // SAFETY: the context is alive; both calls only read.
        let (first, last) = unsafe {
            (
                sys::llama_memory_seq_pos_min(self.memory(), sequence as i32),
                sys::llama_memory_seq_pos_max(self.memory(), sequence as i32),
            )
        };
        Some((usize::try_from(first).ok()?, usize::try_from(last).ok()?))
    }

    fn memory(&self) -> sys::llama_memory_t {
        // SAFETY: the context is alive.
        unsafe { sys::llama_get_memory(self.raw.as_ptr()) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by us, freed once, the context before the pools that it uses.
        unsafe {
            sys::llama_free(self.raw.as_ptr());
            for pool in &self.pools {
                sys::ggml_threadpool_free(pool.as_ptr());
            }
        }
    }
}

/// Called by ggml between the nodes of a graph.
unsafe extern "C" fn is_cancelled(watched: *mut c_void) -> bool {
    // SAFETY: it is the address of the context's own, which lives as long as the context and is set only between steps,
    // which need `&mut` of the context too.
    unsafe { asked_at(watched) }
}

impl Batch {
    fn new(capacity: usize) -> Self {
        let mut sequence = Box::new(0);
        let pointer = ptr::from_mut::<i32>(&mut sequence);
        Self {
            tokens: vec![0; capacity],
            positions: vec![0; capacity],
            sequence_counts: vec![1; capacity],
            sequences: vec![pointer; capacity],
            sequence,
            outputs: vec![0; capacity],
        }
    }

    /// The batch as llama.cpp takes it. `tokens` beyond the capacity are left out; callers never give so many.
    fn fill(
        &mut self,
        sequence: Sequence,
        from: usize,
        tokens: &[LlamaToken],
        outputs: Outputs,
    ) -> sys::llama_batch {
        debug_assert!(tokens.len() <= self.tokens.len());
        let count = tokens.len().min(self.tokens.len());
        *self.sequence = sequence as i32;
        // The box may have been reborrowed since the pointers were taken.
        self.sequences.fill(ptr::from_mut::<i32>(&mut self.sequence));
        for (at, token) in tokens.iter().take(count).enumerate() {
            self.tokens[at] = token.0;
            self.positions[at] = i32::try_from(from + at).unwrap_or(i32::MAX);
            self.outputs[at] = i8::from(outputs == Outputs::Last && at + 1 == count);
        }
        sys::llama_batch {
            n_tokens: i32::try_from(count).unwrap_or(0),
            token: self.tokens.as_mut_ptr(),
            embd: ptr::null_mut(),
            pos: self.positions.as_mut_ptr(),
            n_seq_id: self.sequence_counts.as_mut_ptr(),
            seq_id: self.sequences.as_mut_ptr(),
            logits: self.outputs.as_mut_ptr(),
        }
    }
}

/// How long ggml's threads spin for the next step before they sleep, in rounds of 131,072 pauses: one bridges the moment
/// between two tokens. With its own choice, 50, they spin for a tenth of a second behind every step, on cores that the
/// recogniser, the judge and the voice wait for then.
const POLL: u32 = 1;

/// When ggml aborts the process it would first start a debugger on it, which takes seconds in which the host takes the
/// worker for alive. To be called before any thread is started.
pub fn abort_at_once() {
    // SAFETY: no other thread is there to read the environment.
    unsafe { std::env::set_var("GGML_NO_BACKTRACE", "1") };
}

/// Bytes that a GGUF file must have to hold all its tensors; `None` when its header cannot be read.
pub(crate) fn gguf_bytes(path: &std::path::Path) -> Option<u64> {
    let path = std::ffi::CString::new(path.to_str()?).ok()?;
    let params = sys::gguf_init_params { no_alloc: true, ctx: ptr::null_mut() };
    // SAFETY: the path is a terminated string; a header that cannot be read gives null.
    let gguf = NonNull::new(unsafe { sys::gguf_init_from_file(path.as_ptr(), params) })?;
    // SAFETY: `gguf` is alive until freed at the end; tensor numbers are within `n_tensors`.
    unsafe {
        let tensors = 0..sys::gguf_get_n_tensors(gguf.as_ptr());
        let ends = tensors.map(|at| {
            let offset = sys::gguf_get_tensor_offset(gguf.as_ptr(), at) as u64;
            offset.saturating_add(sys::gguf_get_tensor_size(gguf.as_ptr(), at) as u64)
        });
        let needed = ends.max().unwrap_or(0).saturating_add(sys::gguf_get_data_offset(gguf.as_ptr()) as u64);
        sys::gguf_free(gguf.as_ptr());
        Some(needed)
    }
}

/// Whether the model writes text by continuing it, rather than turning text into something else.
pub(crate) fn continues_text(model: &LlamaModel) -> bool {
    let model = model_pointer(model);
    // SAFETY: the model is alive; both calls only read.
    unsafe { sys::llama_model_has_decoder(model) && !sys::llama_model_has_encoder(model) }
}

/// The pointer inside the safe wrapper's model.
pub(crate) fn model_pointer(model: &LlamaModel) -> *mut sys::llama_model {
    const { assert!(size_of::<LlamaModel>() == size_of::<*mut sys::llama_model>()) };
    // SAFETY: `LlamaModel` is `repr(transparent)` over a `repr(transparent)` pointer (checked for the pinned version).
    unsafe { *ptr::from_ref(model).cast::<*mut sys::llama_model>() }
}

/// What this build computes with, in llama.cpp's own words: `CPU : AVX2 = 1 | FMA = 1 | …`.
pub(crate) fn instruction_sets() -> String {
    // SAFETY: returns a static, terminated text that the next call overwrites; it is copied at once, and only the
    // benchmark calls this, from one thread.
    let words = unsafe { std::ffi::CStr::from_ptr(sys::llama_print_system_info()) };
    words.to_string_lossy().trim_matches([' ', '|']).to_owned()
}
