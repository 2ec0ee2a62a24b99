//! Descriptors that stand for the same kernel object in a forked child as in this process.

use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// With how often each was shared. A few, looked through one by one.
static SHARED: Mutex<Vec<(RawFd, usize)>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<(RawFd, usize)>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on each fork leaves the descriptor as it is.
pub fn share(fd: RawFd) {
    let mut shared = lock();
    match shared.iter_mut().find(|(other, _)| *other == fd) {
        Some((_, count)) => *count += 1,
        None => shared.push((fd, 1)),
    }
}

/// Takes back what [`share`] was called for once. Before the descriptor is closed: its number may be given to another one.
pub fn unshare(fd: RawFd) {
    let mut shared = lock();
    if let Some(at) = shared.iter().position(|(other, _)| *other == fd) {
        match shared.get_mut(at) {
            Some((_, count)) if *count > 1 => *count -= 1,
            _ => drop(shared.swap_remove(at)),
        }
    }
}

/// The descriptors that are shared, which stay as they are until this is dropped: for the time of a fork.
pub struct Inherited(MutexGuard<'static, Vec<(RawFd, usize)>>);

impl std::fmt::Debug for Inherited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.descriptors()).finish()
    }
}

impl Inherited {
    /// Waits until no other thread is changing the list: a child without threads would find it locked for ever.
    pub fn hold() -> Self {
        Self(lock())
    }

    /// Their numbers.
    pub fn descriptors(&self) -> impl Iterator<Item = RawFd> + '_ {
        self.0.iter().map(|(fd, _)| *fd)
    }
}
