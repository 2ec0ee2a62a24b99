//! The end of a process on Windows.

use std::ffi::c_void;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetCurrentProcess() -> *mut c_void;
    fn TerminateProcess(process: *mut c_void, code: u32) -> i32;
}

/// `TerminateProcess`: unlike `ExitProcess` it runs no code of libraries, which could wait for a thread that is no more. See
/// [Windows](https://learn.microsoft.com/en-us/windows/win32/api/processthreadsapi/nf-processthreadsapi-terminateprocess).
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: the pseudo-handle of this process needs no closing; this process does not come back.
    unsafe { TerminateProcess(GetCurrentProcess(), code as u32) };
    // Not reached: a process may always end itself.
    std::process::abort()
}
