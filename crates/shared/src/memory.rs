//! Memory objects without a name, which live as long as somebody has a descriptor or a mapping of them, and their mappings.

use std::ptr::NonNull;

use crate::{Error, Result};

#[cfg_attr(target_os = "linux", path = "memory/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "memory/macos.rs")]
#[cfg_attr(windows, path = "memory/windows.rs")]
mod system;

#[cfg(windows)]
mod placeholders;
#[cfg(unix)]
mod unix;

/// How a mapping relates to the memory behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody sees what anybody writes.
    Shared,
    /// This mapping begins with what is there, and keeps its own writes to itself. A page that it has not written to follows
    /// the memory behind it.
    CopyOnWrite,
}

/// A memory object: zeroed when it is made, its pages taken from the system when they are first written.
#[derive(Debug)]
pub struct Memory {
    object: system::Object,
    size: usize,
}

impl Memory {
    /// A new one of `size` bytes, which can neither shrink nor grow.
    ///
    /// # Errors
    /// [`Error::Call`] (`EMFILE`, `ENOMEM`, `EFBIG`).
    pub fn create(size: usize) -> Result<Self> {
        let size = size.max(1);
        Ok(Self { object: system::create(size)?, size })
    }

    /// The one behind a descriptor that has arrived.
    ///
    /// # Errors
    /// [`Error::Call`]; [`Error::Foreign`] if the descriptor is not that of a memory object.
    #[cfg(unix)]
    pub fn from_descriptor(descriptor: std::os::fd::OwnedFd) -> Result<Self> {
        let size = unix::size(&descriptor)?;
        Ok(Self { object: descriptor, size })
    }

    /// The one behind a handle that has arrived. Its size is a number of whole pages.
    ///
    /// # Errors
    /// [`Error::Call`]; [`Error::Foreign`] if the handle is not that of a memory object.
    #[cfg(windows)]
    pub fn from_descriptor(handle: std::os::windows::io::OwnedHandle) -> Result<Self> {
        let size = system::size(&handle)?;
        Ok(Self { object: handle, size })
    }

    /// The same without what comes behind the first bytes, so many.
    ///
    /// # Errors
    /// [`Error::Foreign`] if it has not so many.
    pub fn shortened(self, size: usize) -> Result<Self> {
        if size == 0 || size > self.size { Err(Error::Foreign("shared memory")) } else { Ok(Self { size, ..self }) }
    }

    /// Puts bytes there from its begin on, without mapping it for long. What does not fit is left out.
    ///
    /// # Errors
    /// [`Error::Call`] (`ENOMEM`).
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        system::write(&self.object, bytes.get(..self.size).unwrap_or(bytes))
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Maps all of it.
    ///
    /// # Errors
    /// [`Error::Call`] (`ENOMEM`).
    pub fn map(&self, access: Access) -> Result<Mapping> {
        let address = system::map(&self.object, self.size, access)?;
        Ok(Mapping { address, length: self.size })
    }

    /// Maps all of it in the place of memory that the caller has.
    ///
    /// # Safety
    /// From `address`, at the begin of a page, to the end of the last page are [`size`](Self::size) bytes whose content
    /// nobody needs any more and which nobody unmaps otherwise than with what was there.
    ///
    /// # Errors
    /// [`Error::Call`] (`ENOMEM`), [`Error::Unsupported`].
    pub unsafe fn map_over(&self, address: NonNull<u8>, access: Access) -> Result<()> {
        // SAFETY: per the caller.
        unsafe { system::map_over(&self.object, self.size, access, address) }
    }

    /// Gives whole pages of this range back to the system: they read as zeros again, for everybody.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Unsupported`].
    pub fn punch(&self, offset: usize, length: usize) -> Result<()> {
        if length == 0 {
            return Ok(());
        }
        system::punch(&self.object, offset, length)
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Memory {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.object.as_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsHandle for Memory {
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        self.object.as_handle()
    }
}

/// Memory that is mapped until this is dropped.
#[derive(Debug)]
pub struct Mapping {
    address: NonNull<u8>,
    length: usize,
}

// SAFETY: plain memory, which is also other processes': who accesses it synchronizes.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Where it begins, at the begin of a page.
    pub fn address(&self) -> NonNull<u8> {
        self.address
    }

    /// Bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What stands at `offset`.
    ///
    /// # Safety
    /// Whatever bytes there are make a `T` that may be changed by others at any time: it consists of atomics.
    ///
    /// # Errors
    /// [`Error::Foreign`] if it does not lie inside of the mapping, aligned.
    pub unsafe fn at<T>(&self, offset: usize) -> Result<&T> {
        let end = offset.checked_add(size_of::<T>());
        if !offset.is_multiple_of(align_of::<T>()) || end.is_none_or(|end| end > self.length) {
            return Err(Error::Foreign("an object"));
        }
        // SAFETY: inside the mapping, aligned as pages are; valid per the caller for as long as the mapping lives.
        Ok(unsafe { self.address.add(offset).cast::<T>().as_ref() })
    }

    /// `count` of them from `offset` on.
    ///
    /// # Safety
    /// As [`at`](Self::at).
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub unsafe fn slice_at<T>(&self, offset: usize, count: usize) -> Result<&[T]> {
        let end = size_of::<T>().checked_mul(count).and_then(|bytes| bytes.checked_add(offset));
        if !offset.is_multiple_of(align_of::<T>()) || end.is_none_or(|end| end > self.length) {
            return Err(Error::Foreign("an object"));
        }
        // SAFETY: as above.
        Ok(unsafe { std::slice::from_raw_parts(self.address.add(offset).cast::<T>().as_ptr(), count) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: made by `map` with this length; nothing borrows it any more.
        unsafe { system::unmap(self.address, self.length) };
    }
}
