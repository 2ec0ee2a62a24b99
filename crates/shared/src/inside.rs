//! Which thread of this process is inside of a latch: one at a time, and none while the process forks.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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

/// Threads that copy into shared memory outside of a latch, which may take milliseconds.
static COPIES: RwLock<()> = RwLock::new(());

/// While it lives, this process does not fork.
#[derive(Debug)]
pub struct Copying {
    _guard: RwLockReadGuard<'static, ()>,
}

/// Waits until this process is not forking, and keeps it so: for copies into shared memory that need no latch. Not from inside of one.
pub fn copying() -> Copying {
    Copying { _guard: COPIES.read().unwrap_or_else(PoisonError::into_inner) }
}

/// While it lives, no other thread of this process does anything with shared memory that a clone of it must not do again.
#[derive(Debug)]
pub struct Still {
    // Dropped in this order.
    _alone: Alone,
    _copies: RwLockWriteGuard<'static, ()>,
}

/// For a fork: waits until all threads of this process are out of all that they do with shared memory, and keeps it so.
pub fn still() -> Still {
    let copies = COPIES.write().unwrap_or_else(PoisonError::into_inner);
    Still { _alone: alone(), _copies: copies }
}
