//! Linux: the main thread has the id of its process.

/// Whether this is the process's first thread.
pub fn is_current() -> bool {
    // SAFETY: asks for ids only. By the system call: libc's `gettid` is as new as glibc 2.30.
    unsafe { libc::c_long::from(libc::getpid()) == libc::syscall(libc::SYS_gettid) }
}
