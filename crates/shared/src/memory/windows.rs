//! Windows: `CreateFileMapping` of no name and no file.

use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::{self, NonNull};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_COPY, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_BASIC_INFORMATION,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READWRITE, PAGE_WRITECOPY, UnmapViewOfFile, VirtualQuery,
};

use super::Access;
use super::placeholders::placeholders;
use crate::windows::{failed, owned};
use crate::{Error, Result};

pub(super) type Object = OwnedHandle;

/// On every processor that Windows and Node run on.
const PAGE: usize = 4096;

/// What is not written to takes no memory, but it is promised: it counts against the system's limit.
pub(super) fn create(size: usize) -> Result<Object> {
    let [high, low] = [(size as u64 >> 32) as u32, size as u32];
    // SAFETY: no file and no name; the handle is ours.
    unsafe { owned(CreateFileMappingW(INVALID_HANDLE_VALUE, ptr::null(), PAGE_READWRITE, high, low, ptr::null())) }
        .ok_or_else(|| failed("CreateFileMapping"))
}

/// Whole pages: the system does not tell more.
pub(super) fn size(object: &Object) -> Result<usize> {
    let address = map_anywhere(object, Access::Shared).map_err(|_| Error::Foreign("shared memory"))?;
    let mut found = MaybeUninit::<MEMORY_BASIC_INFORMATION>::zeroed();
    // SAFETY: the call writes what it is told to be the size at most; the mapping is nobody else's.
    let size = unsafe {
        let filled = VirtualQuery(address.as_ptr().cast(), found.as_mut_ptr(), size_of::<MEMORY_BASIC_INFORMATION>());
        unmap(address, 0);
        if filled == 0 { 0 } else { found.assume_init().RegionSize }
    };
    if size == 0 { Err(failed("VirtualQuery")) } else { Ok(size) }
}

/// All of it.
pub(super) fn map(object: &Object, size: usize, access: Access) -> Result<NonNull<u8>> {
    let size = size.next_multiple_of(PAGE);
    if let Some(mapped) = placeholders().and_then(|system| system.map(object.as_raw_handle(), size, protection(access)))
    {
        return Ok(mapped);
    }
    map_anywhere(object, access)
}

fn map_anywhere(object: &Object, access: Access) -> Result<NonNull<u8>> {
    let access = match access {
        Access::Shared => FILE_MAP_READ | FILE_MAP_WRITE,
        Access::CopyOnWrite => FILE_MAP_COPY,
    };
    // SAFETY: a new mapping, at an address that the system chooses.
    let view = unsafe { MapViewOfFile(object.as_raw_handle(), access, 0, 0, 0) };
    NonNull::new(view.Value.cast()).ok_or_else(|| failed("MapViewOfFile"))
}

pub(super) fn write(object: &Object, bytes: &[u8]) -> Result<()> {
    let address = map_anywhere(object, Access::Shared)?;
    // SAFETY: a mapping of all of the memory, which the caller knows to be as large, and its own.
    unsafe {
        address.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        unmap(address, bytes.len());
    }
    Ok(())
}

/// In the place of a mapping that `map` has made: for the time of two calls there is nothing.
///
/// # Safety
/// See [`super::Memory::map_over`]; and no other thread uses the memory meanwhile.
pub(super) unsafe fn map_over(object: &Object, size: usize, access: Access, address: NonNull<u8>) -> Result<()> {
    let system = placeholders().ok_or(Error::Unsupported("copy-on-write memory, before Windows 10 1803"))?;
    let size = size.next_multiple_of(PAGE);
    // SAFETY: per the caller.
    let done = unsafe { system.map_over(object.as_raw_handle(), address, size, protection(access)) };
    if done { Ok(()) } else { Err(failed("MapViewOfFile3")) }
}

fn protection(access: Access) -> u32 {
    match access {
        Access::Shared => PAGE_READWRITE,
        Access::CopyOnWrite => PAGE_WRITECOPY,
    }
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
