//! Which thread of this process is inside of a latch: one at a time, and none while the process forks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing waits for other threads while it holds this, but for the short time in which another process is inside of the
/// latch: so it is never held for long.
static INSIDE: Mutex<()> = Mutex::new(());

/// While it lives, no other thread of this process is inside of a latch. Hold it across a fork: a child would else have a
/// thread that believes to be alone with memory that it shares.
#[derive(Debug)]
pub struct Alone {
    _guard: MutexGuard<'static, ()>,
}

/// Waits until no thread of this process is inside of a latch, and keeps it so. Not from inside of one.
pub fn alone() -> Alone {
    Alone { _guard: INSIDE.lock().unwrap_or_else(PoisonError::into_inner) }
}
