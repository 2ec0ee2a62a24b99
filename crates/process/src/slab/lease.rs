//! Slabs that messages lie in which this process has received.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::mm::{MapFlags, ProtFlags};

use super::Slab;

/// Leases of this process at a time: each has a descriptor.
const MOST: usize = 32;

/// Bytes of their slabs: about what V8 lets go of at a time when nothing else fills its memory.
const MOST_BYTES: usize = 96 << 20;

/// All of this process.
static LEASES: Mutex<Vec<Arc<Lease>>> = Mutex::new(Vec::new());

/// A slab whose bytes are somebody's in this process.
#[derive(Debug)]
struct Lease {
    slab: Arc<Slab>,
    memory: OwnedFd,
    /// Who has a part of it.
    holders: AtomicUsize,
    /// Not the sender's memory any more, but this process's own, as it was. Changed and read with `LEASES` held.
    is_private: AtomicBool,
}

/// Bytes in a slab, or the slab itself, which is its sender's again when all that hold it are dropped.
#[derive(Debug)]
pub struct Held(Arc<Lease>);

impl Held {
    /// Gives the descriptor back if so much is leased already that it is not to be.
    pub(super) fn new(slab: &Arc<Slab>, memory: OwnedFd) -> Result<Self, OwnedFd> {
        let mut leases = leases();
        let leased: usize = leases.iter().map(|lease| lease.slab.size).sum();
        if leases.len() >= MOST || leased + slab.size > MOST_BYTES {
            return Err(memory);
        }
        let lease = Arc::new(Lease {
            slab: Arc::clone(slab),
            memory,
            holders: AtomicUsize::new(1),
            is_private: AtomicBool::new(false),
        });
        leases.push(Arc::clone(&lease));
        Ok(Self(lease))
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // All that the others have done with the bytes comes before they are the sender's.
        if self.0.holders.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let mut leases = leases();
        leases.retain(|other| !Arc::ptr_eq(other, &self.0));
        if !self.0.is_private.load(Ordering::Relaxed) {
            self.0.slab.busy().store(0, Ordering::Release);
        }
    }
}

/// For a fork: while it lives, what this process has received is in memory of its own, and so in that of a child. Those slabs are
/// not their senders' again: a child may need them for longer.
#[derive(Debug)]
pub struct AllPrivate {
    _leases: MutexGuard<'static, Vec<Arc<Lease>>>,
}

impl AllPrivate {
    /// Maps all that is leased anew, where it is.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn hold() -> io::Result<Self> {
        let leases = leases();
        for lease in leases.iter().filter(|lease| !lease.is_private.load(Ordering::Relaxed)) {
            let slab = &lease.slab;
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            let how = MapFlags::PRIVATE | MapFlags::FIXED;
            // SAFETY: in place of the slab's mapping, with the same bytes of the same memory: who looks at it notices nothing.
            unsafe { rustix::mm::mmap(slab.at.as_ptr().cast(), slab.size, protection, how, &lease.memory, 0) }?;
            lease.is_private.store(true, Ordering::Relaxed);
        }
        Ok(Self { _leases: leases })
    }
}

fn leases() -> MutexGuard<'static, Vec<Arc<Lease>>> {
    LEASES.lock().unwrap_or_else(PoisonError::into_inner)
}
