//! Where no messages pass through slabs.

use std::io;

/// For a fork: that nothing is leased.
#[derive(Debug)]
pub struct AllPrivate(());

impl AllPrivate {
    /// Nothing to do.
    ///
    /// # Errors
    /// None.
    pub fn hold() -> io::Result<Self> {
        Ok(Self(()))
    }
}
