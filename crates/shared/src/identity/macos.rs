//! macOS: `proc_pidinfo`. `getpid` is not a system call there.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ProcessId;

/// Microseconds since the epoch. `None` if there is no such process, or it is another user's.
pub(super) fn start_of(pid: u32) -> Option<u64> {
    let mut info = std::mem::MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = size_of::<libc::proc_bsdinfo>() as i32;
    // SAFETY: the buffer has the size that is told.
    let filled = unsafe { libc::proc_pidinfo(pid as i32, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), size) };
    if filled != size {
        return None;
    }
    // SAFETY: filled completely; all of its fields are numbers.
    let info = unsafe { info.assume_init() };
    Some(info.pbi_start_tvsec.wrapping_mul(1_000_000).wrapping_add(info.pbi_start_tvusec))
}

/// The value, computed again in each forked child.
pub(super) fn cached(compute: impl Fn() -> ProcessId) -> ProcessId {
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    if let Some(known) = ProcessId::from_raw(KNOWN.load(Ordering::Relaxed))
        && known.pid() == std::process::id()
    {
        return known;
    }
    let value = compute();
    KNOWN.store(value.raw(), Ordering::Relaxed);
    value
}
