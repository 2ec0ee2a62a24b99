//! Where memory cannot be sealed nobody has a mapping by which it could be written, but who wants it could make one.

use std::os::fd::BorrowedFd;

use crate::Result;

#[expect(clippy::unnecessary_wraps, reason = "as where it can fail")]
pub(super) fn seal(_memory: BorrowedFd<'_>) -> Result<()> {
    Ok(())
}
