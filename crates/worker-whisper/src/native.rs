//! What whisper-rs does not do safely.

// A C callback.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use whisper_rs::{FullParams, WhisperError, WhisperState, WhisperSysContext, WhisperSysState};

/// Runs `params` over `sound`, until `abort` is true: whisper.cpp looks at it after the encoder and after each token.
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

/// Sets the encoder to the number of positions in `params` and runs nothing: what finds the language takes the number
/// that was set last, and there is no other way to set it.
pub(crate) fn set_positions(
    state: &mut WhisperState,
    mut params: FullParams<'_, '_>,
    sound: &[f32],
) -> Result<(), WhisperError> {
    // SAFETY: the callback uses none of its arguments.
    unsafe {
        params.set_start_encoder_callback(Some(never));
    }
    state.full(params, sound)
}

/// Called before the encoder runs; false ends the computation there.
unsafe extern "C" fn never(_: *mut WhisperSysContext, _: *mut WhisperSysState, _: *mut c_void) -> bool {
    false
}

unsafe extern "C" fn is_set(flag: *mut c_void) -> bool {
    // SAFETY: the flag that `run` gave, which is only read.
    unsafe { (*flag.cast::<AtomicBool>()).load(Ordering::Relaxed) }
}
