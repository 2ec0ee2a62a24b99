//! Where memory cannot be sealed nobody has a mapping by which it could be written, but who wants it could make one.

use crate::Result;
use crate::memory::Memory;

#[expect(clippy::unnecessary_wraps, reason = "as where it can fail")]
pub(super) fn seal(_memory: &Memory) -> Result<()> {
    Ok(())
}
