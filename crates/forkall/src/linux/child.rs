//! The child between `clone` and the revival of its threads.
//!
//! Exactly one thread runs here, as a copy of the one that forked; the others exist only as parked stacks. Any of them
//! may hold any lock, so: no allocation, no lock, no libc code that could take one, no panic. What can fail here cannot
//! be reported to the parent, which has gone on: the child says it on stderr and ends with status 71 (`EX_OSERR`).

use core::sync::atomic::Ordering;

use super::park::Parked;
use super::snapshot::{Descriptor, FileWatch, Object, Snapshot};
use super::table::{Slot, Stage};
use super::{arch, sys};
use crate::{InFlight, WatchedPath};

/// As glibc and musl start threads, without `CLONE_PARENT_SETTID`: a revived thread keeps the id that libc knows it by,
/// or else a recursive mutex that it held at the fork could never be unlocked (libc compares the owner with that id).
const THREAD_FLAGS: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_CHILD_CLEARTID) as u64;

const EX_OSERR: i32 = 71;

/// Gives the child kernel objects of its own and brings its threads back.
///
/// # Safety
/// In the child right after `clone_process`, with the snapshot and the parking of its parent.
pub(super) unsafe fn settle(parked: &Parked, snapshot: &mut Snapshot, in_flight: InFlight, paths: &[WatchedPath]) {
    if let Err((what, errno)) = renew_objects(snapshot, paths) {
        die(what, errno);
    }
    // SAFETY: per the caller.
    unsafe { revive_threads(parked, snapshot, in_flight) };
}

