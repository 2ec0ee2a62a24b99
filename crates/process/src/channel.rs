//! A two-way byte stream between a parent and its child.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

/// A connected pair of Unix stream sockets, both close-on-exec.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/socketpair.html)
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(target_os = "linux")]
    let flags = SocketFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = SocketFlags::empty();
    let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    #[cfg(not(target_os = "linux"))]
    for fd in [&a, &b] {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((a, b))
}

/// Writes all of `bytes`, waiting where the other side is slow, whether the descriptor is non-blocking or not.
///
/// # Errors
/// `EPIPE` or `ECONNRESET` when the other side is gone.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::net::send(&fd, bytes, no_signal()) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or(&[]),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => wait_writable(&fd)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// An end that is gone is an error of the call, not a signal that ends the process.
fn no_signal() -> rustix::net::SendFlags {
    #[cfg(not(any(target_os = "macos", target_os = "ios")))]
    let flags = rustix::net::SendFlags::NOSIGNAL;
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    let flags = rustix::net::SendFlags::empty();
    flags
}

fn wait_writable(fd: impl AsFd) -> io::Result<()> {
    let mut wanted = [PollFd::new(&fd, PollFlags::OUT)];
    match poll(&mut wanted, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
