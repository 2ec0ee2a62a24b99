//! libc's `fork`: for systems without a way to bring threads back, and for processes that need none.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::{Error, Forked, Options, Timings, threads};

/// See [`crate::fork_single_threaded`].
pub(crate) unsafe fn fork(options: &Options<'_>) -> Result<Forked, Error> {
    if options.sibling {
        // libc's `fork` has no such flag, and a raw clone would leave out what libc does around it.
        return Err(Error::Unsupported(
            "a child that leaves the threads behind cannot be made a child of this process's parent".into(),
        ));
    }
    threads::make_heap_inheritable()?;
    // All that allocates or can fail is done before: the child only moves descriptors.
    let severing = options.sever_except.map(Severing::prepare).transpose()?;
    // SAFETY: per the caller. libc runs the atfork handlers, which other libraries rely on without their threads.
    match unsafe { libc::fork() } {
        -1 => Err(Error::Call { call: "fork", source: io::Error::last_os_error() }),
        0 => {
            if let Some(severing) = severing {
                severing.carry_out();
            }
            Ok(Forked::Child)
        }
        pid => Ok(Forked::Parent { pid, pidfd: None, timings: Timings::default() }),
    }
}

/// What a child loses, and what it gets in its place.
struct Severing {
    /// Numbers, and whether they close on exec.
    descriptors: Vec<(i32, bool)>,
    inert: Inert,
}

impl Severing {
    fn prepare(kept: &[i32]) -> Result<Self, Error> {
        let failed = |call| move |source| Error::Call { call, source };
        let mut open = open_descriptors().map_err(failed("read /dev/fd"))?;
        open.retain(|descriptor| descriptor.fd > 2 && !kept.contains(&descriptor.fd));
        let pipes: Vec<_> = open.iter().filter(|descriptor| descriptor.is(libc::S_IFIFO)).copied().collect();
        let descriptors = open
            .iter()
            .filter(|descriptor| descriptor.is(libc::S_IFSOCK) || leads_to_others(descriptor, &pipes))
            .map(|descriptor| (descriptor.fd, descriptor.close_on_exec))
            .collect();
        Ok(Self { descriptors, inert: Inert::new().map_err(failed("making a descriptor"))? })
    }

    fn carry_out(self) {
        for &(fd, close_on_exec) in &self.descriptors {
            // SAFETY: `fd` is open, as in the parent, where it was listed; to replace it is what was asked for.
            unsafe {
                libc::dup2(self.inert.object.as_raw_fd(), fd);
                if close_on_exec {
                    libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
                }
            }
        }
        self.inert.keep();
    }
}

#[derive(Clone, Copy)]
struct Descriptor {
    fd: i32,
    device: libc::dev_t,
    inode: libc::ino_t,
    mode: libc::mode_t,
    access: i32,
    close_on_exec: bool,
}

impl Descriptor {
    fn read(fd: i32) -> Option<Self> {
        let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: fstat fills the structure where it succeeds; the others only ask.
        unsafe {
            if libc::fstat(fd, status.as_mut_ptr()) != 0 {
                return None;
            }
            let status = status.assume_init();
            Some(Self {
                fd,
                device: status.st_dev,
                inode: status.st_ino,
                mode: status.st_mode,
                access: libc::fcntl(fd, libc::F_GETFL) & libc::O_ACCMODE,
                close_on_exec: libc::fcntl(fd, libc::F_GETFD) & libc::FD_CLOEXEC != 0,
            })
        }
    }

    fn is(&self, kind: libc::mode_t) -> bool {
        self.mode & libc::S_IFMT == kind
    }
}

/// A pipe whose other end is not in this process. The others are the process's own, such as libuv's for signals.
fn leads_to_others(descriptor: &Descriptor, pipes: &[Descriptor]) -> bool {
    descriptor.is(libc::S_IFIFO)
        && !pipes.iter().any(|other| {
            other.inode == descriptor.inode
                && other.device == descriptor.device
                && (other.access != descriptor.access || other.access == libc::O_RDWR)
        })
}

fn open_descriptors() -> io::Result<Vec<Descriptor>> {
    let names: Vec<_> = std::fs::read_dir("/dev/fd")?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    // The descriptor of the directory itself is closed by now.
    Ok(names.iter().filter_map(|name| Descriptor::read(name.to_str()?.parse().ok()?)).collect())
}

/// An object that is never ready and that nobody else has.
struct Inert {
    object: OwnedFd,
    /// The end of a pipe that must stay open for that.
    #[cfg(not(target_os = "linux"))]
    other: OwnedFd,
}

impl Inert {
    /// A signalfd for no signal.
    #[cfg(target_os = "linux")]
    fn new() -> io::Result<Self> {
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset fills the set, and signalfd gives a new descriptor or -1.
        let fd = unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::signalfd(-1, none.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a new descriptor that nobody else owns.
        Ok(Self { object: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// The read end of a pipe that nobody writes.
    #[cfg(not(target_os = "linux"))]
    fn new() -> io::Result<Self> {
        let mut ends = [-1; 2];
        // SAFETY: pipe fills both numbers or fails; then they belong to nobody else.
        unsafe {
            if libc::pipe(ends.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            for end in ends {
                libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
                libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK);
            }
            let [object, other] = ends.map(|end| OwnedFd::from_raw_fd(end));
            Ok(Self { object, other })
        }
    }

    /// What must live as long as the process stays open; the rest is closed.
    #[cfg_attr(target_os = "linux", expect(clippy::unused_self, reason = "nothing to keep here"))]
    fn keep(self) {
        #[cfg(not(target_os = "linux"))]
        std::mem::forget(self.other);
    }
}
