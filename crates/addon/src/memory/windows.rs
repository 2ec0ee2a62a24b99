//! What Windows tells of this process.

use std::ffi::{CStr, c_void};
use std::ptr::{self, NonNull};

use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

/// A function that the program exports.
pub(super) fn function_of_node(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: only asks the program itself, which stays loaded.
    let found = unsafe { GetProcAddress(GetModuleHandleA(ptr::null()), name.as_ptr().cast()) }?;
    NonNull::new(found as *mut c_void)
}

/// Bytes, on every processor that Windows and Node run on.
pub(super) fn page_size() -> usize {
    4096
}
