//! Memory that large messages pass through, used again and again: to make new memory for each takes several times as long as to copy
//! a message twice. The sender copies a message into a slab that is free, marks it as busy and sends its descriptor; the receiver copies
//! it out and marks the slab as free.
//!
//! A sender that is killed has sent nothing. A slab whose receiver is killed stays busy, until the sender has others and lets go of it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

/// Before the bytes of a message: whether the slab is busy. A page, for what it costs.
const HEAD: usize = 4096;

/// Bytes of the largest slab: what is larger is rare, and would hold as much memory for ever.
pub const MOST_BYTES: usize = (16 << 20) - HEAD;

/// Slabs that a sender has at a time, and that a receiver remembers: as many as frames of large messages find room in a socket, one
/// that is being written and one that is being read.
const MOST: usize = 6;

/// Nobody can make it shorter than what others have mapped.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

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

impl Drop for Slab {
    fn drop(&mut self) {
        // SAFETY: mapped with this size; nobody uses it any more. It cannot fail for a mapping.
        let _ = unsafe { rustix::mm::munmap(self.at.as_ptr().cast(), self.size) };
    }
}

/// The slabs of a sender.
#[derive(Debug)]
pub struct Slabs {
    /// Whose they are: a forked child must not write into those of its parent.
    process: u32,
    list: Vec<(OwnedFd, Slab)>,
}

impl Default for Slabs {
    fn default() -> Self {
        Self { process: std::process::id(), list: Vec::new() }
    }
}

impl Slabs {
    /// Copies the parts of a message into a slab, one after the other: its descriptor. `None` if they are too large for one.
    ///
    /// # Errors
    /// `ENOMEM` or `ENOSPC` where there is no memory for it; `EMFILE`, `ENFILE`.
    pub fn store(&mut self, parts: &[&[u8]]) -> io::Result<Option<BorrowedFd<'_>>> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > MOST_BYTES {
            return Ok(None);
        }
        if self.process != std::process::id() {
            *self = Self::default();
        }
        let index = self.free(length)?;
        let Some((memory, slab)) = self.list.get(index) else { return Ok(None) };
        let mut offset = 0;
        for part in parts {
            let into = slab.bytes(offset, part.len())?;
            // SAFETY: inside of the mapping; nobody reads it, as it is free and its descriptor was not sent.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), into.as_ptr(), part.len()) };
            offset += part.len();
        }
        slab.busy().store(1, Ordering::Release);
        Ok(Some(memory.as_fd()))
    }

    /// Where one is that is free and large enough.
    fn free(&mut self, length: usize) -> io::Result<usize> {
        let is_free = |slab: &Slab| slab.busy().load(Ordering::Acquire) == 0;
        if let Some(index) = self.list.iter().position(|(_, slab)| slab.size >= length + HEAD && is_free(slab)) {
            return Ok(index);
        }
        if self.list.len() >= MOST {
            // One that is too small; or else the oldest, which its receiver may never free.
            let index = self.list.iter().position(|(_, slab)| is_free(slab)).unwrap_or(0);
            self.list.remove(index);
        }
        let size = (length + HEAD).next_power_of_two().max(1 << 20);
        let memory = rustix::fs::memfd_create("zygote-message", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        // All of it is taken now, so that there is an error where there is none, and not the end of the process at the copy.
        rustix::fs::fallocate(&memory, rustix::fs::FallocateFlags::empty(), 0, size as u64)?;
        rustix::fs::fcntl_add_seals(&memory, SEALS)?;
        let slab = Slab::map(&memory, size)?;
        self.list.push((memory, slab));
        Ok(self.list.len() - 1)
    }
}

/// Slabs from which this process has received messages.
#[derive(Debug, Default)]
pub struct Known(Vec<(u64, Slab)>);

impl Known {
    /// Calls `take` with where the bytes of the message begin and whether there are so many; then the slab is its sender's again.
    ///
    /// # Errors
    /// `InvalidInput` for a descriptor of something else; `ENOMEM`; what `take` gives.
    pub fn read<T, E: From<io::Error>>(
        &mut self,
        memory: impl AsFd,
        take: impl FnOnce(&Message<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let slab = self.slab(memory)?;
        let taken = take(&Message(slab));
        slab.busy().store(0, Ordering::Release);
        taken
    }

    fn slab(&mut self, memory: impl AsFd) -> io::Result<&Slab> {
        let stat = rustix::fs::fstat(&memory)?;
        // As long as it is mapped no other one has its number.
        if let Some(index) = self.0.iter().position(|(inode, _)| *inode == stat.st_ino) {
            return self.0.get(index).map(|(_, slab)| slab).ok_or_else(|| Errno::INVAL.into());
        }
        let is_sealed = rustix::fs::fcntl_get_seals(&memory).is_ok_and(|seals| seals.contains(SEALS));
        if !is_sealed || stat.st_size < HEAD as i64 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "what has arrived with a message is no slab"));
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((stat.st_ino, Slab::map(memory, stat.st_size as usize)?));
        self.0.last().map(|(_, slab)| slab).ok_or_else(|| Errno::INVAL.into())
    }
}

/// The bytes of a message in a slab.
#[derive(Debug)]
pub struct Message<'a>(&'a Slab);

impl Message<'_> {
    /// Copies some of them to memory that may be uninitialized.
    ///
    /// # Safety
    /// There is room for `length` bytes at `into`.
    ///
    /// # Errors
    /// `InvalidInput` if there are not so many.
    pub unsafe fn copy(&self, offset: usize, length: usize, into: *mut u8) -> io::Result<()> {
        let from = self.0.bytes(offset, length)?;
        // SAFETY: inside of the mapping; room for it per the caller.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), into, length) };
        Ok(())
    }
}
