//! The end of a process on Unix.

/// `_exit`: see [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/_exit.html).
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}
