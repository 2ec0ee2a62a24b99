//! Children and the child's own first steps.

use std::os::fd::IntoRawFd;

use napi::Env;
use napi_derive::napi;
use zygote_process::wait::Ended;
use zygote_process::{lifetime, standard, wait};

use crate::callback::own_loop;
use crate::descriptor::borrow;
use crate::error::{Code, Result, failed};
use crate::{pool, uv};

/// How a process ended: one of the two is set.
#[napi(object)]
pub struct BindingEnded {
    /// Exit code.
    pub code: Option<i32>,
    /// Number of the signal that ended it.
    pub signal: Option<i32>,
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
    wait::send_signal(pid, unsafe { borrow(pidfd) }.ok(), signal).map_err(failed("kill"))
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
