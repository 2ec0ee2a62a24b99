//! Tying a child's life to its parent's.

use std::io;

/// Asks the kernel to kill this process when the thread that started it ends, whatever ended it.
///
/// Returns false if the parent is gone already: the request came too late, and the caller should exit.
///
/// # Errors
/// What `prctl` reports; `Unsupported` on other systems than Linux, where the end of an inherited pipe tells it.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)
#[cfg(target_os = "linux")]
pub fn die_with_parent(parent: i32) -> io::Result<bool> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(rustix::process::getppid().is_some_and(|now| now.as_raw_nonzero().get() == parent))
}

/// See the Linux version.
///
/// # Errors
/// Always `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent(_parent: i32) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
