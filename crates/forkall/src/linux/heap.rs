//! Memory that was marked `MADV_DONTFORK` is not inherited. V8 marks its whole heap so, to make `exec` after `fork` cheap,
//! and goes on marking every chunk that it maps: the mark is taken off at each fork, while nothing can map.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::procfs::{self, Lines, Words};
use super::sys;

/// The kernel's own pages in every process, `[vvar]` to `[vdso]`: advice stops at them with EINVAL.
static KERNEL_START: AtomicUsize = AtomicUsize::new(0);
static KERNEL_END: AtomicUsize = AtomicUsize::new(0);

/// First address that a process may map at all by default (`vm.mmap_min_addr`), rounded to the largest page size.
const LOWEST: usize = 0x10000;

/// End of the addresses that a process gets without asking for more.
#[cfg(target_arch = "x86_64")]
const HIGHEST: usize = (1 << 47) - 0x1000;
#[cfg(target_arch = "aarch64")]
const HIGHEST: usize = (1 << 48) - 0x10000;

/// Finds the kernel's own pages once; they never move.
pub(super) fn prepare() -> Result<(), i32> {
    if KERNEL_END.load(Ordering::Acquire) != 0 {
        return Ok(());
    }
    let (mut start, mut end) = (usize::MAX, 0);
    each_mapping(|mapping| {
        if mapping.path.starts_with(b"[vvar") || mapping.path == b"[vdso]" {
            start = start.min(mapping.start);
            end = end.max(mapping.end);
        }
    })?;
    if end == 0 {
        // No such pages: one range covers everything.
        (start, end) = (LOWEST, LOWEST);
    }
    KERNEL_START.store(start, Ordering::Release);
    KERNEL_END.store(end, Ordering::Release);
    Ok(())
}

/// Makes all memory of this process inheritable.
///
/// One call per range suffices: it fails with ENOMEM because of the holes, after it has been applied to every mapping.
pub(super) fn make_inheritable() -> Result<(), i32> {
    let (start, end) = (KERNEL_START.load(Ordering::Acquire), KERNEL_END.load(Ordering::Acquire));
    for (from, to) in [(LOWEST, start), (end, HIGHEST)] {
        if from >= to {
            continue;
        }
        match sys::advise(from, to, libc::MADV_DOFORK) {
            Ok(()) | Err(libc::ENOMEM) => {}
            // A device mapping stopped the walk.
            Err(_) => return each_mapping_inheritable(),
        }
    }
    Ok(())
}

fn each_mapping_inheritable() -> Result<(), i32> {
    each_mapping(|mapping| {
        if mapping.private && mapping.inode == 0 && !mapping.path.starts_with(b"[v") {
            // A mapping that refuses is one of a device, which V8's heap is not.
            let _ = sys::advise(mapping.start, mapping.end, libc::MADV_DOFORK);
        }
    })
}

/// One line of `/proc/self/maps`.
pub(super) struct Mapping<'a> {
    pub start: usize,
    pub end: usize,
    pub private: bool,
    pub offset: u64,
    pub inode: u64,
    pub path: &'a [u8],
}

pub(super) fn each_mapping(mut each: impl FnMut(&Mapping<'_>)) -> Result<(), i32> {
    let mut lines = Lines::open(b"/proc/self/maps\0")?;
    while let Some(line) = lines.next() {
        let mut words = Words(line);
        let (Some(range), Some(permissions)) = (words.next(), words.next()) else { continue };
        let dash = range.iter().position(|byte| *byte == b'-').unwrap_or(0);
        let offset = words.hexadecimal().unwrap_or(0);
        let _device = words.next();
        let inode = words.decimal().unwrap_or(0);
        each(&Mapping {
            start: procfs::hexadecimal(range) as usize,
            end: procfs::hexadecimal(range.get(dash + 1..).unwrap_or(&[])) as usize,
            private: permissions.get(3) == Some(&b'p'),
            offset,
            inode,
            path: words.next().unwrap_or(&[]),
        });
    }
    Ok(())
}
