//! Linux: `/proc/PID/stat`, and a page that the kernel empties in a forked child, however it was forked.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Mode, OFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};

use super::ProcessId;

/// Place of the start time (field 22) among the fields after the name.
const START_FIELD: usize = 19;

/// Clock ticks since the boot. `None` if the process does not exist, or `/proc` does not tell.
pub(super) fn start_of(pid: u32) -> Option<u64> {
    let path = format!("/proc/{pid}/stat");
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // The name is at most 64 bytes long, and each of 52 fields at most 20.
    let mut buffer = [0_u8; 1536];
    let length = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut buffer)).ok()?;
    let text = std::str::from_utf8(buffer.get(..length)?.rsplit(|byte| *byte == b')').next()?).ok()?;
    text.split_ascii_whitespace().nth(START_FIELD)?.parse().ok()
}

/// The value, computed again in each forked child.
pub(super) fn cached(compute: impl Fn() -> ProcessId) -> ProcessId {
    static PAGE: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();
    let Some(cell) = PAGE.get_or_init(wiped_page) else { return compute() };
    ProcessId::from_raw(cell.load(Ordering::Relaxed)).unwrap_or_else(|| {
        let value = compute();
        cell.store(value.raw(), Ordering::Relaxed);
        value
    })
}

/// A page that is empty again in a child. `None` before Linux 4.14.
fn wiped_page() -> Option<&'static AtomicU64> {
    let size = rustix::param::page_size();
    // SAFETY: a mapping of its own that is never unmapped; the kernel gives it zeroed and page-aligned.
    unsafe {
        let page = rustix::mm::mmap_anonymous(
            std::ptr::null_mut(),
            size,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE,
        )
        .ok()?;
        if rustix::mm::madvise(page, size, Advice::LinuxWipeOnFork).is_err() {
            let _ = rustix::mm::munmap(page, size);
            return None;
        }
        page.cast::<AtomicU64>().as_ref()
    }
}
