//! libc's `fork`: for systems without a way to bring threads back, and for processes that need none.

use std::io;

use crate::{Error, Forked, Timings, threads};

/// See [`crate::fork_single_threaded`].
pub(crate) unsafe fn fork() -> Result<Forked, Error> {
    threads::make_heap_inheritable()?;
    // SAFETY: per the caller. libc runs the atfork handlers, which other libraries rely on without their threads.
    match unsafe { libc::fork() } {
        -1 => Err(Error::Call { call: "fork", source: io::Error::last_os_error() }),
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent { pid, pidfd: None, timings: Timings::default() }),
    }
}
