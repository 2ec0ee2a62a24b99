//! What the child must make anew so that it shares no kernel object with its parent that belongs to one process only.
//!
//! Taken in the parent while every other thread is parked, so that it fits the memory that the child inherits to the
//! last event. No allocation, no lock, no libc code; see `child.rs` for what the child does with it.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

use super::arch;
use super::list::List;
use super::park::Parked;
use super::procfs::{self, Lines, SelfDirectory, Words};
use super::ring::{self, Ring, RingState};
use super::sys;

/// What stands behind a descriptor, and how to make it again.
#[derive(Clone, Copy)]
pub(super) enum Object {
    EventFd {
        count: u64,
        semaphore: bool,
        id: u64,
    },
    Epoll,
    /// An end of a pipe that has both ends in this process; `replacement` is the new pipe's end.
    PipeEnd {
        replacement: i32,
    },
    TimerFd {
        clock: i32,
        flags: i32,
        value: libc::itimerspec,
        ticks: u64,
    },
    SignalFd {
        mask: u64,
    },
    Inotify,
    Ring {
        index: usize,
        state: RingState,
        saved: usize,
    },
    /// Somebody else's connection that the child is not to have.
    Severed,
    /// As `Severed`, where nothing can be put in its place.
    Closed,
    /// The same open file description as another descriptor of the list.
    Alias {
        of: i32,
    },
    /// Not to be touched: only known for comparing.
    Pipe {
        inode: u64,
        status: i32,
        writes: bool,
    },
}

#[derive(Clone, Copy)]
pub(super) struct Descriptor {
    pub fd: i32,
    pub close_on_exec: bool,
    /// `O_NONBLOCK` and other status flags.
    pub status: i32,
    pub object: Object,
}

/// One descriptor that an epoll instance watches.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    pub epoll: i32,
    pub fd: i32,
    pub events: u32,
    pub data: u64,
    /// For a description that this number no longer stands for.
    pub stale: bool,
}

/// One watch of an inotify instance.
#[derive(Clone, Copy)]
pub(super) struct FileWatch {
    pub inotify: i32,
    pub number: i32,
    pub mask: u32,
    pub inode: u64,
    pub device: u64,
}

/// Which descriptors keep what they are.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    /// Left exactly as inherited, whatever they are.
    pub share: &'a [i32],
    /// Take sockets and pipes to others away from the child, but for these and the standard streams.
    pub sever_except: Option<&'a [i32]>,
}

impl Choice<'_> {
    fn severs(&self, fd: i32) -> bool {
        fd > 2 && self.sever_except.is_some_and(|kept| !kept.contains(&fd))
    }
}

/// Why there is no snapshot. The parent goes on as if nothing had been tried.
#[derive(Debug)]
pub(super) enum Failure {
    /// A ring that [`Snapshot::learn_rings`] has not seen.
    UnknownRing,
    Ring(i32, ring::Refusal),
    /// More descriptors, watched descriptors or watches than the lists hold.
    TooMany,
    Call(&'static str, i32),
}

pub(super) struct Snapshot {
    pub descriptors: List<Descriptor, 1_048_576>,
    pub watched: List<Watched, 2_097_152>,
    pub file_watches: List<FileWatch, 1_048_576>,
    pub saved: List<u8, 16_777_216>,
    rings: [Option<Ring>; ring::CAPACITY],
}

// SAFETY: used under the fork lock only.
unsafe impl Send for Snapshot {}

impl Snapshot {
    pub(super) const fn new() -> Self {
        Self {
            descriptors: List::new(),
            watched: List::new(),
            file_watches: List::new(),
            saved: List::new(),
            rings: [None; ring::CAPACITY],
        }
    }

    fn ring(&self, index: usize) -> Option<&Ring> {
        self.rings.get(index).and_then(Option::as_ref)
    }

    /// A ring, and its memory as it was saved at that place.
    pub(super) fn ring_and_saved(&mut self, index: usize, saved: usize) -> (Option<&mut Ring>, Option<&[u8]>) {
        (self.rings.get_mut(index).and_then(Option::as_mut), self.saved.as_slice().get(saved..))
    }

