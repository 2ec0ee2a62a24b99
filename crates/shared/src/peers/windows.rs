//! Windows: handles of processes, which are signalled when their process has ended.

use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};
use std::sync::Arc;

use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;

use super::Standing;
use crate::identity::ProcessId;
use crate::windows::{is_of, is_signalled, open_process};

/// A process that lived when this was made.
#[derive(Clone, Debug)]
pub struct Peer {
    process: ProcessId,
    handle: Arc<OwnedHandle>,
}

impl Peer {
    /// Looks for it.
    pub fn open(process: ProcessId) -> Standing {
        match open_process(process.pid(), 0) {
            // One that has ended is there for as long as somebody has a handle of it.
            Ok(handle) if is_of(handle.as_handle(), process) && !is_signalled(handle.as_handle()) => {
                Standing::Lives(Self { process, handle: Arc::new(handle) })
            }
            Ok(_) | Err(ERROR_INVALID_PARAMETER) => Standing::Ended,
            Err(_) => Standing::Unknown,
        }
    }

    pub(crate) fn process(&self) -> ProcessId {
        self.process
    }

    /// Whether it has ended since.
    pub fn has_ended(&self) -> bool {
        is_signalled(self.as_handle())
    }
}

impl AsHandle for Peer {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}
