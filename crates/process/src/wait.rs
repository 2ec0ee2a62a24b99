//! Waiting for a child and sending it signals, by process id or, where the kernel has them, by pidfd.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::process::{Pid, Signal, WaitOptions};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Signaled(i32),
}

fn pid(number: i32) -> io::Result<Pid> {
    Pid::from_raw(number)
        .filter(|_| number > 0)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{number} is not a process id")))
}

/// `waitpid(pid, WNOHANG)`: `None` while the child runs. Afterwards the child is reaped and its id is free.
///
/// # Errors
/// `ECHILD` if it is not a child of this process or has been reaped already.
///
/// # References
///  - [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/wait.html)
pub fn try_wait(child: i32) -> io::Result<Option<Ended>> {
    let pid = pid(child)?;
    loop {
        match rustix::process::waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(None) => return Ok(None),
            Ok(Some((_, status))) => {
                if let Some(code) = status.exit_status() {
                    return Ok(Some(Ended::Exited(code)));
                }
                if let Some(signal) = status.terminating_signal() {
                    return Ok(Some(Ended::Signaled(signal)));
                }
                // Stopped or continued: not an end.
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// `pidfd_open(pid)`: a descriptor that is readable when the process has ended. `None` where the system has none, or no
/// such process.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
pub fn open_pidfd(process: i32) -> Option<OwnedFd> {
    #[cfg(target_os = "linux")]
    return rustix::process::pidfd_open(pid(process).ok()?, rustix::process::PidfdFlags::empty()).ok();
    #[cfg(not(target_os = "linux"))]
    return pid(process).ok().and(None);
}

/// Sends `signal` (0 only asks) to a child that has not been reaped. With a pidfd it cannot reach another process that
/// was given the same id.
///
/// # Errors
/// `ESRCH` if it has ended and was reaped, `EPERM`, `EINVAL` for a signal that does not exist.
///
/// # References
///  - [Linux](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html)
pub fn send_signal(child: i32, pidfd: Option<BorrowedFd<'_>>, signal: i32) -> io::Result<()> {
    let pid = pid(child)?;
    if signal == 0 {
        return Ok(rustix::process::test_kill_process(pid)?);
    }
    let signal = Signal::from_named_raw(signal)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{signal} is not a signal")))?;
    #[cfg(target_os = "linux")]
    if let Some(pidfd) = pidfd {
        match rustix::process::pidfd_send_signal(pidfd, signal) {
            Err(rustix::io::Errno::NOSYS) => {}
            result => return Ok(result?),
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = pidfd;
    Ok(rustix::process::kill_process(pid, signal)?)
}
