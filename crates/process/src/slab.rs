//! Memory that large messages pass through, used again and again: to make new memory for each takes several times as long as to copy
//! a message twice. The sender copies a message into a slab that is free, marks it as busy and sends its descriptor; the receiver
//! leases the slab, so that what it has received lies there, and marks it as free when it needs it no more. Where it has leased much
//! already, or would lease little of a slab, it copies the message out at once.
//!
//! A sender that is killed has sent nothing. A slab whose receiver is killed stays busy, until the sender has others and lets go of it.

mod lease;
mod receiver;
mod sender;

use std::io;
use std::os::fd::AsFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU32;

use rustix::fs::SealFlags;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

pub use lease::{AllPrivate, Held};
pub use receiver::{Known, Message};
pub use sender::Slabs;

/// Before the bytes of a message: whether the slab is busy. A page, for what it costs.
const HEAD: usize = 4096;

/// Bytes of the largest slab: what is larger is rare, and would hold as much memory for ever.
pub const MOST_BYTES: usize = (16 << 20) - HEAD;

/// What begins in a slab begins at a line of the cache.
const ALIGNMENT: usize = 64;

/// Nobody can make it shorter than what others have mapped.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Where the part after one that ends at `offset` begins.
#[must_use]
pub const fn aligned(offset: usize) -> usize {
    offset.next_multiple_of(ALIGNMENT)
}

#[derive(Debug)]
struct Slab {
    at: NonNull<u8>,
    size: usize,
}

impl Slab {
    fn map(memory: impl AsFd, size: usize) -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let at = unsafe { rustix::mm::mmap(ptr::null_mut(), size, protection, MapFlags::SHARED, memory, 0) }?;
        NonNull::new(at.cast()).map(|at| Self { at, size }).ok_or_else(|| Errno::NOMEM.into())
    }

    fn busy(&self) -> &AtomicU32 {
        // SAFETY: the mapping begins with it, and is longer.
        unsafe { self.at.cast::<AtomicU32>().as_ref() }
    }

    /// Where `length` bytes of a message are, from `offset` on.
    fn bytes(&self, offset: usize, length: usize) -> io::Result<NonNull<u8>> {
        let end = offset.checked_add(length).and_then(|end| end.checked_add(HEAD));
        if end.is_none_or(|end| end > self.size) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "what has arrived with a message is shorter than it says",
            ));
        }
        // SAFETY: inside of the mapping.
        Ok(unsafe { self.at.add(HEAD + offset) })
    }
}

// SAFETY: what it points to stays mapped as long as it lives, and is shared by atomics or by who has the message.
unsafe impl Send for Slab {}
// SAFETY: as above.
unsafe impl Sync for Slab {}

impl Drop for Slab {
    fn drop(&mut self) {
        // SAFETY: mapped with this size; nobody uses it any more. It cannot fail for a mapping.
        let _ = unsafe { rustix::mm::munmap(self.at.as_ptr().cast(), self.size) };
    }
}
