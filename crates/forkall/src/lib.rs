//! Fork a live, multi-threaded process and bring every thread along.
//!
//! `fork(2)` copies only the thread that calls it; every other thread is gone in the child, with the locks it held and
//! the work it had promised. [`fork`] parks all other threads, clones the process, and in the child starts a kernel
//! thread for each of them that goes on from where it was parked. Kernel objects that both processes would otherwise
//! share (event and timer descriptors, epoll sets, self-pipes, `io_uring`) are made anew in the child under the same
//! numbers and in the same state, so that neither process can see the other's events.
//!
//! The child is a complete clone. What POSIX shares between parent and child (files, sockets, pipes to others) is shared.
//!
//! Threads can be brought along on Linux on x86-64 and arm64 ([`Strategy::AllThreads`]). Elsewhere, or on request,
//! [`Strategy::SingleThreaded`] is libc's `fork`: the program must then need no other thread in the child.
//!
//! # What a child has to know
//!
//! - glibc goes on to know a revived thread by its parent's kernel id, because the mutexes it holds are marked with that id.
//!   So in a child `pthread_kill`, `pthread_cancel` and `pthread_setschedparam` do not reach a revived thread, `setuid` and
//!   its kin change the calling thread alone, and robust or priority-inheriting mutexes that such a thread takes do not
//!   work. It names the process with each signal, so that nothing is hit.
//! - musl does not, and would signal the parent's threads: it is told the new ids. So there a recursive or error-checking
//!   mutex that any thread holds at the fork cannot be unlocked in the child; and where another thread is in the midst of
//!   `setuid` or its kin, which needs all threads, that call may wait for ever in the child.
//! - A recursive or error-checking mutex that the caller of [`fork`] itself holds cannot be unlocked in the child: as after
//!   libc's `fork`, the caller has a new id.
//! - As after libc's `fork`: pending signals, interval timers (`timer_create`, `setitimer`), file locks and memory locks
//!   stay with the parent. `pthread_atfork` handlers do not run.
//! - What an inotify instance had noticed and nobody had read is the parent's alone. An edge-triggered descriptor that is
//!   ready is reported once more. A spent one-shot registration reports an error or a hang-up once more.
//! - Rings of `io_uring` are brought along if all of their state is in their memory, as with libuv. Programs that keep ring
//!   positions elsewhere (liburing) must make new ones in the child.

use std::fmt;
use std::time::Duration;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[path = "linux/mod.rs"]
mod threads;

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "unsupported.rs"]
mod threads;

#[cfg(unix)]
mod single;

/// How a child is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All threads are parked, cloned and revived.
    AllThreads,
    /// libc's `fork`: only the calling thread exists in the child.
    SingleThreaded,
}

/// What happens, in the child, to system calls that other threads were inside of and that act on something shared with
/// the parent (a read from a socket, an open of a FIFO, a lock on a file).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum InFlight {
    /// They fail with `ECANCELED` in the child and go on in the parent.
    #[default]
    Cancel,
    /// Both processes go on with them.
    Repeat,
}

/// A path that an inotify instance of this process watches: the kernel does not tell it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))),
    expect(dead_code, reason = "inotify is Linux's")
)]
pub struct WatchedPath {
    /// The path, NUL-terminated; must live until [`fork`] returns.
    pub path: *const libc::c_char,
    inode: u64,
    device: u64,
}

impl WatchedPath {
    /// `None` if the path does not exist (any more).
    #[must_use]
    pub fn new(path: &std::ffi::CStr) -> Option<Self> {
        let (inode, device) = threads::identify(path)?;
        Some(Self { path: path.as_ptr(), inode, device })
    }
}

/// What [`fork`] does beside cloning.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Longest time to wait until every other thread is parked. After it nothing has changed.
    pub park_deadline: Duration,
    /// Calls in flight in other threads.
    pub in_flight: InFlight,
    /// Descriptors that stay shared with the parent whatever they are, such as an eventfd meant for both processes.
    pub share: &'a [i32],
    /// `Some(kept)` replaces every socket and every pipe to another process by an object that is never ready, but for
    /// `kept` and the standard streams: the child then cannot take what is meant for its parent.
    pub sever_except: Option<&'a [i32]>,
    /// Paths of inotify watches to set up again in the child. Watches whose path is not here stay silent there.
    pub watched_paths: &'a [WatchedPath],
    /// The child becomes a child of this process's parent: a sibling of this process, whose end it does not notice. Then it
    /// is the parent who gets `SIGCHLD`, has to wait for it, and is what `getppid` tells the child. Session, process group,
    /// credentials and all that is copied still come from this process. Only with [`Strategy::AllThreads`].
    ///
    /// # References
    ///  - [`CLONE_PARENT`](https://man7.org/linux/man-pages/man2/clone.2.html)
    pub sibling: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            park_deadline: Duration::from_secs(2),
            in_flight: InFlight::default(),
            share: &[],
            sever_except: None,
            watched_paths: &[],
            sibling: false,
        }
    }
}

