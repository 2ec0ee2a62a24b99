//! A two-way byte stream between a parent and its child.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use crate::system;

/// A connected pair of Unix stream sockets, both close-on-exec.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/socketpair.html)
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, system::NEW_SOCKET, None)?;
    system::finish_socket(&a)?;
    system::finish_socket(&b)?;
    Ok((a, b))
}

/// Writes all of `bytes`, waiting where the other side is slow, whether the descriptor is non-blocking or not.
///
/// # Errors
/// `EPIPE` or `ECONNRESET` when the other side is gone.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::net::send(&fd, bytes, system::SEND) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or(&[]),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(&fd, PollFlags::OUT)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Fills `buffer`, waiting for what has not come yet, whether the descriptor is non-blocking or not. False if the stream
/// has ended before its first byte.
///
/// # Errors
/// `UnexpectedEof` if it ends in the middle, or what `read` and `poll` report.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/read.html)
pub fn read_exactly(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<bool> {
    let wanted = buffer.len();
    let mut missing = buffer;
    while !missing.is_empty() {
        match rustix::io::read(&fd, &mut *missing) {
            Ok(0) if missing.len() == wanted => return Ok(false),
            Ok(0) => {
                let message = format!("the stream ended after {} of {wanted} bytes", wanted - missing.len());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            Ok(length) => missing = missing.get_mut(length..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(&fd, PollFlags::IN)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(true)
}

/// Waits until something can be read from `fd`, or its stream has ended, or a signal comes.
///
/// # Errors
/// `EBADF`, `ENOMEM`.
pub fn wait_readable(fd: impl AsFd) -> io::Result<()> {
    wait(fd, PollFlags::IN)
}

/// Waits until `fd` may be ready for that, or a signal comes.
fn wait(fd: impl AsFd, what: PollFlags) -> io::Result<()> {
    let mut wanted = [PollFd::new(&fd, what)];
    match poll(&mut wanted, None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
