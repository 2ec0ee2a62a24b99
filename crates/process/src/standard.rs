//! Standard streams of a new child.

use std::io;

use rustix::fs::{CWD, Mode, OFlags};

/// Makes standard input empty: what comes in there is the parent's to read.
///
/// With `watched` an event loop has descriptor 0 registered, and `/dev/null` cannot be registered with epoll: then the
/// read end of a pipe that nobody writes takes its place, which reads as end of file as well.
///
/// # Errors
/// `EMFILE`, or what opening `/dev/null` reports.
pub fn empty_input(watched: bool) -> io::Result<()> {
    let source = if watched {
        rustix::pipe::pipe()?.0
    } else {
        rustix::fs::openat(CWD, "/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?
    };
    Ok(rustix::stdio::dup2_stdin(source)?)
}
