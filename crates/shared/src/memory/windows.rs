//! Windows: `CreateFileMapping` of no name and no file.

use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::{self, NonNull};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_COPY, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_BASIC_INFORMATION,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READWRITE, UnmapViewOfFile, VirtualQuery,
};

use super::Access;
use crate::windows::{failed, owned};
use crate::{Error, Result};

pub(super) type Object = OwnedHandle;

/// What is not written to takes no memory, but it is promised: it counts against the system's limit.
pub(super) fn create(size: usize) -> Result<Object> {
    let [high, low] = [(size as u64 >> 32) as u32, size as u32];
    // SAFETY: no file and no name; the handle is ours.
    unsafe { owned(CreateFileMappingW(INVALID_HANDLE_VALUE, ptr::null(), PAGE_READWRITE, high, low, ptr::null())) }
        .ok_or_else(|| failed("CreateFileMapping"))
}

/// Whole pages: the system does not tell more.
pub(super) fn size(object: &Object) -> Result<usize> {
    let address = map(object, 0, Access::Shared).map_err(|_| Error::Foreign("shared memory"))?;
    let mut found = MaybeUninit::<MEMORY_BASIC_INFORMATION>::zeroed();
    // SAFETY: the call writes what it is told to be the size at most; the mapping is nobody else's.
    let size = unsafe {
        let filled = VirtualQuery(address.as_ptr().cast(), found.as_mut_ptr(), size_of::<MEMORY_BASIC_INFORMATION>());
        unmap(address, 0);
        if filled == 0 { 0 } else { found.assume_init().RegionSize }
    };
    if size == 0 { Err(failed("VirtualQuery")) } else { Ok(size) }
}

/// All of it: with the length 0 as much as there is.
pub(super) fn map(object: &Object, size: usize, access: Access) -> Result<NonNull<u8>> {
    let access = match access {
        Access::Shared => FILE_MAP_READ | FILE_MAP_WRITE,
        Access::CopyOnWrite => FILE_MAP_COPY,
    };
    // SAFETY: a new mapping, at an address that the system chooses.
    let view = unsafe { MapViewOfFile(object.as_raw_handle(), access, 0, 0, size) };
    NonNull::new(view.Value.cast()).ok_or_else(|| failed("MapViewOfFile"))
}

/// # Safety
/// See [`super::Memory::map_over`].
pub(super) unsafe fn map_over(_object: &Object, _size: usize, _access: Access, _address: NonNull<u8>) -> Result<()> {
    Err(Error::Unsupported("mapping in the place of other memory"))
}

pub(super) fn punch(_object: &Object, _offset: usize, _length: usize) -> Result<()> {
    Err(Error::Unsupported("giving back a part of shared memory"))
}

/// # Safety
/// A mapping of `map`, which nothing uses any more.
pub(super) unsafe fn unmap(address: NonNull<u8>, _length: usize) {
    // SAFETY: per the caller.
    unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: address.as_ptr().cast() }) };
}
