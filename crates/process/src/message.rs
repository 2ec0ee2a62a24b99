//! Bytes and descriptors over a Unix stream socket, without waiting.
//!
//! Descriptors travel with the first byte of what they are sent with, and arrive with it. The stream keeps no other
//! boundaries.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};

use crate::system;

/// Most descriptors that one call sends: Linux's `SCM_MAX_FD`. macOS takes more.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man7/unix.7.html)
pub const MOST_DESCRIPTORS: usize = 253;

const ANCILLARY_BYTES: usize = rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS));

/// Sends as many of `bytes` as fit, and all of `descriptors` with the first of them: the number of bytes, or `None` if
/// nothing could be sent without waiting. The rest is to be sent without descriptors.
///
/// The receiver gets duplicates; what was sent may be closed at once.
///
/// # Errors
/// `InvalidInput` for more than [`MOST_DESCRIPTORS`], or for descriptors without a byte. `EPIPE` or `ECONNRESET` when the
/// other side is gone. `ETOOMANYREFS` when more descriptors of this user are on their way than `RLIMIT_NOFILE`.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sendmsg.html)
///  - [Linux](https://man7.org/linux/man-pages/man7/unix.7.html)
pub fn send(fd: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<Option<usize>> {
    let refuse = |message: String| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    if descriptors.len() > MOST_DESCRIPTORS {
        let count = descriptors.len();
        return refuse(format!("{count} descriptors cannot be sent at once: the limit is {MOST_DESCRIPTORS}"));
    }
    if bytes.is_empty() {
        if descriptors.is_empty() {
            return Ok(Some(0));
        }
        return refuse("descriptors need at least one byte to travel with".into());
    }
    let mut space = [MaybeUninit::uninit(); ANCILLARY_BYTES];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return refuse("descriptors do not fit".into());
    }
    let flags = system::SEND | SendFlags::DONTWAIT;
    loop {
        match rustix::net::sendmsg(&fd, &[IoSlice::new(bytes)], &mut ancillary, flags) {
            Ok(sent) => return Ok(Some(sent)),
            Err(Errno::AGAIN) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// What one call has received.
#[derive(Debug)]
pub struct Received {
    /// Bytes in the buffer; 0 at the end of the stream.
    pub length: usize,
    /// Descriptors that came with them, all close-on-exec.
    pub descriptors: Vec<OwnedFd>,
    /// Not all could be taken, as this process has too many files open: those that were are closed again.
    pub lost: bool,
}

/// Receives what is there, up to the length of `buffer`, which must not be 0. `None` if there is nothing now.
///
/// Bytes after the first byte of another message with descriptors are left for the next call.
///
/// # Errors
/// `ECONNRESET` when the other side is gone.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/recvmsg.html)
///  - [Linux](https://man7.org/linux/man-pages/man7/unix.7.html)
pub fn receive(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<Option<Received>> {
    if buffer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "there must be room for a byte"));
    }
    let mut space = [MaybeUninit::uninit(); ANCILLARY_BYTES];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = system::RECEIVE | RecvFlags::DONTWAIT;
    let received = loop {
        match rustix::net::recvmsg(&fd, &mut [IoSliceMut::new(buffer)], &mut ancillary, flags) {
            Ok(received) => break received,
            Err(Errno::AGAIN) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    };
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    let lost = received.flags.contains(ReturnFlags::CTRUNC);
    if lost {
        descriptors.clear();
    }
    descriptors.iter().try_for_each(system::finish_received)?;
    Ok(Some(Received { length: received.bytes, descriptors, lost }))
}
