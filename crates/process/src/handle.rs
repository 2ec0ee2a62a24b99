//! Handles of Windows, which stand for kernel objects in one process: another one has to be given handles of its own.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, DuplicateHandle};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcess, PROCESS_DUP_HANDLE};

/// Gives a process that is being started handles for the same objects: the numbers that stand for them there. They are its own,
/// and go with it. Only for a process that cannot have ended so that another one has its id.
///
/// # Errors
/// What `OpenProcess` and `DuplicateHandle` say: the process has ended, or may not be given anything. It has none of them then.
pub fn give(pid: u32, handles: &[BorrowedHandle<'_>]) -> io::Result<Vec<usize>> {
    // SAFETY: takes numbers; the handle is ours.
    let process = unsafe { OpenProcess(PROCESS_DUP_HANDLE, 0, pid) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just made.
    let process = unsafe { OwnedHandle::from_raw_handle(process) };
    let mut given = Given { process: &process, numbers: Vec::new() };
    for handle in handles {
        let mut number = ptr::null_mut();
        // SAFETY: handles of this process that live.
        let done = unsafe {
            DuplicateHandle(
                GetCurrentProcess(),
                handle.as_raw_handle(),
                process.as_raw_handle(),
                &raw mut number,
                0,
                0,
                DUPLICATE_SAME_ACCESS,
            )
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        given.numbers.push(number.addr());
    }
    Ok(std::mem::take(&mut given.numbers))
}

/// What a process has been given so far: taken back, unless all goes well.
struct Given<'a> {
    process: &'a OwnedHandle,
    numbers: Vec<usize>,
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        for number in &self.numbers {
            let mut own = ptr::null_mut();
            // SAFETY: handles of the other process that nobody there knows of; the duplicate is ours.
            unsafe {
                let done = DuplicateHandle(
                    self.process.as_raw_handle(),
                    ptr::without_provenance_mut(*number),
                    GetCurrentProcess(),
                    &raw mut own,
                    0,
                    0,
                    DUPLICATE_CLOSE_SOURCE,
                );
                if done != 0 && !own.is_null() {
                    CloseHandle(own);
                }
            }
        }
    }
}
