//! Bytes that are too many for a socket's buffer: they are written once into memory of their own, whose descriptor travels,
//! and the receiver maps them. Freed with the last descriptor and mapping, whoever is killed.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

/// Nobody can change it any more, or make it shorter than what others have mapped.
const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

/// Where each of several parts begins, all of them on pages of their own, and where the last ends. `None` if they are more
/// than a file can hold.
fn places(lengths: impl IntoIterator<Item = u64>) -> Option<(Vec<u64>, u64)> {
    let page = rustix::param::page_size() as u64;
    let mut places = Vec::new();
    let mut end = 0_u64;
    for length in lengths {
        places.push(end);
        end = end.checked_add(length)?.checked_next_multiple_of(page)?;
    }
    i64::try_from(end).is_ok().then_some((places, end))
}

/// Memory with these parts in it, sealed.
///
/// # Errors
/// `ENOMEM` or `ENOSPC` where there is no memory for it; `EMFILE`, `ENFILE`.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man2/memfd_create.2.html)
pub fn store(parts: &[&[u8]]) -> io::Result<OwnedFd> {
    let Some((places, end)) = places(parts.iter().map(|part| part.len() as u64)) else {
        return Err(Errno::FBIG.into());
    };
    let memory = rustix::fs::memfd_create("zygote-message", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&memory, end)?;
    for (part, mut place) in parts.iter().zip(places) {
        let mut rest = *part;
        while !rest.is_empty() {
            // By `write`, and not through a mapping: pages that are filled whole are neither cleared first nor faulted in.
            match rustix::io::pwrite(&memory, rest, place) {
                Ok(0) => return Err(Errno::NOSPC.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    place += written as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    rustix::fs::fcntl_add_seals(&memory, SEALS)?;
    Ok(memory)
}

/// A part of such memory, for this process alone from here on: what it writes nobody else sees.
#[derive(Debug)]
pub struct Part {
    at: NonNull<c_void>,
    length: usize,
}

impl Part {
    /// Where its bytes are, and how many. Whoever takes them over gives them back to [`Part::unmap`].
    pub fn into_raw(self) -> (NonNull<c_void>, usize) {
        let raw = (self.at, self.length);
        std::mem::forget(self);
        raw
    }

    /// Frees what [`Part::into_raw`] gave.
    ///
    /// # Safety
    /// `at` and `length` came from it, nobody uses the memory any more, and this is called once.
    pub unsafe fn unmap(at: NonNull<c_void>, length: usize) {
        drop(Self { at, length });
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // SAFETY: mapped by `Blob::map` with this length; nobody uses it any more, per `unmap`.
        // It can only fail for arguments that are not those of a mapping.
        let _ = unsafe { rustix::mm::munmap(self.at.as_ptr(), self.length) };
    }
}

/// What [`store`] has made, where it arrives.
#[derive(Debug)]
pub struct Blob {
    memory: OwnedFd,
    places: Vec<u64>,
}

impl Blob {
    /// Takes it over. The lengths are those of the parts that were stored.
    ///
    /// # Errors
    /// `InvalidInput` if it is not sealed, or smaller than that.
    pub fn new(memory: OwnedFd, lengths: &[u64]) -> io::Result<Self> {
        let refuse = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        let Some((places, end)) = places(lengths.iter().copied()) else {
            return refuse("the parts are longer than memory can be");
        };
        if !rustix::fs::fcntl_get_seals(&memory).is_ok_and(|seals| seals.contains(SEALS)) {
            return refuse("what has arrived with a message is not sealed memory");
        }
        if rustix::fs::fstat(&memory)?.st_size.cast_unsigned() < end {
            return refuse("what has arrived with a message is shorter than it says");
        }
        Ok(Self { memory, places })
    }

    fn place(&self, index: usize) -> io::Result<u64> {
        self.places.get(index).copied().ok_or_else(|| Errno::INVAL.into())
    }

    /// Maps a part, which must not be empty.
    ///
    /// # Errors
    /// `ENOMEM` where this process has too many mappings.
    pub fn map(&self, index: usize, length: usize) -> io::Result<Part> {
        let place = self.place(index)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let at = unsafe {
            rustix::mm::mmap(ptr::null_mut(), length, protection, MapFlags::PRIVATE, self.memory.as_fd(), place)
        }?;
        NonNull::new(at).map(|at| Part { at, length }).ok_or_else(|| Errno::NOMEM.into())
    }

    /// Copies a part.
    ///
    /// # Errors
    /// `UnexpectedEof` if the part is shorter.
    pub fn read(&self, index: usize, into: &mut [u8]) -> io::Result<()> {
        let mut place = self.place(index)?;
        let mut rest = into;
        while !rest.is_empty() {
            match rustix::io::pread(&self.memory, &mut *rest, place) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    rest = rest.get_mut(length..).unwrap_or_default();
                    place += length as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }
}
