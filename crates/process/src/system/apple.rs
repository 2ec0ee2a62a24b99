//! macOS: close-on-exec takes a second call. A process that another thread starts in between inherits the descriptor.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{RecvFlags, SendFlags, SocketFlags};

/// See [`finish_socket`].
pub(crate) const NEW_SOCKET: SocketFlags = SocketFlags::empty();

/// See [`finish_socket`].
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// See [`finish_received`].
pub(crate) const RECEIVE: RecvFlags = RecvFlags::empty();

/// Makes a socket close-on-exec, and a gone other end an error of the call instead of a signal that ends the process.
pub(crate) fn finish_socket(socket: &OwnedFd) -> io::Result<()> {
    rustix::net::sockopt::set_socket_nosigpipe(socket, true)?;
    Ok(fcntl_setfd(socket, FdFlags::CLOEXEC)?)
}

/// Makes a descriptor that came in close-on-exec.
pub(crate) fn finish_received(descriptor: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfd(descriptor, FdFlags::CLOEXEC)?)
}

/// `dup2`, and then close-on-exec.
pub(crate) fn duplicate_over(from: BorrowedFd<'_>, to: &mut OwnedFd) -> rustix::io::Result<()> {
    rustix::io::dup2(from, to)?;
    fcntl_setfd(to, FdFlags::CLOEXEC)
}

/// Fills at most 256 bytes.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getentropy.html)
pub(crate) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    // SAFETY: the length is that of the memory.
    if unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
