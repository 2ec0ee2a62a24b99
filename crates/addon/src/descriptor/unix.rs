//! Descriptors, which JavaScript knows by their numbers.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use napi::Env;
use napi_derive::napi;
use zygote_process::{descriptor, inherited};

use crate::callback::own_loop;
use crate::error::{Code, Result, failed};
use crate::uv;

/// # Safety
/// `fd` must be open for the time of use.
pub unsafe fn borrow<'a>(fd: i32) -> Result<BorrowedFd<'a>> {
    if fd < 0 {
        return Err(Code::InvalidArgument.error(format_args!("{fd} is not a descriptor")));
    }
    // SAFETY: not -1, and open per the caller.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Takes a descriptor over from JavaScript.
///
/// # Safety
/// It must be open, and the caller gives it away.
pub unsafe fn take(fd: i32) -> Result<OwnedFd> {
    // SAFETY: per the caller.
    unsafe {
        borrow(fd)?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// What stands for the object in JavaScript; it stays its owner's.
pub fn number_of(object: impl AsFd) -> i32 {
    object.as_fd().as_raw_fd()
}

/// From now on the child of a fork has the very same object.
pub fn keep_in_forks(fd: i32) {
    inherited::share(fd);
}

/// Takes that back, before it is closed.
pub fn keep_no_more(fd: i32) {
    inherited::unshare(fd);
}

/// Closes a descriptor that JavaScript owns.
#[napi]
pub fn close_descriptor(fd: i32) {
    // SAFETY: the caller owns the descriptor and does not use it again.
    unsafe { libc::close(fd) };
}

/// Another number for the same object, close-on-exec.
#[napi]
pub fn duplicate_descriptor(fd: i32) -> Result<i32> {
    // SAFETY: the caller owns the descriptor.
    let duplicate = descriptor::duplicate(unsafe { borrow(fd) }?).map_err(failed("fcntl(F_DUPFD_CLOEXEC)"))?;
    Ok(duplicate.into_raw_fd())
}

/// Puts the object behind `from` behind the number `to`, see `zygote_process::descriptor::replace`. The event loop must not
/// be watching `to`; what it still knows of it from before is forgotten.
#[napi]
pub fn replace_descriptor(env: Env, from: i32, to: i32) -> Result<()> {
    // SAFETY: the caller owns both descriptors.
    let source = unsafe { borrow(from) }?;
    if from != to {
        // SAFETY: the environment's own loop, with no active handle of it for `to`, as documented.
        unsafe { uv::forget_descriptor(own_loop(env)?, to) };
    }
    descriptor::replace(source, to).map_err(failed("dup2"))
}

/// Whether programs that this process starts or becomes do not get the descriptor.
#[napi]
pub fn close_on_exec(fd: i32, on: bool) -> Result<()> {
    // SAFETY: the caller owns the descriptor.
    descriptor::set_close_on_exec(unsafe { borrow(fd) }?, on).map_err(failed("fcntl(F_SETFD)"))
}

/// From now on each fork of this process leaves the descriptor as it is. See `zygote_process::inherited`.
#[napi]
pub fn share_descriptor(fd: i32) {
    inherited::share(fd);
}

/// Takes back what `share_descriptor` was called for once.
#[napi]
pub fn unshare_descriptor(fd: i32) {
    inherited::unshare(fd);
}
