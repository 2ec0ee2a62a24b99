//! Linux: every thread comes along.

mod arch;
mod child;
mod heap;
mod list;
mod park;
mod procfs;
mod ring;
mod snapshot;
mod sys;
mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{Error, Forked, Options, ThreadInfo, Timings};
use snapshot::{Choice, Snapshot};

/// One fork at a time. The child's copy is unlocked by the child's own return from [`fork`].
static FORK: Mutex<Snapshot> = Mutex::new(Snapshot::new());

/// How often a state that passes by itself is waited for before it is an error.
const ATTEMPTS: u32 = 50;

/// Whether threads can be brought along here; the reason if not.
pub(crate) fn support() -> Result<(), Error> {
    sys::tid_address()
        .map_err(|errno| unsupported("the kernel has no PR_GET_TID_ADDRESS (CONFIG_CHECKPOINT_RESTORE)", errno))?;
    if shadow_stack_enabled() {
        return Err(Error::Unsupported(
            "this process runs with shadow stacks, which a new thread cannot take over".into(),
        ));
    }
    for path in ["/proc/self/task", "/proc/self/fdinfo"] {
        std::fs::metadata(path).map_err(|error| Error::Unsupported(format!("{path} cannot be read: {error}")))?;
    }
    Ok(())
}

fn unsupported(what: &str, errno: i32) -> Error {
    Error::Unsupported(format!("{what}: {}", std::io::Error::from_raw_os_error(errno)))
}

#[cfg(target_arch = "x86_64")]
fn shadow_stack_enabled() -> bool {
    const ARCH_SHSTK_STATUS: i32 = 0x5005;
    let mut features = 0_u64;
    // SAFETY: writes one word where the kernel knows the code, else fails with EINVAL.
    let result = unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SHSTK_STATUS, &raw mut features) };
    result == 0 && features & 1 != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn shadow_stack_enabled() -> bool {
    const PR_GET_SHADOW_STACK_STATUS: i32 = 74;
    let mut mode = 0_u64;
    // SAFETY: writes one word where the kernel knows the code, else fails with EINVAL.
    let result = unsafe { libc::prctl(PR_GET_SHADOW_STACK_STATUS, &raw mut mode) };
    result == 0 && mode & 1 != 0
}

/// See [`crate::fork`].
pub(crate) unsafe fn fork(options: &Options<'_>) -> Result<Forked, Error> {
    static SUPPORTED: AtomicBool = AtomicBool::new(false);
    if !SUPPORTED.load(Ordering::Acquire) {
        support()?;
        SUPPORTED.store(true, Ordering::Release);
    }
    // The kernel would say EINVAL.
    if options.sibling && sys::getpid() == 1 {
        return Err(Error::Unsupported(
            "process 1 of a PID namespace has no parent that a child could be given to".into(),
        ));
    }
    // A panic while the lock was held cannot have left anything half done: the snapshot is taken anew.
    let mut snapshot = FORK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    park::install().map_err(|errno| unsupported("rt_sigaction", errno))?;
    heap::prepare().map_err(|errno| Error::call("read /proc/self/maps", errno))?;
    let table = table::Table::get().map_err(|errno| Error::call("mmap", errno))?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        // No signal may interrupt this thread: its handler could need a lock that a parked thread holds.
        let mask = sys::set_signal_mask(!0);
        // SAFETY: the caller's promises are those of `fork`; all signals are blocked.
        let outcome = unsafe { attempt_fork(&mut snapshot, table, options, mask) };
        sys::set_signal_mask(mask);
        match outcome {
            Ok(forked) => return Ok(forked),
            // Costs a walk over all mappings, so only where a ring is new.
            Err(Obstacle::Snapshot(snapshot::Failure::UnknownRing)) if attempt < ATTEMPTS => {
                snapshot.learn_rings().map_err(|failure| snapshot_error(&failure))?;
            }
            Err(Obstacle::Snapshot(snapshot::Failure::Ring(_, ring::Refusal::InFlight))) if attempt < ATTEMPTS => {
                std::thread::sleep(Duration::from_micros(200));
            }
            Err(Obstacle::Snapshot(failure)) => return Err(snapshot_error(&failure)),
            Err(Obstacle::Clone(errno)) => return Err(Error::call("clone", errno)),
            Err(Obstacle::Park(failure)) => return Err(park_error(failure, table)),
        }
    }
}

