//! Memory that a process and those that it forks write to together.

use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// A mapping that forked children inherit as it is, not copy-on-write. It ends with the last process that has it. Zero at first.
#[derive(Debug)]
pub struct SharedPages {
    start: NonNull<c_void>,
    length: usize,
}

// SAFETY: plain memory. Who writes to it is the business of who has its address.
unsafe impl Send for SharedPages {}

impl SharedPages {
    /// Maps `length` bytes, at least one.
    ///
    /// # Errors
    /// `ENOMEM`, or `EINVAL` for no bytes at all.
    pub fn new(length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping, at an address that the system chooses.
        let start =
            unsafe { mmap_anonymous(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED) }?;
        let start = NonNull::new(start).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { start, length })
    }

    /// Its first byte.
    pub fn start(&self) -> NonNull<u8> {
        self.start.cast()
    }

    /// Bytes.
    pub fn length(&self) -> usize {
        self.length
    }
}

impl Drop for SharedPages {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, and nobody uses it any more. It cannot fail with these arguments.
        let _ = unsafe { munmap(self.start.as_ptr(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::SharedPages;

    #[test]
    fn what_a_child_writes_is_there() {
        let pages = SharedPages::new(5000).expect("mmap");
        assert_eq!(pages.length(), 5000);
        let last = pages.start().as_ptr().wrapping_add(4999);
        // SAFETY: the child only writes to the pages and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: inside of the mapping.
            unsafe {
                last.write_volatile(7);
                libc::_exit(0);
            }
        }
        // SAFETY: waits for the child made above.
        assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
        // SAFETY: inside of the mapping, and the child has ended.
        assert_eq!(unsafe { last.read_volatile() }, 7);
    }

    #[test]
    fn no_bytes_are_refused() {
        assert!(SharedPages::new(0).is_err());
    }
}
