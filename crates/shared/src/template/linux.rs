//! Linux: the memory is sealed, so that nobody who gets its descriptor can change what the others begin with.

use rustix::fs::SealFlags;

use crate::memory::Memory;
use crate::{Error, Result};

/// There is no mapping left by which it could be written.
pub(super) fn seal(memory: &Memory) -> Result<()> {
    rustix::fs::fcntl_add_seals(memory, SealFlags::WRITE)
        .map_err(|errno| Error::call("fcntl(F_ADD_SEALS)")(errno.into()))
}