type Failure = (&'static [u8], i32);

fn failed(what: &'static [u8]) -> impl Fn(i32) -> Failure {
    move |errno| (what, errno)
}

/// Ends the child with a word on stderr: its parent cannot be told in another way any more.
fn die(what: &[u8], errno: i32) -> ! {
    let mut digits = [b' ', b'0', b'0', b'0', b'\n'];
    let mut rest = errno.unsigned_abs();
    for digit in digits.iter_mut().rev().skip(1).take(3) {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    sys::write(2, b"zygote: the forked child could not be completed and ends: ");
    sys::write(2, what);
    sys::write(2, b" failed, errno");
    sys::write(2, &digits);
    sys::exit_group(EX_OSERR)
}

fn renew_objects(snapshot: &mut Snapshot, paths: &[WatchedPath]) -> Result<(), Failure> {
    let mut severed = None;
    for index in 0..snapshot.descriptors.as_slice().len() {
        if let Some(&descriptor) = snapshot.descriptors.as_slice().get(index) {
            renew(&descriptor, snapshot, paths, &mut severed)?;
        }
    }
    let descriptors = snapshot.descriptors.as_slice();
    for descriptor in descriptors {
        if let Object::Alias { of } = descriptor.object {
            sys::duplicate_over(of, descriptor.fd, descriptor.close_on_exec).map_err(failed(b"dup3"))?;
        }
    }
    // Last, when every descriptor is what it is going to be.
    for watched in snapshot.watched.as_slice() {
        // A severed descriptor is another object now, but its watcher still expects it to be registered.
        if !watched.stale {
            match sys::epoll_add(watched.epoll, watched.fd, watched.events, watched.data) {
                Ok(()) | Err(libc::EEXIST | libc::EPERM | libc::EBADF) => {}
                Err(errno) => return Err((b"epoll_ctl", errno)),
            }
        }
    }
    Ok(())
}

fn renew(
    descriptor: &Descriptor,
    snapshot: &mut Snapshot,
    paths: &[WatchedPath],
    severed: &mut Option<i32>,
) -> Result<(), Failure> {
    let nonblocking = descriptor.status & libc::O_NONBLOCK;
    let made = match descriptor.object {
        Object::EventFd { count, semaphore, .. } => {
            let flags = nonblocking | if semaphore { libc::EFD_SEMAPHORE } else { 0 };
            sys::eventfd(count, flags).map_err(failed(b"eventfd2"))?
        }
        Object::Epoll => sys::epoll_create().map_err(failed(b"epoll_create1"))?,
        Object::PipeEnd { replacement } => replacement,
        Object::TimerFd { clock, flags, value, ticks } => {
            let fd = sys::timerfd(clock, nonblocking).map_err(failed(b"timerfd_create"))?;
            sys::timerfd_set(fd, flags, &value, ticks);
            fd
        }
        Object::SignalFd { mask } => sys::signalfd(mask, nonblocking).map_err(failed(b"signalfd4"))?,
        Object::Inotify => match sys::inotify(libc::O_NONBLOCK) {
            Ok(fd) => {
                let mut next = 1;
                for watch in snapshot.file_watches.as_slice() {
                    if watch.inotify == descriptor.fd {
                        next = watch_again(fd, watch, paths, next);
                    }
                }
                sys::set_status_flags(fd, descriptor.status);
                fd
            }
            // `max_user_instances` is small: the child then hears of no change, rather than its parent of half of them.
            Err(_) => make_inert()?,
        },
        Object::Ring { index, state, saved } => {
            let (Some(ring), Some(saved)) = snapshot.ring_and_saved(index, saved) else {
                return Err((b"io_uring", libc::EINVAL));
            };
            // SAFETY: in the child, with what was saved while the parent was parked.
            return unsafe { ring.renew(state, saved, descriptor.close_on_exec) }.map_err(failed(b"io_uring_setup"));
        }
        Object::Severed => {
            // All of them become one object. It needs no number beside theirs: the process may have none left.
            if let Some(first) = *severed {
                return sys::duplicate_over(first, descriptor.fd, descriptor.close_on_exec).map_err(failed(b"dup3"));
            }
            *severed = Some(descriptor.fd);
            make_inert()?
        }
        Object::Closed => {
            sys::close(descriptor.fd);
            return Ok(());
        }
        Object::Alias { .. } | Object::Pipe { .. } => return Ok(()),
    };
    sys::replace(made, descriptor.fd, descriptor.close_on_exec).map_err(failed(b"dup3"))
}

/// An object that is never readable, refuses writes, and can be watched by epoll: a signalfd for no signal.
fn make_inert() -> Result<i32, Failure> {
    sys::signalfd(0, libc::O_NONBLOCK).map_err(failed(b"signalfd4"))
}

/// Adds a watch under the number that the process knows it by. The kernel counts them up from 1, and `next` is the one
/// that it will give; returns what that is afterwards.
fn watch_again(inotify: i32, watch: &FileWatch, paths: &[WatchedPath], mut next: i32) -> i32 {
    const MOST_STEPS: i32 = 65_536;
    const SPARE: &[u8] = b"/proc/self/fdinfo\0";
    let path = paths.iter().find(|path| path.inode == watch.inode && path.device == watch.device);
    let Some(path) = path else { return next };
    if watch.number < next || watch.number - next > MOST_STEPS {
        return next;
    }
    if next < watch.number {
        // Numbers that are free now, or whose path is not known, are used up with a directory that nobody watches.
        while next < watch.number {
            let Ok(number) = sys::inotify_add(inotify, SPARE.as_ptr(), libc::IN_DELETE_SELF) else { return next };
            sys::inotify_remove(inotify, number);
            next = number + 1;
        }
        // Each removal has left an IN_IGNORED. (A change that a watch has seen since the clone would go with them: it is
        // lost like those that the parent had not read yet.)
        let mut events = [0; 4096];
        while sys::read(inotify, &mut events).is_ok_and(|length| length > 0) {}
    }
    match sys::inotify_add(inotify, path.path.cast(), watch.mask) {
        Ok(number) => {
            if number != watch.number {
                sys::inotify_remove(inotify, number);
            }
            next.max(number + 1)
        }
        Err(_) => next,
    }
}

/// # Safety
/// As [`settle`].
unsafe fn revive_threads(parked: &Parked, snapshot: &Snapshot, in_flight: InFlight) {
    let slots = parked.table.slots(parked.count);
    let is_parked = |slot: &&Slot| slot.is(parked.generation, Stage::Parked);
    let threads = slots.iter().filter(is_parked).count();
    parked.table.reviving.store(threads as i32, Ordering::Release);
    for slot in slots.iter().filter(is_parked) {
        if in_flight == InFlight::Cancel {
            // SAFETY: the parked thread is inside its handler, and nothing runs it yet.
            unsafe { cancel_if_shared(slot, snapshot) };
        }
        // SAFETY: the slot holds what this thread stored of itself; nobody else goes on from it.
        let tid = unsafe { arch::revive(slot, THREAD_FLAGS, slot.tid_address, slot.thread_pointer) };
        if tid < 0 {
            die(b"reviving a thread (clone)", -tid);
        }
    }
}

/// A thread that waits inside a system call for something it shares with the parent would take it from the parent, or do
/// it a second time: in the child that call fails with `ECANCELED`.
///
/// # Safety
/// The slot's thread is parked and not yet revived.
unsafe fn cancel_if_shared(slot: &Slot, snapshot: &Snapshot) {
    // SAFETY: per the caller.
    let Some(call) = (unsafe { arch::interrupted_call(slot.context) }) else { return };
    let shared = match call.number {
        libc::SYS_read
        | libc::SYS_readv
        | libc::SYS_pread64
        | libc::SYS_preadv
        | libc::SYS_preadv2
        | libc::SYS_write
        | libc::SYS_writev
        | libc::SYS_pwrite64
        | libc::SYS_pwritev
        | libc::SYS_pwritev2
        | libc::SYS_recvfrom
        | libc::SYS_recvmsg
        | libc::SYS_recvmmsg
        | libc::SYS_sendto
        | libc::SYS_sendmsg
        | libc::SYS_sendmmsg
        | libc::SYS_accept
        | libc::SYS_accept4
        | libc::SYS_connect
        | libc::SYS_flock
        | libc::SYS_fcntl
        | libc::SYS_fsync
        | libc::SYS_fdatasync
        | libc::SYS_ftruncate
        | libc::SYS_sendfile
        | libc::SYS_splice
        | libc::SYS_copy_file_range => !snapshot.own_object(call.first as i32),
        libc::SYS_openat | libc::SYS_openat2 | libc::SYS_wait4 | libc::SYS_waitid => true,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open => true,
        _ => false,
    };
    if shared {
        // SAFETY: per the caller, and `interrupted_call` found a call.
        unsafe { arch::fail_call(slot.context, libc::ECANCELED) };
    }
}
