//! How native code asks, in the middle of a computation, whether it is still wanted.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Whether the work at hand is still wanted. Asked very often and from any thread: it has to be cheap.
pub type IsCancelled = Arc<dyn Fn() -> bool + Send + Sync>;

/// Holds whom to ask. Its address stays the same as long as it lives: native code keeps it.
pub(crate) struct Watched(Box<AtomicPtr<IsCancelled>>);

impl Watched {
    /// Nobody is asked.
    pub(crate) fn nobody() -> Self {
        Self(Box::new(AtomicPtr::new(ptr::null_mut())))
    }

    /// From now on `is_cancelled` is asked. Not to be called while a computation goes on.
    pub(crate) fn set(&mut self, is_cancelled: IsCancelled) {
        free(self.0.swap(Box::into_raw(Box::new(is_cancelled)), Ordering::AcqRel));
    }

    /// From now on nobody is. Not to be called while a computation goes on.
    pub(crate) fn clear(&mut self) {
        free(self.0.swap(ptr::null_mut(), Ordering::AcqRel));
    }

    /// What [`asked_at`] takes; good as long as this lives.
    pub(crate) fn address(&self) -> *mut c_void {
        ptr::from_ref::<AtomicPtr<IsCancelled>>(&self.0).cast_mut().cast::<c_void>()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Asks whoever is to be asked.
///
/// # Safety
/// `address` is that of a [`Watched`] that lives, and that nobody sets or clears meanwhile.
pub(crate) unsafe fn asked_at(address: *mut c_void) -> bool {
    // SAFETY: the caller says so.
    let watch = unsafe { &*address.cast::<AtomicPtr<IsCancelled>>() }.load(Ordering::Acquire);
    // SAFETY: a non-null pointer came from `set` and is freed only while no computation goes on.
    NonNull::new(watch).is_some_and(|watch| unsafe { watch.as_ref() }())
}

/// Frees what [`Watched::set`] has put there. Nobody reads it any more.
fn free(watch: *mut IsCancelled) {
    if !watch.is_null() {
        // SAFETY: made by `Box::into_raw`, taken out of its only place.
        drop(unsafe { Box::from_raw(watch) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_whom_it_was_told_to() {
        let mut watched = Watched::nobody();
        let address = watched.address();
        // SAFETY: `watched` lives to the end, and this thread alone uses it.
        let asked = || unsafe { asked_at(address) };
        assert!(!asked());
        watched.set(Arc::new(|| true));
        assert!(asked());
        watched.set(Arc::new(|| false));
        assert!(!asked());
        watched.clear();
        assert!(!asked());
    }
}
