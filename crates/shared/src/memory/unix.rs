//! What POSIX systems have in common.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

use super::Access;
use crate::{Error, Result};

pub(super) type Object = OwnedFd;

pub(super) fn size(object: impl AsFd) -> Result<usize> {
    let status = rustix::fs::fstat(object).map_err(|errno| Error::call("fstat")(errno.into()))?;
    let size = usize::try_from(status.st_size).unwrap_or(0);
    if size == 0 { Err(Error::Foreign("shared memory")) } else { Ok(size) }
}

fn flags(access: Access) -> MapFlags {
    match access {
        Access::Shared => MapFlags::SHARED,
        Access::CopyOnWrite => MapFlags::PRIVATE,
    }
}

pub(super) fn map(object: &Object, size: usize, access: Access) -> Result<NonNull<u8>> {
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let address = unsafe {
        rustix::mm::mmap(std::ptr::null_mut(), size, ProtFlags::READ | ProtFlags::WRITE, flags(access), object, 0)
    };
    address.ok().and_then(|address| NonNull::new(address.cast())).ok_or_else(|| {
        Error::call("mmap")(address.err().map_or_else(|| std::io::ErrorKind::OutOfMemory.into(), Into::into))
    })
}

pub(super) fn write(object: &Object, bytes: &[u8]) -> Result<()> {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pwrite(object, rest, at as u64) {
            Ok(written) => at += written,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(Error::call("pwrite")(errno.into())),
        }
    }
    Ok(())
}

/// # Safety
/// See [`super::Memory::map_over`].
pub(super) unsafe fn map_over(object: &Object, size: usize, access: Access, address: NonNull<u8>) -> Result<()> {
    let flags = flags(access) | MapFlags::FIXED;
    // SAFETY: per the caller.
    unsafe { rustix::mm::mmap(address.as_ptr().cast(), size, ProtFlags::READ | ProtFlags::WRITE, flags, object, 0) }
        .map(drop)
        .map_err(|errno| Error::call("mmap")(errno.into()))
}

/// # Safety
/// A mapping of `map`, which nothing uses any more.
pub(super) unsafe fn unmap(address: NonNull<u8>, length: usize) {
    // SAFETY: per the caller. It cannot fail for a whole mapping.
    let _ = unsafe { rustix::mm::munmap(address.as_ptr().cast(), length) };
}
