//! macOS: it is asked for.

/// Whether this is the process's first thread.
pub fn is_current() -> bool {
    // SAFETY: asks only.
    unsafe { libc::pthread_main_np() != 0 }
}
