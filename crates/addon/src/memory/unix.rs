//! What Unix tells of this process.

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

/// A function that the program exports.
pub(super) fn function_of_node(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: only asks.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}

/// Bytes.
pub(super) fn page_size() -> usize {
    // SAFETY: only asks.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
