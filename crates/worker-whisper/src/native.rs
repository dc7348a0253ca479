//! What whisper-rs does not do safely.

// A C callback.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use whisper_rs::{FullParams, WhisperError, WhisperState};

/// Runs `params` over `sound`, until `abort` is true.
///
/// whisper-rs's own `set_abort_callback_safe` (0.16) reads its closure through a pointer of another type, so the plain C
/// interface is used.
pub(crate) fn run(
    state: &mut WhisperState,
    mut params: FullParams<'_, '_>,
    sound: &[f32],
    abort: &AtomicBool,
) -> Result<(), WhisperError> {
    // SAFETY: the callback gets the flag, which outlives the call to `full` below; `params` is used for no other.
    unsafe {
        params.set_abort_callback(Some(is_set));
        params.set_abort_callback_user_data(std::ptr::from_ref(abort).cast_mut().cast());
    }
    state.full(params, sound)
}

unsafe extern "C" fn is_set(flag: *mut c_void) -> bool {
    // SAFETY: the flag that `run` gave, which is only read.
    unsafe { (*flag.cast::<AtomicBool>()).load(Ordering::Relaxed) }
}
