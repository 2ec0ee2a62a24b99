//! Linux: an eventfd that is written and never read: each write is one edge for each epoll set that it is in.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::{Error, Result};

/// See the [module](self).
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Call`] (`EMFILE`).
    pub fn create() -> Result<Self> {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map(Self)
            .map_err(|errno| Error::call("eventfd")(errno.into()))
    }

    /// One that has arrived.
    ///
    /// # Errors
    /// None here; as where a bell is more than its descriptors.
    pub fn from_descriptors(descriptors: [OwnedFd; 1]) -> Result<Self> {
        let [fd] = descriptors;
        Ok(Self(fd))
    }

    /// What has to arrive elsewhere, for [`from_descriptors`](Self::from_descriptors).
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 1] {
        [self.0.as_fd()]
    }

    /// Wakes everybody who waits.
    pub fn ring(&self) {
        while rustix::io::write(&self.0, &1_u64.to_ne_bytes()) == Err(Errno::AGAIN) {
            // It was rung nearly 2^64 times.
            let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
        }
    }

    /// Tells it from others of this process, while it lives.
    pub fn token(&self) -> u32 {
        self.0.as_raw_fd() as u32
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
