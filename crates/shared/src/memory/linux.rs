//! Linux: `memfd_create`.

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};

use crate::{Error, Result};

pub(super) use super::unix::{Object, map, map_over, unmap, write};

pub(super) fn create(size: usize) -> Result<Object> {
    let object = rustix::fs::memfd_create("zygote", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
        .map_err(|errno| Error::call("memfd_create")(errno.into()))?;
    rustix::fs::ftruncate(&object, size as u64).map_err(|errno| Error::call("ftruncate")(errno.into()))?;
    // Nobody who gets the descriptor can make the others' mappings end in the middle.
    rustix::fs::fcntl_add_seals(&object, SealFlags::SHRINK | SealFlags::GROW)
        .map_err(|errno| Error::call("fcntl(F_ADD_SEALS)")(errno.into()))?;
    Ok(object)
}

pub(super) fn punch(object: &Object, offset: usize, length: usize) -> Result<()> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(object, flags, offset as u64, length as u64)
        .map_err(|errno| Error::call("fallocate")(errno.into()))
}
