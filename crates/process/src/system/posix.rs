//! Systems with the atomic close-on-exec of POSIX.1-2024: Linux and the BSDs.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::DupFlags;
use rustix::net::{RecvFlags, SendFlags, SocketFlags};
use rustix::rand::GetRandomFlags;

/// New sockets are close-on-exec.
pub(crate) const NEW_SOCKET: SocketFlags = SocketFlags::CLOEXEC;

/// An end that is gone is an error of the call, not a signal that ends the process.
pub(crate) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// Descriptors that come in are close-on-exec.
pub(crate) const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// Nothing is left to do: see [`NEW_SOCKET`] and [`SEND`].
#[expect(clippy::unnecessary_wraps, reason = "same signature as elsewhere, where it can fail")]
pub(crate) fn finish_socket(_socket: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// Nothing is left to do: see [`RECEIVE`].
#[expect(clippy::unnecessary_wraps, reason = "same signature as elsewhere, where it can fail")]
pub(crate) fn finish_received(_descriptor: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// `dup3`, close-on-exec. The two numbers must differ.
pub(crate) fn duplicate_over(from: BorrowedFd<'_>, to: &mut OwnedFd) -> rustix::io::Result<()> {
    rustix::io::dup3(from, to, DupFlags::CLOEXEC)
}

/// Fills at most 256 bytes, by the system call: libc's `getentropy` is as new as glibc 2.25.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man2/getrandom.2.html)
pub(crate) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    let length = bytes.len();
    // Up to 256 bytes are never cut short.
    let filled = rustix::rand::getrandom(bytes, GetRandomFlags::empty())?;
    debug_assert_eq!(filled, length);
    Ok(())
}
