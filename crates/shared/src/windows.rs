//! What the parts for Windows have in common.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::sync::{Mutex, PoisonError};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{
    DuplicateHandle, ERROR_INVALID_PARAMETER, FILETIME, GetLastError, HANDLE, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::Threading::{
    CreateEventW, EVENT_MODIFY_STATE, GetCurrentProcess, GetProcessTimes, OpenProcess, PROCESS_DUP_HANDLE,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, ResetEvent, SetEvent, WaitForSingleObject,
};

use crate::identity::ProcessId;
use crate::{Error, Result};

/// The error of the call that has just failed.
pub(crate) fn failed(call: &'static str) -> Error {
    Error::call(call)(io::Error::last_os_error())
}

/// What a call has made, unless that is null.
///
/// # Safety
/// The handle is nobody else's to close.
pub(crate) unsafe fn owned(handle: HANDLE) -> Option<OwnedHandle> {
    // SAFETY: per the caller.
    (!handle.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// A process that has this number now, to be asked about; or the system's error code.
pub(crate) fn open_process(pid: u32, access: u32) -> std::result::Result<OwnedHandle, u32> {
    let access = access | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    // SAFETY: takes numbers; the handle is ours.
    unsafe { owned(OpenProcess(access, 0, pid)).ok_or_else(|| GetLastError()) }
}

/// When it started: units of 100 ns since 1601.
pub(crate) fn start_of(process: BorrowedHandle<'_>) -> Option<u64> {
    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [creation, exit, kernel, user] = &mut times;
    // SAFETY: the handle was opened for that; the call fills the four.
    let known = unsafe { GetProcessTimes(process.as_raw_handle(), creation, exit, kernel, user) } != 0;
    known.then(|| u64::from(times[0].dwHighDateTime) << 32 | u64::from(times[0].dwLowDateTime))
}

/// Whether an object is signalled: a process, when it has ended.
pub(crate) fn is_signalled(object: BorrowedHandle<'_>) -> bool {
    // SAFETY: a handle that lives, opened for that.
    unsafe { WaitForSingleObject(object.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

/// An event that resets itself when it has woken somebody. Those that are no longer used are kept for the next ones and never
/// closed: other processes know them by their handles, and would else set something else.
#[derive(Debug)]
pub(crate) struct Event(BorrowedHandle<'static>);

static IDLE: Mutex<Vec<BorrowedHandle<'static>>> = Mutex::new(Vec::new());

impl Event {
    pub(crate) fn take() -> Result<Self> {
        if let Some(idle) = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            // SAFETY: an event of ours.
            unsafe { ResetEvent(idle.as_raw_handle()) };
            return Ok(Self(idle));
        }
        // SAFETY: takes no pointers.
        let event = unsafe { CreateEventW(ptr::null(), 0, 0, ptr::null()) };
        if event.is_null() {
            return Err(failed("CreateEvent"));
        }
        // SAFETY: nobody closes it.
        Ok(Self(unsafe { BorrowedHandle::borrow_raw(event) }))
    }

    pub(crate) fn handle(&self) -> BorrowedHandle<'static> {
        self.0
    }

    /// What stands for it in shared memory.
    pub(crate) fn raw(&self) -> u64 {
        self.0.as_raw_handle().addr() as u64
    }

    /// Until it is set, or for so many milliseconds.
    pub(crate) fn wait(&self, milliseconds: u32) -> Result<()> {
        // SAFETY: an event of ours.
        match unsafe { WaitForSingleObject(self.0.as_raw_handle(), milliseconds) } {
            WAIT_OBJECT_0 | WAIT_TIMEOUT => Ok(()),
            _ => Err(failed("WaitForSingleObject")),
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

/// Events of other processes that this one has set, for the next time.
static FAR: Mutex<Option<HashMap<ProcessId, Far>>> = Mutex::new(None);

struct Far {
    process: OwnedHandle,
    events: HashMap<u64, OwnedHandle>,
}

/// Sets the event that `raw` stands for in that process. False if that has ended.
pub(crate) fn set_event(process: ProcessId, raw: u64) -> bool {
    if process == ProcessId::own() {
        // SAFETY: events of this process are never closed.
        unsafe { SetEvent(ptr::without_provenance_mut(raw as usize)) };
        return true;
    }
    let mut known = FAR.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let far = match known.entry(process) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => match open_process(process.pid(), PROCESS_DUP_HANDLE) {
            Ok(handle) if is_of(handle.as_handle(), process) => {
                entry.insert(Far { process: handle, events: HashMap::new() })
            }
            Err(code) if code != ERROR_INVALID_PARAMETER => return true,
            _ => return false,
        },
    };
    if is_signalled(far.process.as_handle()) {
        known.remove(&process);
        return false;
    }
    if !far.events.contains_key(&raw)
        && let Some(event) = duplicate_from(far.process.as_handle(), raw)
    {
        far.events.insert(raw, event);
    }
    if let Some(event) = far.events.get(&raw) {
        // SAFETY: a handle of ours; where it is of no event the call fails.
        unsafe { SetEvent(event.as_raw_handle()) };
    }
    true
}

/// Whether that is the process, and no other one with the same number.
pub(crate) fn is_of(handle: BorrowedHandle<'_>, process: ProcessId) -> bool {
    start_of(handle).is_some_and(|start| ProcessId::new(process.pid(), start) == process)
}

fn duplicate_from(process: BorrowedHandle<'_>, raw: u64) -> Option<OwnedHandle> {
    let mut event = ptr::null_mut();
    // SAFETY: the process was opened for that; what the number stands for there is only duplicated; the duplicate is ours.
    unsafe {
        DuplicateHandle(
            process.as_raw_handle(),
            ptr::without_provenance_mut(raw as usize),
            GetCurrentProcess(),
            &raw mut event,
            EVENT_MODIFY_STATE,
            0,
            0,
        );
        owned(event)
    }
}