enum Obstacle {
    Park(park::Failure),
    Snapshot(snapshot::Failure),
    Clone(i32),
}

/// Parks, clones and releases. From the first parked thread to the last released one (in the child: revived one) nothing
/// here may allocate, take a lock or panic.
///
/// # Safety
/// All signals are blocked in the calling thread.
unsafe fn attempt_fork(
    snapshot: &mut Snapshot,
    table: &'static table::Table,
    options: &Options<'_>,
    callers_mask: sys::SignalSet,
) -> Result<Forked, Obstacle> {
    let start = sys::now();
    let deadline = u64::try_from(options.park_deadline.as_nanos()).unwrap_or(u64::MAX);
    let parked = park::park_others(table, deadline, callers_mask).map_err(Obstacle::Park)?;
    let all_parked = sys::now();
    let choice = Choice { share: options.share, sever_except: options.sever_except };
    if let Err(failure) = snapshot.take(choice, &parked) {
        parked.release();
        return Err(Obstacle::Snapshot(failure));
    }
    let inheritable = heap::make_inheritable();
    let before_clone = sys::now();
    let threads = parked.threads();
    let own_robust_list = sys::robust_list();
    let mut pidfd = -1;
    let own_tid = sys::gettid();
    let cloned = match (inheritable, sys::tid_address()) {
        // SAFETY: every other thread is parked, and the child does nothing but `settle`.
        (Ok(()), Ok(tid_address)) => unsafe {
            sys::clone_process(tid_address, own_tid, &raw mut pidfd, options.sibling)
        },
        (Err(errno), _) | (_, Err(errno)) => Err(errno),
    };
    let after_clone = sys::now();
    if cloned == Ok(0) {
        // The kernel drops the robust list of the forking thread in the child.
        sys::set_robust_list(own_robust_list);
        #[cfg(target_env = "musl")]
        tell_libc_own_tid(own_tid);
        // SAFETY: in the child, right after the clone.
        unsafe { child::settle(&parked, snapshot, options.in_flight, options.watched_paths) };
        return Ok(Forked::Child);
    }
    snapshot.discard();
    parked.release();
    let pid = cloned.map_err(Obstacle::Clone)?;
    let timings = Timings {
        park: Duration::from_nanos(all_parked - start),
        snapshot: Duration::from_nanos(before_clone - all_parked),
        clone: Duration::from_nanos(after_clone - before_clone),
        release: Duration::from_nanos(sys::now() - after_clone),
        threads,
    };
    Ok(Forked::Parent { pid, pidfd: (pidfd >= 0).then_some(pidfd), timings })
}

/// musl's `raise` and `abort` signal the thread id that they know: in the child that must not be the parent's thread, which
/// would end the parent when the child gets a SIGTERM. Called on each thread that is new to the kernel, before it handles
/// signals. Recursive mutexes that it holds are lost by it, as in the child of musl's own `fork`. (glibc names the process with
/// each signal; of the caller's id it has the kernel write the new value at the clone, see `clone_process`.)
#[cfg(target_env = "musl")]
fn tell_libc_own_tid(old: i32) {
    // `struct pthread`, the same in all of musl 1.1.20 to 1.2.5: pointers and words, then `int tid`.
    const OFFSET: usize = if cfg!(target_arch = "x86_64") { 6 * size_of::<usize>() } else { 4 * size_of::<usize>() };
    // SAFETY: reads the thread register only.
    let descriptor = unsafe { libc::pthread_self() } as usize;
    let id = (descriptor + OFFSET) as *mut i32;
    // SAFETY: inside this thread's descriptor, which is longer than that; changed only where it holds the expected id.
    unsafe {
        if id.read_volatile() == old {
            id.write_volatile(sys::gettid());
        }
    }
}

