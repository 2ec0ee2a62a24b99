//! Children and the child's own first steps.

use std::io;
use std::os::fd::{BorrowedFd, IntoRawFd};

use napi::Env;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use zygote_process::wait::Ended;
use zygote_process::{channel, lifetime, standard, wait};

use crate::callback::own_loop;
use crate::error::{Code, Result};
use crate::{pool, uv};

/// How a process ended: one of the two is set.
#[napi(object)]
pub struct BindingEnded {
    /// Exit code.
    pub code: Option<i32>,
    /// Number of the signal that ended it.
    pub signal: Option<i32>,
}

fn failed(call: &'static str) -> impl Fn(io::Error) -> napi::Error<Code> {
    move |error| Code::System.os_error(call, &error)
}

/// # Safety
/// `fd` must be open for the time of use.
unsafe fn borrow<'a>(fd: i32) -> Option<BorrowedFd<'a>> {
    // SAFETY: not -1, and open per the caller.
    (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A descriptor of a child that has not been reaped, or -1 where the system has none.
#[napi]
pub fn open_pidfd(pid: i32) -> i32 {
    wait::open_pidfd(pid).map_or(-1, IntoRawFd::into_raw_fd)
}

/// Requests in flight in this thread's event loop.
#[napi]
pub fn active_requests(env: Env) -> Result<u32> {
    // SAFETY: the environment's own loop.
    Ok(unsafe { pool::active_requests(own_loop(env)?) })
}

/// Number of bytes that wait to be written to these descriptors.
#[napi]
pub fn unwritten_bytes(env: Env, descriptors: Vec<i32>) -> Result<f64> {
    // SAFETY: the environment's own loop.
    Ok(unsafe { uv::unwritten_bytes(own_loop(env)?, &descriptors) } as f64)
}

/// See `uv::stop_inherited`.
#[napi]
pub fn stop_inherited(env: Env, keep: Vec<i32>) -> Result<()> {
    // SAFETY: the environment's own loop.
    unsafe { uv::stop_inherited(own_loop(env)?, &keep) };
    Ok(())
}

/// Looks whether a child has ended, and reaps it: `null` while it runs.
#[napi]
pub fn try_wait(pid: i32) -> Result<Option<BindingEnded>> {
    let ended = wait::try_wait(pid).map_err(failed("waitpid"))?;
    Ok(ended.map(|ended| match ended {
        Ended::Exited(code) => BindingEnded { code: Some(code), signal: None },
        Ended::Signaled(signal) => BindingEnded { code: None, signal: Some(signal) },
    }))
}

/// Sends a signal by number to a child, through its pidfd if there is one (else -1).
#[napi]
pub fn send_signal(pid: i32, pidfd: i32, signal: i32) -> Result<()> {
    // SAFETY: the caller owns the pidfd.
    wait::send_signal(pid, unsafe { borrow(pidfd) }, signal).map_err(failed("kill"))
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
    let Some(fd) = (unsafe { borrow(fd) }) else { return Err(Code::InvalidArgument.error("no descriptor")) };
    channel::write_all(fd, &bytes).map_err(failed("send"))
}

/// Closes a descriptor that JavaScript owns.
#[napi]
pub fn close_descriptor(fd: i32) {
    // SAFETY: the caller owns the descriptor and does not use it again.
    unsafe { libc::close(fd) };
}

/// Ends this process at once: no listener, no destructor, nothing flushed.
#[napi]
pub fn exit_now(code: i32) {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}

/// Has the kernel kill this process when `parent` ends; false if it has ended already.
#[napi]
pub fn die_with_parent(parent: i32) -> Result<bool> {
    lifetime::die_with_parent(parent).map_err(failed("prctl(PR_SET_PDEATHSIG)"))
}

/// Makes standard input empty. See `zygote_process::standard`. The loop must not be reading it.
#[napi]
pub fn empty_input(env: Env, watched: bool) -> Result<()> {
    // SAFETY: the environment's own loop, which reads nothing from it, as documented.
    unsafe { uv::forget_descriptor(own_loop(env)?, libc::STDIN_FILENO) };
    standard::empty_input(watched).map_err(failed("open /dev/null"))
}

/// The process id as the system knows it, whatever `process.pid` says.
#[napi]
pub fn process_id() -> i32 {
    std::process::id() as i32
}

/// Whether threads can be brought along in a fork: `null`, or why not.
#[napi]
pub fn all_threads_obstacle() -> Option<String> {
    zygote_forkall::support().err().map(|error| error.to_string())
}

/// Microseconds that the kernel alone takes to clone this process.
#[napi]
pub fn raw_clone() -> Result<f64> {
    zygote_forkall::raw_clone().map(|time| time.as_secs_f64() * 1e6).map_err(|error| Code::Unsupported.error(error))
}
