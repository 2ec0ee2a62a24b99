//! Windows: `GetProcessTimes`.

use std::os::windows::io::AsHandle;
use std::sync::OnceLock;

use super::ProcessId;
use crate::windows;

/// Units of 100 ns since 1601. `None` if there is no such process, or it is another user's.
pub(super) fn start_of(pid: u32) -> Option<u64> {
    windows::start_of(windows::open_process(pid, 0).ok()?.as_handle())
}

/// Nothing is forked there.
pub(super) fn cached(compute: impl Fn() -> ProcessId) -> ProcessId {
    static OWN: OnceLock<ProcessId> = OnceLock::new();
    *OWN.get_or_init(compute)
}
