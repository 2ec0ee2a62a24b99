//! Descriptors as numbers: more of them for one object, and one object behind another's number.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags};

use crate::system;

/// Standard input, output and error: what a program that is started expects to get.
const STANDARD: std::ops::RangeInclusive<RawFd> = 0..=2;

/// Puts the object behind `from` behind the number `to` as well, in the place of what is there. Close-on-exec, but for the
/// standard streams.
///
/// # Errors
/// `EBADF` if `to` is out of range.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/dup.html)
pub fn replace(from: impl AsFd, to: RawFd) -> io::Result<()> {
    let from = from.as_fd();
    if to < 0 {
        return Err(Errno::BADF.into());
    }
    if from.as_raw_fd() == to {
        return set_close_on_exec(from, !STANDARD.contains(&to));
    }
    // SAFETY: only a number for the calls below, which take a closed one too. It is never dropped, so nothing is closed
    // that others own.
    let mut place = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(to) });
    loop {
        let result = if STANDARD.contains(&to) {
            rustix::io::dup2(from, &mut place)
        } else {
            system::duplicate_over(from, &mut place)
        };
        match result {
            // Another thread is just opening something under that number.
            Err(Errno::INTR | Errno::BUSY) => {}
            result => return Ok(result?),
        }
    }
}

/// Another number for the same object, close-on-exec; never one of the standard streams.
///
/// # Errors
/// `EMFILE`.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fcntl.html)
pub fn duplicate(fd: impl AsFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, STANDARD.end() + 1)?)
}

/// Whether a program that this process becomes or starts gets the descriptor: with `on` it does not.
///
/// # Errors
/// `EBADF`.
pub fn set_close_on_exec(fd: impl AsFd, on: bool) -> io::Result<()> {
    let flags = if on { FdFlags::CLOEXEC } else { FdFlags::empty() };
    Ok(rustix::io::fcntl_setfd(fd, flags)?)
}
