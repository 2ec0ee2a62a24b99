//! Linux: the memory is sealed, so that nobody who gets its descriptor can change what the others begin with.

use std::os::fd::BorrowedFd;

use rustix::fs::SealFlags;

use crate::{Error, Result};

/// There is no mapping left by which it could be written.
pub(super) fn seal(memory: BorrowedFd<'_>) -> Result<()> {
    rustix::fs::fcntl_add_seals(memory, SealFlags::WRITE)
        .map_err(|errno| Error::call("fcntl(F_ADD_SEALS)")(errno.into()))
}
