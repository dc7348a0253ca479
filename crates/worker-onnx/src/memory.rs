//! How the process's memory goes back to the system.

/// Blocks of a megabyte and more go back to the system as soon as they are free, and other free memory in steps of a
/// megabyte. Left to itself, glibc takes the first large tensor that is freed as a reason to keep all that are smaller:
/// after a minute of speech `worker-moonshine` held 213 MB of which 105 MB were free.
///
/// Called once, before anything large is allocated. Does nothing where glibc is not the allocator.
#[allow(unsafe_code, reason = "there is no other way to tell glibc")]
pub fn give_back_early() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const MEGABYTE: libc::c_int = 1 << 20;
        // SAFETY: plain numbers for parameters that glibc documents (mallopt(3)); a value that it refuses changes nothing.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MEGABYTE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, MEGABYTE);
            // Passes run on a thread of their own, one for each utterance.
            libc::mallopt(libc::M_ARENA_MAX, 2);
        }
    }
}
