//! Two ends, of which each learns when nobody has the other one any more, be it that the last process that had it was killed.
//!
//! They are the ends of a pipe of Windows into which nobody writes. Several processes may have the same end.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_NOT_FOUND, GENERIC_READ, GENERIC_WRITE, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, PIPE_ACCESS_DUPLEX, ReadFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PeekNamedPipe};
use windows_sys::Win32::System::Threading::CreateEventW;

/// Two ends.
///
/// # Errors
/// What `CreateNamedPipe` and `CreateFile` say.
pub fn pair() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let name = name();
    // SAFETY: the name ends with 0; the handles are ours. The pipe has one instance, which is taken by the second call.
    unsafe {
        let first = CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            16,
            16,
            0,
            ptr::null(),
        );
        let first = owned(first)?;
        let access = GENERIC_READ | GENERIC_WRITE;
        let second =
            CreateFileW(name.as_ptr(), access, 0, ptr::null(), OPEN_EXISTING, FILE_FLAG_OVERLAPPED, ptr::null_mut());
        Ok((first, owned(second)?))
    }
}

/// Nobody can guess it in the short time until the pipe is complete.
fn name() -> Vec<u16> {
    let random = || RandomState::new().build_hasher().finish();
    let name = format!(r"\\.\pipe\zygote-{}-{:016x}{:016x}", std::process::id(), random(), random());
    name.encode_utf16().chain([0]).collect()
}

/// # Safety
/// The handle is nobody else's to close.
unsafe fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: per the caller.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Whether nobody has the other end any more.
pub fn is_alone(end: BorrowedHandle<'_>) -> bool {
    // SAFETY: an open handle; nothing is asked for but whether it works.
    unsafe {
        PeekNamedPipe(end.as_raw_handle(), ptr::null_mut(), 0, ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) == 0
    }
}

/// Waits for the other end to be gone: an event is set then.
pub struct Watch {
    end: OwnedHandle,
    event: OwnedHandle,
    /// The system writes to it until the read is over.
    read: Box<Read>,
}

struct Read {
    state: OVERLAPPED,
    byte: u8,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Watch").field("end", &self.end).field("event", &self.event).finish_non_exhaustive()
    }
}

impl Watch {
    /// From now on.
    ///
    /// # Errors
    /// What `CreateEvent` and `ReadFile` say.
    pub fn new(end: BorrowedHandle<'_>) -> io::Result<Self> {
        let end = end.try_clone_to_owned()?;
        // SAFETY: an event of no name, which resets itself; the handle is ours.
        let event = unsafe { owned(CreateEventW(ptr::null(), 0, 0, ptr::null())) }?;
        // SAFETY: numbers and null pointers.
        let mut read = Box::new(Read { state: unsafe { mem::zeroed() }, byte: 0 });
        read.state.hEvent = event.as_raw_handle();
        let into = &mut *read;
        // SAFETY: an open handle; the buffer and the state live until the read is over, see `drop`.
        let (done, error) = unsafe {
            let done = ReadFile(end.as_raw_handle(), &raw mut into.byte, 1, ptr::null_mut(), &raw mut into.state);
            (done, GetLastError())
        };
        if done == 0 && error != ERROR_IO_PENDING {
            // The other end is gone already.
            // SAFETY: an event of ours.
            unsafe { windows_sys::Win32::System::Threading::SetEvent(event.as_raw_handle()) };
        }
        Ok(Self { end, event, read })
    }

    /// Set once, when the other end is gone.
    pub fn event(&self) -> BorrowedHandle<'_> {
        self.event.as_handle()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut count = 0;
        // SAFETY: the read of `new`; once this is over the system has let go of its memory.
        unsafe {
            let canceled = CancelIoEx(self.end.as_raw_handle(), &raw const self.read.state);
            if canceled != 0 || GetLastError() != ERROR_NOT_FOUND {
                GetOverlappedResult(self.end.as_raw_handle(), &raw const self.read.state, &raw mut count, 1);
            }
        }
    }
}
