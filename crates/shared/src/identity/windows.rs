//! Windows.

use super::ProcessId;

pub(super) fn start_of(_pid: u32) -> Option<u64> {
    None
}

/// Nothing is forked there.
pub(super) fn cached(compute: impl Fn() -> ProcessId) -> ProcessId {
    compute()
}