/// Where a fork spent its time, in the parent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Until every other thread was parked.
    pub park: Duration,
    /// Listing kernel objects and making memory inheritable.
    pub snapshot: Duration,
    /// The system call.
    pub clone: Duration,
    /// Releasing the threads and closing what was made for the child.
    pub release: Duration,
    /// Threads that were brought along.
    pub threads: usize,
}

/// Which process one is in after [`fork`].
#[derive(Debug)]
pub enum Forked {
    /// The parent.
    Parent {
        /// The child's process id. It must be waited for: by this process, or by its parent if it is a
        /// [sibling](Options::sibling).
        pid: i32,
        /// A descriptor of the child (close-on-exec), owned by the caller, where the kernel gives one (Linux 5.2).
        pidfd: Option<i32>,
        /// Where the time went.
        timings: Timings,
    },
    /// The child.
    Child,
}

/// A thread that could not be parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadInfo {
    /// Kernel's thread id.
    pub tid: i32,
    /// Its name (`comm`).
    pub name: String,
    /// Its state as `/proc` tells it, such as `D (disk sleep)`.
    pub state: String,
    /// Kernel function it waits in, if any.
    pub waits_in: String,
}

/// Why there was no fork. The process is as before.
#[derive(Debug)]
pub enum Error {
    /// These threads did not park before the deadline.
    ParkTimeout(Vec<ThreadInfo>),
    /// Not possible on this system or in this process; says why.
    Unsupported(String),
    /// Not possible at this moment; says why.
    Busy(String),
    /// A system call failed.
    Call {
        /// Which one.
        call: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the other strategy reports errno itself"))]
    fn call(call: &'static str, errno: i32) -> Self {
        Self::Call { call, source: std::io::Error::from_raw_os_error(errno) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParkTimeout(threads) => {
                formatter.write_str("these threads could not be stopped in time:")?;
                for thread in threads {
                    write!(formatter, " {} \"{}\" ({}", thread.tid, thread.name, thread.state)?;
                    if thread.waits_in.len() > 1 {
                        write!(formatter, " in {}", thread.waits_in)?;
                    }
                    formatter.write_str(")")?;
                }
                Ok(())
            }
            Self::Unsupported(why) | Self::Busy(why) => formatter.write_str(why),
            Self::Call { call, source } => write!(formatter, "{call}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Call { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Whether [`Strategy::AllThreads`] works here.
///
/// # Errors
/// [`Error::Unsupported`] with the reason.
pub fn support() -> Result<(), Error> {
    threads::support()
}

/// Clones this process with all of its threads.
///
/// Cost: about 0.2 ms plus the kernel's copy of the page tables (about 20 µs a megabyte of resident memory); the other
/// threads stand still for that time.
///
/// # Errors
/// [`Error`]; the process is then as it was before.
///
/// # Safety
/// The calling thread returns twice, once in each process: what it holds (guards, destructors, buffers not yet written)
/// exists twice. Memory that is shared with other processes, and files, are not copied.
pub unsafe fn fork(options: &Options<'_>) -> Result<Forked, Error> {
    // SAFETY: per the caller.
    unsafe { threads::fork(options) }
}

/// Clones this process with the calling thread only, by libc's `fork`, after making all memory inheritable. Of the options
/// only [`sever_except`](Options::sever_except) counts: no thread is parked, and kernel objects stay shared.
///
/// # Errors
/// [`Error::Call`] if the system refuses (`EAGAIN`, `ENOMEM`, `EMFILE`), [`Error::Unsupported`] for a
/// [sibling](Options::sibling).
///
/// # Safety
/// As [`fork`]; in addition the child must not need any other thread, nor a lock that one held.
#[cfg(unix)]
pub unsafe fn fork_single_threaded(options: &Options<'_>) -> Result<Forked, Error> {
    // SAFETY: per the caller.
    unsafe { single::fork(options) }
}

/// Time that `clone(2)` alone takes in the parent for this process, measured with a child that ends at once: the floor
/// that a fork is compared with.
///
/// # Errors
/// [`Error::Call`], or [`Error::Unsupported`] on other systems than Linux.
pub fn raw_clone() -> Result<Duration, Error> {
    threads::raw_clone()
}
