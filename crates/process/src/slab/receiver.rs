//! Slabs from which a receiver has received messages.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::io::Errno;

use super::{HEAD, Held, SEALS, Slab};
use crate::copy;

/// Slabs that a receiver remembers: about as many as a sender has.
const MOST: usize = 24;

/// From this size on a part of a message is leased. Below it, to copy it takes little more time, and memory of the allocator's can be
/// transferred to a Worker.
const LEASED_FROM: usize = 1 << 20;

/// Slabs from which a receiver has received messages.
#[derive(Debug, Default)]
pub struct Known(Vec<(u64, Arc<Slab>)>);

impl Known {
    /// Calls `take` with where the bytes of the message begin and whether there are so many; then the slab is its sender's again,
    /// unless something of it is held.
    ///
    /// # Errors
    /// `InvalidInput` for a descriptor of something else; `ENOMEM`; what `take` gives.
    pub fn read<T, E: From<io::Error>>(
        &mut self,
        memory: OwnedFd,
        length: usize,
        take: impl FnOnce(&Message<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let slab = self.slab(&memory)?;
        // Of a slab that is much larger than the message more memory would be kept than is of use.
        let held = if length >= LEASED_FROM.max(slab.size / 2) { Held::new(&slab, memory).ok() } else { None };
        let taken = take(&Message { slab: &slab, held: held.as_ref() });
        if held.is_none() {
            slab.busy().store(0, Ordering::Release);
        }
        taken
    }

    fn slab(&mut self, memory: impl AsFd) -> io::Result<Arc<Slab>> {
        let stat = rustix::fs::fstat(&memory)?;
        // As long as it is mapped no other one has its number.
        if let Some((_, slab)) = self.0.iter().find(|(inode, _)| *inode == stat.st_ino) {
            return Ok(Arc::clone(slab));
        }
        let is_sealed = rustix::fs::fcntl_get_seals(&memory).is_ok_and(|seals| seals.contains(SEALS));
        if !is_sealed || stat.st_size < HEAD as i64 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "what has arrived with a message is no slab"));
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        let size = usize::try_from(stat.st_size).map_err(|_| Errno::NOMEM)?;
        let slab = Arc::new(Slab::map(memory, size)?);
        self.0.push((stat.st_ino, Arc::clone(&slab)));
        Ok(slab)
    }
}

/// The bytes of a message in a slab.
#[derive(Debug)]
pub struct Message<'a> {
    slab: &'a Slab,
    held: Option<&'a Held>,
}

impl Message<'_> {
    /// Copies some of them to memory that may be uninitialized.
    ///
    /// # Safety
    /// There is room for `length` bytes at `into`.
    ///
    /// # Errors
    /// `InvalidInput` if there are not so many.
    pub unsafe fn copy(&self, offset: usize, length: usize, into: *mut u8) -> io::Result<()> {
        let from = self.slab.bytes(offset, length)?;
        // SAFETY: inside of the mapping; room for it per the caller.
        unsafe { copy::past_cache(from.as_ptr(), into, length) };
        Ok(())
    }

    /// Some of them where they are, which nobody else reads or writes as long as it is held; `None` if they are to be copied.
    ///
    /// # Errors
    /// As [`Self::copy`].
    pub fn hold(&self, offset: usize, length: usize) -> io::Result<Option<(NonNull<u8>, Held)>> {
        let Some(held) = self.held.filter(|_| length >= LEASED_FROM) else { return Ok(None) };
        Ok(Some((self.slab.bytes(offset, length)?, held.clone())))
    }
}
