//! Linux: the main thread has the id of its process.

/// Whether this is the process's first thread.
pub fn is_current() -> bool {
    // SAFETY: asks for ids only.
    unsafe { libc::getpid() == libc::gettid() }
}
