//! macOS: a pipe that nobody reads: each write is one edge for each kqueue that it is in. Who finds it full empties it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use crate::{Error, Result};

/// See the [module](self).
#[derive(Debug)]
pub struct Bell {
    read: OwnedFd,
    write: OwnedFd,
}

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Call`] (`EMFILE`).
    pub fn create() -> Result<Self> {
        let (read, write) = rustix::pipe::pipe().map_err(|errno| Error::call("pipe")(errno.into()))?;
        for end in [&read, &write] {
            fcntl_setfd(end, FdFlags::CLOEXEC).map_err(|errno| Error::call("fcntl(F_SETFD)")(errno.into()))?;
            fcntl_setfl(end, OFlags::NONBLOCK).map_err(|errno| Error::call("fcntl(F_SETFL)")(errno.into()))?;
        }
        Ok(Self { read, write })
    }

    /// One that has arrived.
    ///
    /// # Errors
    /// None here; as where a bell is more than its descriptors.
    pub fn from_descriptors(descriptors: [OwnedFd; 2]) -> Result<Self> {
        let [read, write] = descriptors;
        Ok(Self { read, write })
    }

    /// What has to arrive elsewhere, for [`from_descriptors`](Self::from_descriptors).
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.read.as_fd(), self.write.as_fd()]
    }

    /// Wakes everybody who waits.
    pub fn ring(&self) {
        while rustix::io::write(&self.write, &[1]) == Err(Errno::AGAIN) {
            let mut buffer = [0_u8; 4096];
            while matches!(rustix::io::read(&self.read, &mut buffer), Ok(1..)) {}
        }
    }

    /// Tells it from others of this process, while it lives.
    pub fn token(&self) -> u32 {
        self.read.as_raw_fd() as u32
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}