fn snapshot_error(failure: &snapshot::Failure) -> Error {
    match failure {
        snapshot::Failure::UnknownRing => {
            Error::Unsupported("io_uring instances come and go faster than they can be listed".into())
        }
        snapshot::Failure::Ring(fd, ring::Refusal::Call(errno)) => Error::Unsupported(format!(
            "the io_uring behind descriptor {fd} cannot be made again in a child: {}",
            std::io::Error::from_raw_os_error(*errno)
        )),
        snapshot::Failure::Ring(fd, ring::Refusal::InFlight) => {
            Error::Busy(format!("the io_uring behind descriptor {fd} has operations in flight"))
        }
        snapshot::Failure::Ring(fd, ring::Refusal::Foreign) => Error::Unsupported(format!(
            "the io_uring behind descriptor {fd} is polled by the kernel or has registered resources, which a child cannot inherit (in Node: unset UV_USE_IO_URING)"
        )),
        snapshot::Failure::TooMany => {
            Error::Unsupported("this process has more descriptors or watches than fit".into())
        }
        snapshot::Failure::Call(call, errno) => Error::call(call, *errno),
    }
}

fn park_error(failure: park::Failure, table: &'static table::Table) -> Error {
    match failure {
        park::Failure::TooMany => Error::Unsupported(format!("this process has more than {} threads", table::CAPACITY)),
        park::Failure::Call(call, errno) => Error::call(call, errno),
        park::Failure::Deadline { generation, asked } => Error::ParkTimeout(
            table
                .slots(asked)
                .iter()
                .filter(|slot| slot.is(generation, table::Stage::Dismissed))
                .map(|slot| ThreadInfo::read(slot.tid))
                .collect(),
        ),
    }
}

impl ThreadInfo {
    fn read(tid: i32) -> Self {
        let file = |name| std::fs::read_to_string(format!("/proc/self/task/{tid}/{name}")).unwrap_or_default();
        let status = file("status");
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
        Self {
            tid,
            name: file("comm").trim().to_owned(),
            state: field("State:").unwrap_or_default(),
            waits_in: file("wchan").trim().to_owned(),
        }
    }
}

/// See [`crate::raw_clone`].
pub(crate) fn raw_clone() -> Result<Duration, Error> {
    // SAFETY: no thread is parked: parking happens under the fork lock, held here.
    let _lock = FORK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _ = heap::prepare().and_then(|()| heap::make_inheritable());
    // SAFETY: as above.
    unsafe { sys::raw_clone_and_reap() }.map(Duration::from_nanos).map_err(|errno| Error::call("clone", errno))
}

/// Makes memory inheritable that was marked `MADV_DONTFORK`, for a fork that leaves the threads behind.
pub(crate) fn make_heap_inheritable() -> Result<(), Error> {
    heap::prepare().and_then(|()| heap::make_inheritable()).map_err(|errno| Error::call("madvise", errno))
}

/// Describes a path for [`Options::watched_paths`](crate::Options::watched_paths).
pub(crate) fn identify(path: &std::ffi::CStr) -> Option<(u64, u64)> {
    // Where a file system shows other numbers than it keeps (overlayfs, btrfs), only a watch tells which ones /proc prints.
    if let Some(numbers) = snapshot::identify_by_watching(path) {
        return Some(numbers);
    }
    let status = sys::stat_at(libc::AT_FDCWD, path.to_bytes_with_nul()).ok()?;
    // The kernel's own encoding of a device number, as /proc prints it.
    let device = u64::from(libc::major(status.st_dev)) << 20 | u64::from(libc::minor(status.st_dev));
    Some((status.st_ino, device))
}