    /// The object behind `fd`, if the child gets one of its own for it.
    pub(super) fn own_object(&self, fd: i32) -> bool {
        self.descriptors.as_slice().iter().any(|descriptor| {
            descriptor.fd == fd && !matches!(descriptor.object, Object::Severed | Object::Closed | Object::Pipe { .. })
        })
    }

    /// Finds the rings of this process, before anything is parked.
    pub(super) fn learn_rings(&mut self) -> Result<(), Failure> {
        let mut failure = None;
        let mut seen = [false; ring::CAPACITY];
        let of = SelfDirectory::open().map_err(|errno| Failure::Call("open /proc/self", errno))?;
        let listed = of.each_descriptor(|fd, status| {
            if failure.is_some() || kind_of(of, fd, status) != Kind::Ring {
                return;
            }
            let inode = status.st_ino;
            let known = self.known_ring(fd, inode);
            let place = known.or_else(|| self.rings.iter().zip(&seen).position(|(ring, seen)| ring.is_none() && !seen));
            let Some(place) = place else {
                failure = Some(Failure::TooMany);
                return;
            };
            if let Some(seen) = seen.get_mut(place) {
                *seen = true;
            }
            if known.is_none() {
                match Ring::discover(fd, inode) {
                    Ok(ring) => {
                        if let Some(slot) = self.rings.get_mut(place) {
                            *slot = Some(ring);
                        }
                    }
                    Err(refusal) => failure = Some(Failure::Ring(fd, refusal)),
                }
            }
        });
        of.close();
        listed.map_err(|errno| Failure::Call("read /proc/self/fd", errno))?;
        for (ring, seen) in self.rings.iter_mut().zip(seen) {
            if !seen {
                *ring = None;
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Takes the snapshot. On success pipes have been made, which [`discard`](Self::discard) closes in the parent.
    pub(super) fn take(&mut self, choice: Choice<'_>, parked: &Parked) -> Result<(), Failure> {
        let memory = |errno| Failure::Call("mmap", errno);
        self.descriptors.clear().map_err(memory)?;
        self.watched.clear().map_err(memory)?;
        self.file_watches.clear().map_err(memory)?;
        self.saved.clear().map_err(memory)?;
        let of = SelfDirectory::open().map_err(|errno| Failure::Call("open /proc/self", errno))?;
        let mut failure = None;
        let listed = of.each_descriptor(|fd, status| {
            // The inode of a ring is its own, and tells more cheaply what the descriptor is than its link.
            let kind = if self.known_ring(fd, status.st_ino).is_some() { Kind::Ring } else { kind_of(of, fd, status) };
            if failure.is_none()
                && let Err(problem) = self.note(of, fd, kind, status.st_ino, choice, parked)
            {
                failure = Some(problem);
            }
        });
        of.close();
        let failure = listed.err().map(|errno| Failure::Call("read /proc/self/fd", errno)).or(failure);
        let result =
            failure.map_or(Ok(()), Err).and_then(|()| self.pair_pipes(choice)).and_then(|()| self.check_numbers());
        if result.is_err() {
            self.discard();
        }
        result
    }

    /// Since a descriptor was opened the limit may have been set below its number, which then can be given to no other
    /// object: to learn it here is better than in the child.
    fn check_numbers(&mut self) -> Result<(), Failure> {
        let limit = sys::descriptor_limit();
        for descriptor in self.descriptors.as_mut_slice() {
            if descriptor.fd as u64 >= limit {
                match descriptor.object {
                    Object::Severed => descriptor.object = Object::Closed,
                    Object::Pipe { .. } | Object::Closed => {}
                    _ => return Err(Failure::Call("dup3 above RLIMIT_NOFILE", libc::EMFILE)),
                }
            }
        }
        Ok(())
    }

    /// Closes, in the parent, what was made for the child.
    pub(super) fn discard(&self) {
        for descriptor in self.descriptors.as_slice() {
            if let Object::PipeEnd { replacement } = descriptor.object {
                sys::close(replacement);
            }
        }
    }

    fn note(
        &mut self,
        of: SelfDirectory,
        fd: i32,
        kind: Kind,
        inode: u64,
        choice: Choice<'_>,
        parked: &Parked,
    ) -> Result<(), Failure> {
        if choice.share.contains(&fd) {
            return Ok(());
        }
        let object = match kind {
            Kind::Socket if choice.severs(fd) => Object::Severed,
            Kind::Socket | Kind::Other => return Ok(()),
            Kind::Pipe => {
                let status = sys::status_flags(fd).unwrap_or(0);
                Object::Pipe { inode, status, writes: status & libc::O_ACCMODE == libc::O_WRONLY }
            }
            Kind::EventFd => read_eventfd(of, fd)?,
            Kind::Epoll => Object::Epoll,
            Kind::TimerFd => read_timerfd(of, fd)?,
            Kind::SignalFd => read_signalfd(of, fd)?,
            Kind::Inotify => Object::Inotify,
            Kind::Ring => self.read_ring(fd, inode, parked)?,
        };
        let object = self.alias(fd, &object).unwrap_or(object);
        match object {
            Object::Epoll => self.read_epoll(of, fd)?,
            Object::Inotify => self.read_inotify(of, fd)?,
            _ => {}
        }
        let descriptor = Descriptor {
            fd,
            close_on_exec: sys::fd_flags(fd).is_ok_and(|flags| flags & libc::FD_CLOEXEC != 0),
            status: if let Object::Pipe { status, .. } = object { status } else { sys::status_flags(fd).unwrap_or(0) },
            object,
        };
        if self.descriptors.push(descriptor) { Ok(()) } else { Err(Failure::TooMany) }
    }

    /// Two numbers for one open file description must stay so.
    fn alias(&self, fd: i32, object: &Object) -> Option<Object> {
        self.descriptors.as_slice().iter().find_map(|other| {
            let same = match (object, &other.object) {
                (Object::EventFd { id, .. }, Object::EventFd { id: other_id, .. }) if *id != 0 => id == other_id,
                (Object::EventFd { .. }, Object::EventFd { .. })
                | (Object::Epoll, Object::Epoll)
                | (Object::TimerFd { .. }, Object::TimerFd { .. })
                | (Object::SignalFd { .. }, Object::SignalFd { .. })
                | (Object::Ring { .. }, Object::Ring { .. })
                | (Object::Inotify, Object::Inotify) => sys::same_description(fd, other.fd).unwrap_or(false),
                _ => false,
            };
            same.then_some(Object::Alias { of: other.fd })
        })
    }

    /// Place of a ring that `learn_rings` has found.
    fn known_ring(&self, fd: i32, inode: u64) -> Option<usize> {
        self.rings.iter().position(|ring| matches!(ring, Some(ring) if ring.fd == fd && ring.inode == inode))
    }

    fn read_ring(&mut self, fd: i32, inode: u64, parked: &Parked) -> Result<Object, Failure> {
        let Some((index, ring)) =
            self.known_ring(fd, inode).and_then(|index| Some((index, self.ring(index).copied()?)))
        else {
            return Err(Failure::UnknownRing);
        };
        let state = ring.state().map_err(|refusal| Failure::Ring(fd, refusal))?;
        if state.is_far() && parked.contexts().any(|context| may_work_on(context, &ring)) {
            return Err(Failure::Ring(fd, ring::Refusal::InFlight));
        }
        let saved = self.saved.as_slice().len();
        let mut fits = true;
        ring.each_entry(state, |address, length| {
            // SAFETY: an entry inside the ring's mapping, whose owner is parked.
            let entry = unsafe { core::slice::from_raw_parts(address as *const u8, length) };
            for byte in entry {
                fits &= self.saved.push(*byte);
            }
        });
        if fits { Ok(Object::Ring { index, state, saved }) } else { Err(Failure::TooMany) }
    }

    fn read_epoll(&mut self, of: SelfDirectory, epoll: i32) -> Result<(), Failure> {
        let first = self.watched.as_slice().len();
        let mut lines = fdinfo(of, epoll)?;
        while let Some(line) = lines.next() {
            let mut words = Words(line);
            if words.next() != Some(b"tfd:") {
                continue;
            }
            let mut entry = Watched { epoll, fd: -1, events: 0, data: 0, stale: false };
            let mut inode = 0;
            entry.fd = words.decimal().map_or(-1, |fd| fd as i32);
            while let Some(word) = words.next() {
                match word {
                    b"events:" => entry.events = words.hexadecimal().unwrap_or(0) as u32,
                    b"data:" => entry.data = words.hexadecimal().unwrap_or(0),
                    _ if word.starts_with(b"ino:") => {
                        inode = procfs::hexadecimal(word.get(4..).unwrap_or(&[]));
                    }
                    _ => {}
                }
            }
            entry.stale = match sys::stat(entry.fd) {
                // The kernel's anonymous objects all have one inode.
                Ok(status) if status.st_ino == inode && status.st_mode & libc::S_IFMT == 0 => {
                    let earlier = self.watched.as_slice().get(first..).unwrap_or(&[]);
                    let nth = earlier.iter().filter(|other| other.fd == entry.fd).count();
                    sys::epoll_watches(epoll, entry.fd, nth as u32) == Some(false)
                }
                // Kernels before 5.7 do not print the inode.
                Ok(status) => inode != 0 && status.st_ino != inode,
                Err(_) => true,
            };
            if !self.watched.push(entry) {
                return Err(Failure::TooMany);
            }
        }
        Ok(())
    }

    fn read_inotify(&mut self, of: SelfDirectory, inotify: i32) -> Result<(), Failure> {
        let first = self.file_watches.as_slice().len();
        let mut lines = fdinfo(of, inotify)?;
        while let Some(line) = lines.next() {
            if let Some(watch) = file_watch(inotify, line)
                && !self.file_watches.push(watch)
            {
                return Err(Failure::TooMany);
            }
        }
        // The kernel lists the newest first and gives numbers in ascending order only.
        if let Some(watches) = self.file_watches.as_mut_slice().get_mut(first..) {
            watches.sort_unstable_by_key(|watch| watch.number);
        }
        Ok(())
    }

    /// A pipe with both ends here is the process's own (a wake-up): it gets a new one with the same unread bytes.
    /// A pipe with one end here leads to somebody else.
    fn pair_pipes(&mut self, choice: Choice<'_>) -> Result<(), Failure> {
        let count = self.descriptors.as_slice().len();
        for index in 0..count {
            let Some(&first) = self.descriptors.as_slice().get(index) else { break };
            let Object::Pipe { inode, writes, .. } = first.object else { continue };
            let is_mate = |other: &Descriptor| matches!(other.object, Object::Pipe { inode: its, writes: way, .. } if its == inode && way != writes);
            let Some(mate) = self.descriptors.as_slice().iter().find(|other| is_mate(other)).copied() else {
                if choice.severs(first.fd)
                    && let Some(descriptor) = self.descriptors.as_mut_slice().get_mut(index)
                {
                    descriptor.object = Object::Severed;
                }
                continue;
            };
            let (read, write) = if writes { (mate, first) } else { (first, mate) };
            let [new_read, new_write] = copy_pipe(read.fd, read.status, write.status)?;
            let (mut readers, mut writers) = (0, 0);
            for descriptor in self.descriptors.as_mut_slice() {
                if let Object::Pipe { inode: its, writes, .. } = descriptor.object
                    && its == inode
                {
                    let (end, used) = if writes { (new_write, &mut writers) } else { (new_read, &mut readers) };
                    // Further numbers for one end become aliases of the first.
                    descriptor.object = if *used == 0 {
                        *used = descriptor.fd;
                        Object::PipeEnd { replacement: end }
                    } else {
                        Object::Alias { of: *used }
                    };
                }
            }
        }
        Ok(())
    }
}

fn copy_pipe(from: i32, read_status: i32, write_status: i32) -> Result<[i32; 2], Failure> {
    let ends = sys::pipe(write_status & libc::O_DIRECT).map_err(|errno| Failure::Call("pipe2", errno))?;
    let [read, write] = ends;
    let size = sys::pipe_size(from);
    if size > 0 && size != sys::pipe_size(write) {
        sys::set_pipe_size(write, size);
    }
    let unread = sys::unread(from);
    if unread > 0 {
        // `tee` copies references to pages: nothing is consumed.
        let errno = match sys::tee(from, write, unread) {
            Ok(copied) if copied == unread => 0,
            // The new pipe is smaller: this user may have no more memory in pipes (`pipe-user-pages-soft`).
            Ok(_) => libc::ENOBUFS,
            Err(errno) => errno,
        };
        if errno != 0 {
            sys::close(read);
            sys::close(write);
            return Err(Failure::Call("tee", errno));
        }
    }
    sys::set_status_flags(read, read_status);
    sys::set_status_flags(write, write_status);
    Ok(ends)
}

fn fdinfo(of: SelfDirectory, fd: i32) -> Result<Lines, Failure> {
    of.fdinfo(fd).map_err(|errno| Failure::Call("open /proc/self/fdinfo", errno))
}

fn read_eventfd(of: SelfDirectory, fd: i32) -> Result<Object, Failure> {
    let mut lines = fdinfo(of, fd)?;
    let (mut count, mut semaphore, mut id) = (0, false, 0);
    while let Some(line) = lines.next() {
        let mut words = Words(line);
        match words.next() {
            Some(b"eventfd-count:") => count = words.hexadecimal().unwrap_or(0),
            Some(b"eventfd-semaphore:") => semaphore = words.decimal() == Some(1),
            // Plus one, so that 0 is "unknown".
            Some(b"eventfd-id:") => id = words.decimal().map_or(0, |id| id + 1),
            _ => {}
        }
    }
    Ok(Object::EventFd { count, semaphore, id })
}

fn read_timerfd(of: SelfDirectory, fd: i32) -> Result<Object, Failure> {
    // First: it brings the count of a periodic timer up to date.
    let mut value = sys::timerfd_get(fd).map_err(|errno| Failure::Call("timerfd_gettime", errno))?;
    let mut lines = fdinfo(of, fd)?;
    let (mut clock, mut flags, mut ticks) = (libc::CLOCK_MONOTONIC, 0, 0);
    while let Some(line) = lines.next() {
        let mut words = Words(line);
        match words.next() {
            Some(b"clockid:") => clock = words.decimal().map_or(clock, |id| id as i32),
            Some(b"ticks:") => ticks = words.decimal().unwrap_or(0),
            // "settime flags: 03": octal, of one digit.
            Some(b"settime") if words.next() == Some(b"flags:") => {
                flags = words
                    .decimal()
                    .map_or(0, |flags| flags as i32 & (libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET));
            }
            _ => {}
        }
    }
    let periodic = value.it_interval.tv_sec != 0 || value.it_interval.tv_nsec != 0;
    if ticks > 0 && !periodic {
        // It has fired, if only since its remaining time was read.
        value.it_value = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    }
    let armed = value.it_value.tv_sec != 0 || value.it_value.tv_nsec != 0;
    // What the kernel tells is the time that remains. The child comes later, so it gets the point in time, except where
    // somebody may set the clock and only the duration was meant.
    let settable = clock == libc::CLOCK_REALTIME || clock == libc::CLOCK_REALTIME_ALARM;
    if armed && (!settable || flags & libc::TFD_TIMER_ABSTIME != 0) {
        let base = match clock {
            libc::CLOCK_REALTIME_ALARM => libc::CLOCK_REALTIME,
            libc::CLOCK_BOOTTIME_ALARM => libc::CLOCK_BOOTTIME,
            other => other,
        };
        let now = sys::clock(base).map_err(|errno| Failure::Call("clock_gettime", errno))?;
        let nanoseconds = value.it_value.tv_nsec + now.tv_nsec;
        value.it_value.tv_sec = value.it_value.tv_sec.saturating_add(now.tv_sec + nanoseconds / 1_000_000_000);
        value.it_value.tv_nsec = nanoseconds % 1_000_000_000;
        flags |= libc::TFD_TIMER_ABSTIME;
    } else {
        flags = 0;
    }
    Ok(Object::TimerFd { clock, flags, value, ticks })
}

/// Whether a thread was stopped in code of its own that may be about to use a ring: with an address of the ring in its
/// registers or next to the top of its stack. Another look a moment later tells more.
fn may_work_on(context: *const c_void, ring: &Ring) -> bool {
    // SAFETY: the threads are parked, inside of their handlers.
    let Some(registers) = (unsafe { arch::own_registers(context) }) else { return false };
    let mut stack = [0_usize; 256];
    let words = registers.first().map_or(0, |top| sys::peek(*top, &mut stack));
    registers.iter().chain(stack.iter().take(words)).any(|word| ring.contains(*word))
}

/// A line "inotify wd:1 ino:3c4b9 sdev:fe00000 mask:2 …", all hexadecimal.
fn file_watch(inotify: i32, line: &[u8]) -> Option<FileWatch> {
    let mut words = Words(line);
    if words.next() != Some(b"inotify") {
        return None;
    }
    let mut watch = FileWatch { inotify, number: 0, mask: 0, inode: 0, device: 0 };
    while let Some(word) = words.next() {
        let colon = word.iter().position(|byte| *byte == b':').unwrap_or(word.len());
        let value = procfs::hexadecimal(word.get(colon + 1..).unwrap_or(&[]));
        match word.get(..colon) {
            Some(b"wd") => watch.number = value as i32,
            Some(b"ino") => watch.inode = value,
            Some(b"sdev") => watch.device = value,
            Some(b"mask") => watch.mask = value as u32,
            _ => {}
        }
    }
    Some(watch)
}

/// Inode and device of a path as the kernel prints them for a watch of it. Not for the parked time.
pub(super) fn identify_by_watching(path: &core::ffi::CStr) -> Option<(u64, u64)> {
    let inotify = sys::inotify(libc::O_NONBLOCK).ok()?;
    let mut found = None;
    if sys::inotify_add(inotify, path.as_ptr().cast(), libc::IN_DELETE_SELF).is_ok()
        && let Ok(mut lines) = Lines::fdinfo(inotify)
    {
        while let Some(line) = lines.next() {
            found = file_watch(inotify, line).map(|watch| (watch.inode, watch.device)).or(found);
        }
    }
    sys::close(inotify);
    found
}

fn read_signalfd(of: SelfDirectory, fd: i32) -> Result<Object, Failure> {
    let mut lines = fdinfo(of, fd)?;
    let mut mask = 0;
    while let Some(line) = lines.next() {
        let mut words = Words(line);
        if words.next() == Some(b"sigmask:") {
            mask = words.hexadecimal().unwrap_or(0);
        }
    }
    Ok(Object::SignalFd { mask })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    EventFd,
    Epoll,
    TimerFd,
    SignalFd,
    Inotify,
    Ring,
    Socket,
    /// An unnamed pipe.
    Pipe,
    Other,
}

/// Device of the file system that unnamed pipes live on, once one was seen.
static PIPE_DEVICE: AtomicU64 = AtomicU64::new(0);

fn is_unnamed_pipe(of: SelfDirectory, fd: i32, status: &libc::stat) -> bool {
    let known = PIPE_DEVICE.load(Ordering::Relaxed);
    if known != 0 {
        return status.st_dev == known;
    }
    let unnamed = of.link(fd, &mut [0; 64]).starts_with(b"pipe:[");
    if unnamed {
        PIPE_DEVICE.store(status.st_dev, Ordering::Relaxed);
    }
    unnamed
}

fn kind_of(of: SelfDirectory, fd: i32, status: &libc::stat) -> Kind {
    match status.st_mode & libc::S_IFMT {
        libc::S_IFSOCK => Kind::Socket,
        // Objects without a file type are the kernel's anonymous ones: their link says what they are.
        0 => match of.link(fd, &mut [0; 64]) {
            b"anon_inode:[eventfd]" => Kind::EventFd,
            b"anon_inode:[eventpoll]" => Kind::Epoll,
            b"anon_inode:[timerfd]" => Kind::TimerFd,
            b"anon_inode:[signalfd]" => Kind::SignalFd,
            b"anon_inode:inotify" => Kind::Inotify,
            b"anon_inode:[io_uring]" => Kind::Ring,
            _ => Kind::Other,
        },
        libc::S_IFIFO if is_unnamed_pipe(of, fd, status) => Kind::Pipe,
        _ => Kind::Other,
    }
}
