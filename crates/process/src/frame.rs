//! Frames between processes: each arrives whole and once, in the order in which they were sent, or not at all, whichever
//! process is killed at whatever instant.
//!
//! They go over a sequenced-packet socket. The kernel takes a frame or does not, and gives it to one receiver.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, Shutdown, SocketType};

use crate::message::{self, Received};
use crate::system;

/// Most bytes of one frame. A socket takes 208 KiB where nobody has changed `net.core.wmem_default`; half of it leaves room
/// for a second frame while the first is read.
pub const MOST_BYTES: usize = 128 * 1024;

/// Two connected ends, both close-on-exec.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man7/unix.7.html)
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, system::NEW_SOCKET, None)?;
    Ok((a, b))
}

/// Two connected ends, of which the first can only receive and the second only send, in every process that has them.
///
/// # Errors
/// As [`pair`].
pub fn one_way() -> io::Result<(OwnedFd, OwnedFd)> {
    let (receiver, sender) = pair()?;
    rustix::net::shutdown(&sender, Shutdown::Read)?;
    Ok((receiver, sender))
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The kernel has it.
    Whole,
    /// There is no room now: try again when the socket is writable.
    Full,
    /// Too many descriptors of this user are on their way: try again when some have arrived.
    TooManyDescriptors,
    /// Nobody is left who could receive it.
    Gone,
}

/// Sends a frame, which must not be empty, and the descriptor with it, without waiting.
///
/// # Errors
/// `EMSGSIZE` for a frame that the socket can never take.
pub fn send(fd: impl AsFd, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<Sent> {
    match message::send(fd, bytes, descriptor.as_slice()) {
        Ok(Some(_)) => Ok(Sent::Whole),
        Ok(None) => Ok(Sent::Full),
        Err(error) => match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::PIPE | Errno::CONNRESET | Errno::CONNREFUSED | Errno::NOTCONN) => Ok(Sent::Gone),
            Some(Errno::TOOMANYREFS) => Ok(Sent::TooManyDescriptors),
            // The kernel has no memory for it now.
            Some(Errno::NOBUFS) => Ok(Sent::Full),
            _ => Err(error),
        },
    }
}

/// Receives a frame and its descriptors, without waiting: of length 0 when nobody is left who could send one, `None` if there
/// is none now.
///
/// # Errors
/// As [`message::receive`]; the frame is lost then.
pub fn receive(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<Option<Received>> {
    match message::receive(&fd, buffer) {
        // The other end was closed with frames unread. It is told once, and before what is left to be received.
        Err(error) if error.raw_os_error() == Some(Errno::CONNRESET.raw_os_error()) => message::receive(fd, buffer),
        received => received,
    }
}

/// Whether [`receive`] would give something, the end included.
///
/// # Errors
/// `EBADF`, `ENOMEM`.
pub fn is_receivable(fd: impl AsFd) -> io::Result<bool> {
    let mut wanted = [PollFd::new(&fd, PollFlags::IN)];
    loop {
        match poll(&mut wanted, Some(&Timespec::default())) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
