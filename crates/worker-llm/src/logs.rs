//! llama.cpp's own log lines: they go to `tracing`, and the last error is kept, because it is the only word that
//! llama.cpp gives about *why* a file could not be loaded.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::sync::{Mutex, Once, PoisonError};

use llama_cpp_sys_2 as sys;

/// The last error line. A mutex, because ggml may log from any of its threads.
static LAST_ERROR: Mutex<Option<String>> = Mutex::new(None);

/// Sends llama.cpp's and ggml's log to `tracing`, under the target `llama.cpp`.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // SAFETY: the callback is a plain function without data; setting llama's also sets ggml's, and the helper's mtmd's.
    ONCE.call_once(|| unsafe {
        sys::llama_log_set(Some(take), std::ptr::null_mut());
        sys::mtmd_helper_log_set(Some(take), std::ptr::null_mut());
    });
}

/// The last error line since the last call.
pub(crate) fn take_last_error() -> Option<String> {
    LAST_ERROR.lock().unwrap_or_else(PoisonError::into_inner).take()
}

unsafe extern "C" fn take(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    match level {
        sys::GGML_LOG_LEVEL_ERROR => {
            // SAFETY: llama.cpp gives a terminated string that lives for the call.
            let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
            let line = text.trim();
            tracing::error!(target: "llama.cpp", "{line}");
            // The last line of a failed load is a general one; the first says what is wrong.
            LAST_ERROR.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| plain(line));
        }
        sys::GGML_LOG_LEVEL_WARN => {
            // SAFETY: as above.
            let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
            tracing::warn!(target: "llama.cpp", "{}", text.trim());
        }
        // Everything else is chatter of loading, thousands of lines; nobody asked for it.
        _ => {}
    }
}

/// A log line without the name of the function that wrote it.
fn plain(line: &str) -> String {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match line.split_once(": ") {
        Some((name, rest)) if is_name(name) => plain(rest),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn function_names_are_not_for_people() {
        let line = "llama_model_load: error loading model: tensor data is not within the file bounds";
        assert_eq!(super::plain(line), "error loading model: tensor data is not within the file bounds");
    }
}
