//! Windows.

use crate::{Error, Result};

/// See the [module](self).
#[derive(Debug)]
pub struct Bell(());

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// Always [`Error::Unsupported`].
    pub fn create() -> Result<Self> {
        Err(Error::Unsupported("waiting for other processes"))
    }

    /// Wakes everybody who waits.
    pub fn ring(&self) {}

    /// Tells it from others of this process, while it lives.
    pub fn token(&self) -> u32 {
        0
    }
}
