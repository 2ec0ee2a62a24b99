//! The slabs of a sender.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;

use rustix::fs::{FallocateFlags, MemfdFlags};

use super::{HEAD, MOST_BYTES, SEALS, Slab, aligned};
use crate::copy;

/// Bytes of all slabs of a sender: those that receivers lease, those on their way, and some to go on with.
const MOST_TOGETHER: usize = 160 << 20;

/// Bytes of the smallest slab.
const LEAST: usize = 512 << 10;

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
    /// Copies the parts of a message into a slab, each to where [`aligned`] says: its descriptor. `None` if they are too large for one.
    ///
    /// # Errors
    /// `ENOMEM` or `ENOSPC` where there is no memory for it; `EMFILE`, `ENFILE`.
    pub fn store(&mut self, parts: &[&[u8]]) -> io::Result<Option<BorrowedFd<'_>>> {
        let length = parts.iter().fold(0, |offset, part| aligned(offset) + part.len());
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
            offset = aligned(offset);
            let into = slab.bytes(offset, part.len())?;
            // SAFETY: inside of the mapping; nobody reads it, as it is free and its descriptor was not sent.
            unsafe { copy::past_cache(part.as_ptr(), into.as_ptr(), part.len()) };
            offset += part.len();
        }
        slab.busy().store(1, Ordering::Release);
        Ok(Some(memory.as_fd()))
    }

    /// Where the smallest one is that is free and large enough.
    fn free(&mut self, length: usize) -> io::Result<usize> {
        let is_free = |slab: &Slab| slab.busy().load(Ordering::Acquire) == 0;
        let fitting = self.list.iter().enumerate().filter(|(_, (_, slab))| slab.size >= length + HEAD && is_free(slab));
        if let Some((index, _)) = fitting.min_by_key(|(_, (_, slab))| slab.size) {
            return Ok(index);
        }
        let size = size_for(length);
        while self.list.iter().map(|(_, slab)| slab.size).sum::<usize>() + size > MOST_TOGETHER {
            // One that is too small; or else the oldest, which its receiver may never free.
            let index = self.list.iter().position(|(_, slab)| is_free(slab)).unwrap_or(0);
            self.list.remove(index);
        }
        let memory = rustix::fs::memfd_create("zygote-message", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        // All of it is taken now, so that there is an error where there is none, and not the end of the process at the copy.
        rustix::fs::fallocate(&memory, FallocateFlags::empty(), 0, size as u64)?;
        rustix::fs::fcntl_add_seals(&memory, SEALS)?;
        let slab = Slab::map(&memory, size)?;
        self.list.push((memory, slab));
        Ok(self.list.len() - 1)
    }
}

/// Of a slab for so many bytes: up to a quarter more, so that messages of about a size fit into the slabs of one another.
fn size_for(length: usize) -> usize {
    let size = (length + HEAD).max(LEAST);
    size.next_multiple_of(size.next_power_of_two() / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slab_is_a_quarter_larger_at_most() {
        for length in [1, LEAST, LEAST + 1, 1 << 20, (8 << 20) + 1, MOST_BYTES] {
            let size = size_for(length);
            assert!(size >= length + HEAD && size.is_multiple_of(HEAD), "{length} {size}");
            assert!(size <= LEAST || size <= (length + HEAD) / 4 * 5, "{length} {size}");
        }
    }
}
