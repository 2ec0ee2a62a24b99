//! Sockets between processes: byte streams that can carry descriptors.

use std::os::fd::IntoRawFd;

use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Uint8Array};
use napi_derive::napi;
use zygote_process::{channel, message};

use crate::descriptor::borrow;
use crate::error::{Code, Result, failed};

/// Most bytes that are received at once.
const MOST_BYTES: usize = 64 * 1024;

/// What has come in.
#[napi(object, object_from_js = false)]
pub struct BindingReceived<'env> {
    /// Empty at the end of the stream.
    pub bytes: BufferSlice<'env>,
    /// Owned by the caller, close-on-exec.
    pub descriptors: Vec<i32>,
    /// Descriptors came that this process could not take.
    pub lost: bool,
}

/// Two connected stream sockets: the descriptors.
#[napi]
pub fn socket_pair() -> Result<Vec<i32>> {
    let (a, b) = channel::pair().map_err(failed("socketpair"))?;
    Ok(vec![a.into_raw_fd(), b.into_raw_fd()])
}

/// Writes everything to a socket, waiting where the other side is slow.
#[napi]
pub fn write_all(fd: i32, bytes: Uint8Array) -> Result<()> {
    // SAFETY: the caller owns the descriptor.
    channel::write_all(unsafe { borrow(fd) }?, &bytes).map_err(failed("send"))
}

/// Fills `into`, waiting for what has not come yet. False if the stream has ended before its first byte.
#[napi]
pub fn read_exactly(fd: i32, mut into: Uint8Array) -> Result<bool> {
    // SAFETY: the caller owns the descriptor. JavaScript does not run meanwhile; a Worker that looks at a shared buffer sees
    // it change, as with `fs.readSync`.
    unsafe { channel::read_exactly(borrow(fd)?, into.as_mut()) }.map_err(failed("read"))
}

/// Sends what fits, and all descriptors with its first byte: the number of bytes, or -1 if nothing can be sent now.
#[napi]
pub fn send_message(fd: i32, bytes: Uint8Array, descriptors: Vec<i32>) -> Result<i64> {
    // SAFETY: the caller owns the descriptors.
    let (fd, descriptors) = unsafe {
        let descriptors: Result<Vec<_>> = descriptors.into_iter().map(|descriptor| borrow(descriptor)).collect();
        (borrow(fd)?, descriptors?)
    };
    let sent = message::send(fd, &bytes, &descriptors).map_err(failed("sendmsg"))?;
    Ok(sent.map_or(-1, |length| length as i64))
}

/// Waits until something can be received, or the other side is gone, or a signal comes. Nothing else of this thread goes on.
#[napi]
pub fn wait_readable(fd: i32) -> Result<()> {
    // SAFETY: the caller owns the descriptor.
    channel::wait_readable(unsafe { borrow(fd) }?).map_err(failed("poll"))
}

/// Receives up to 64 KiB and the descriptors that came with them; `null` if there is nothing now.
#[napi]
pub fn receive_message(env: &Env, fd: i32) -> Result<Option<BindingReceived<'_>>> {
    let mut buffer = vec![0; MOST_BYTES];
    // SAFETY: the caller owns the descriptor.
    let Some(received) = message::receive(unsafe { borrow(fd) }?, &mut buffer).map_err(failed("recvmsg"))? else {
        return Ok(None);
    };
    let bytes = BufferSlice::copy_from(env, buffer.get(..received.length).unwrap_or_default())
        .map_err(|error| Code::System.error(format_args!("making a Buffer: {error}")))?;
    let descriptors = received.descriptors.into_iter().map(IntoRawFd::into_raw_fd).collect();
    Ok(Some(BindingReceived { bytes, descriptors, lost: received.lost }))
}
