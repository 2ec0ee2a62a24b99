//! Linux: a futex that is not private.

use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use rustix::thread::{Timespec, futex};

#[cfg(target_endian = "big")]
compile_error!("the lower half of a word is taken to come first");

fn lower_half(word: &AtomicU64) -> &AtomicU32 {
    // SAFETY: the first four bytes of the word, which are its lower half; the alignment is sufficient. The kernel alone
    // reads it in this size.
    unsafe { &*std::ptr::from_ref(word).cast::<AtomicU32>() }
}

/// Until the lower half is no longer that of `seen`, or somebody wakes, or for this time.
pub(crate) fn wait(word: &AtomicU64, seen: u64, longest: Duration) {
    let time = Timespec { tv_sec: longest.as_secs() as i64, tv_nsec: longest.subsec_nanos().into() };
    // Whatever ended it, the caller looks again.
    let _ = futex::wait(lower_half(word), futex::Flags::empty(), seen as u32, Some(&time));
}

/// Wakes one of those who wait for the word.
pub(crate) fn wake_one(word: &AtomicU64) {
    let _ = futex::wake(lower_half(word), futex::Flags::empty(), 1);
}
