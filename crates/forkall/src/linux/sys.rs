//! Raw system calls for the time when other threads are parked: no `errno`, no libc code, no lock, no allocation.

use core::ptr;

use super::arch;

/// `-errno` of a failed call, as a positive number.
pub(super) type Errno = i32;

macro_rules! syscall {
    // Takes the first six of at least six arguments.
    (@pad $a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $($rest:expr,)*) => {
        [$a as usize, $b as usize, $c as usize, $d as usize, $e as usize, $f as usize]
    };
    ($number:expr $(, $argument:expr)* $(,)?) => {{
        arch::syscall($number, syscall!(@pad $($argument,)* 0, 0, 0, 0, 0, 0,))
    }};
}

fn check(result: isize) -> Result<usize, Errno> {
    if result < 0 { Err(-result as Errno) } else { Ok(result as usize) }
}

pub(super) fn gettid() -> i32 {
    // SAFETY: takes no arguments and cannot fail.
    unsafe { syscall!(libc::SYS_gettid) as i32 }
}

pub(super) fn getpid() -> i32 {
    // SAFETY: takes no arguments and cannot fail.
    unsafe { syscall!(libc::SYS_getpid) as i32 }
}

/// Ends this process at once, all threads included.
pub(super) fn exit_group(code: i32) -> ! {
    loop {
        // SAFETY: does not return.
        unsafe { syscall!(libc::SYS_exit_group, code) };
    }
}

/// `tgkill` with signal 0: whether the thread still exists.
pub(super) fn thread_exists(pid: i32, tid: i32) -> bool {
    // SAFETY: signal 0 sends nothing.
    unsafe { syscall!(libc::SYS_tgkill, pid, tid, 0) != -(libc::ESRCH as isize) }
}

/// Queues `signal` with a value for one thread of this process.
pub(super) fn queue_signal(pid: i32, tid: i32, signal: i32, value: usize) -> Result<(), Errno> {
    #[repr(C)]
    struct Info {
        signo: i32,
        errno: i32,
        code: i32,
        padding: i32,
        pid: i32,
        uid: u32,
        value: usize,
        rest: [u64; 12],
    }
    const { assert!(size_of::<Info>() == 128) };
    let info = Info { signo: signal, errno: 0, code: libc::SI_QUEUE, padding: 0, pid, uid: 0, value, rest: [0; 12] };
    // SAFETY: `info` is a whole siginfo (128 bytes), only read by the kernel.
    check(unsafe { syscall!(libc::SYS_rt_tgsigqueueinfo, pid, tid, signal, &raw const info) }).map(drop)
}

/// Waits until the word is woken or differs from `expected`; `nanoseconds` bounds the wait.
pub(super) fn futex_wait(word: *const u32, expected: u32, nanoseconds: i64) {
    let timeout = libc::timespec { tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000 };
    // SAFETY: `word` is a live aligned word of this process; any result means "look again".
    unsafe { syscall!(libc::SYS_futex, word, 128, expected, &raw const timeout, 0, 0) };
}

/// Sleeps that long, or less if a signal comes.
pub(super) fn sleep(nanoseconds: u64) {
    let time =
        libc::timespec { tv_sec: (nanoseconds / 1_000_000_000) as i64, tv_nsec: (nanoseconds % 1_000_000_000) as i64 };
    // SAFETY: the kernel reads one timespec.
    unsafe { syscall!(libc::SYS_nanosleep, &raw const time, 0) };
}

/// Wakes up to `count` waiters of the word.
pub(super) fn futex_wake(word: *const u32, count: i32) {
    // SAFETY: waking needs nothing of the memory.
    unsafe { syscall!(libc::SYS_futex, word, 129, count, 0, 0, 0) };
}

/// Kernel's signal set.
pub(super) type SignalSet = u64;

/// Replaces the calling thread's signal mask and returns the old one.
pub(super) fn set_signal_mask(mask: SignalSet) -> SignalSet {
    let mut old: SignalSet = 0;
    // SAFETY: both sets are 8 bytes, as the last argument says.
    unsafe { syscall!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const mask, &raw mut old, 8) };
    old
}

/// The kernel's `struct sigaction`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct SignalAction {
    pub handler: usize,
    pub flags: u64,
    pub restorer: usize,
    pub mask: SignalSet,
}

impl SignalAction {
    pub(super) const DEFAULT: Self = Self { handler: 0, flags: 0, restorer: 0, mask: 0 };
}

/// Raw `rt_sigaction`: unlike libc's it also takes the signals that libc reserves for itself.
///
/// # Safety
/// A handler in `new` must be a signal handler for as long as it is installed.
pub(super) unsafe fn signal_action(signal: i32, new: Option<&SignalAction>) -> Result<SignalAction, Errno> {
    let mut old = SignalAction::DEFAULT;
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the structures have the kernel's layout; the caller vouches for the handler.
    check(unsafe { syscall!(libc::SYS_rt_sigaction, signal, new, &raw mut old, 8) }).map(|_| old)
}

/// Address where the kernel clears this thread's id when it ends (`CONFIG_CHECKPOINT_RESTORE`).
pub(super) fn tid_address() -> Result<*mut i32, Errno> {
    const PR_GET_TID_ADDRESS: i32 = 40;
    let mut address: *mut i32 = ptr::null_mut();
    // SAFETY: the kernel writes one pointer.
    check(unsafe { syscall!(libc::SYS_prctl, PR_GET_TID_ADDRESS, &raw mut address) }).map(|_| address)
}

pub(super) fn thread_name(name: &mut [u8; 16]) {
    // SAFETY: PR_GET_NAME writes at most 16 bytes.
    unsafe { syscall!(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr()) };
}

pub(super) fn set_thread_name(name: &[u8; 16]) {
    // SAFETY: the kernel reads at most 16 bytes.
    unsafe { syscall!(libc::SYS_prctl, libc::PR_SET_NAME, name.as_ptr()) };
}

/// How and where the kernel runs a thread: `struct sched_attr` in its first version, and up to 1,024 processors.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Scheduling {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    /// Bytes of `processors` that the kernel filled; 0 where it has more of them.
    processors_length: usize,
    processors: [u64; 16],
}

impl Scheduling {
    /// Whether the scheduler prefers neither thread.
    pub(super) fn same_priority(&self, other: &Self) -> bool {
        (self.policy, self.nice, self.priority) == (other.policy, other.nice, other.priority)
    }

    /// Of the calling thread.
    pub(super) fn of_this_thread() -> Self {
        // SAFETY: all-zero is valid.
        let mut value: Self = unsafe { core::mem::zeroed() };
        value.fill();
        value
    }

    /// Becomes that of the calling thread. In place: a handler may have less stack than this takes.
    pub(super) fn fill(&mut self) {
        const VERSION_0: u32 = 48;
        const _: () = assert!(core::mem::offset_of!(Scheduling, processors_length) == VERSION_0 as usize);
        self.processors = [0; 16];
        // SAFETY: the kernel writes 48 bytes.
        if unsafe { syscall!(libc::SYS_sched_getattr, 0, ptr::from_mut(self), VERSION_0, 0) } < 0 {
            self.size = 0;
        }
        if self.policy != libc::SCHED_DEADLINE as u32 {
            // For other policies it is the present time slice.
            self.runtime = 0;
        }
        // SAFETY: the kernel writes at most that many bytes.
        let length = unsafe {
            syscall!(libc::SYS_sched_getaffinity, 0, size_of_val(&self.processors), self.processors.as_mut_ptr())
        };
        self.processors_length = usize::try_from(length).unwrap_or(0);
    }

    /// Gives the calling thread what it has not got by its creation. What it is not allowed to have stays as it is.
    /// `present` is room for what it has.
    pub(super) fn restore(&self, present: &mut Self) {
        present.fill();
        let present = &*present;
        if present == self {
            return;
        }
        if present.processors != self.processors && self.processors_length > 0 {
            // SAFETY: the kernel reads that many bytes.
            unsafe { syscall!(libc::SYS_sched_setaffinity, 0, self.processors_length, self.processors.as_ptr()) };
        }
        let how = |of: &Self| (of.policy, of.flags, of.nice, of.priority, of.runtime, of.deadline, of.period);
        if how(present) != how(self) && self.size > 0 {
            // SAFETY: the kernel reads `size` bytes, 48, of this structure.
            unsafe { syscall!(libc::SYS_sched_setattr, 0, ptr::from_ref(self), 0) };
        }
    }
}

/// The calling thread's robust futex list: head and length.
pub(super) fn robust_list() -> [usize; 2] {
    let (mut head, mut length) = (0_usize, 0_usize);
    // SAFETY: the kernel writes the two words.
    unsafe { syscall!(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) };
    [head, length]
}

pub(super) fn set_robust_list([head, length]: [usize; 2]) {
    if head != 0 {
        // SAFETY: the values that `robust_list` returned for this very thread.
        unsafe { syscall!(libc::SYS_set_robust_list, head, length) };
    }
}

/// Registers restartable sequences for the calling thread.
///
/// # Safety
/// `area` is the thread's own rseq area of `length` bytes and lives as long as the thread.
pub(super) unsafe fn register_rseq(area: usize, length: u32, signature: u32) -> Result<(), Errno> {
    // SAFETY: per the caller.
    check(unsafe { syscall!(libc::SYS_rseq, area, length, 0, signature) }).map(drop)
}

pub(super) fn open(path: &[u8], flags: i32) -> Result<i32, Errno> {
    open_at(libc::AT_FDCWD, path, flags)
}

pub(super) fn open_at(directory: i32, path: &[u8], flags: i32) -> Result<i32, Errno> {
    debug_assert!(path.last() == Some(&0));
    // SAFETY: `path` ends with a NUL byte.
    check(unsafe { syscall!(libc::SYS_openat, directory as isize, path.as_ptr(), flags | libc::O_CLOEXEC, 0) })
        .map(|fd| fd as i32)
}

pub(super) fn close(fd: i32) {
    // SAFETY: closes a descriptor that the caller owns.
    unsafe { syscall!(libc::SYS_close, fd) };
}

pub(super) fn read(fd: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most the buffer's length.
    check(unsafe { syscall!(libc::SYS_read, fd, buffer.as_mut_ptr(), buffer.len()) })
}

pub(super) fn write(fd: i32, bytes: &[u8]) {
    // SAFETY: the kernel reads the slice.
    unsafe { syscall!(libc::SYS_write, fd, bytes.as_ptr(), bytes.len()) };
}

/// Copies words of this process's memory, as many as can be read; returns their number.
pub(super) fn peek(address: usize, to: &mut [usize]) -> usize {
    let length = size_of_val(to);
    let (into, from) = ([to.as_mut_ptr() as usize, length], [address, length]);
    // SAFETY: the kernel writes at most the buffer's length, and checks the address that it reads from.
    let copied =
        check(unsafe { syscall!(libc::SYS_process_vm_readv, getpid(), &raw const into, 1, &raw const from, 1, 0) });
    copied.unwrap_or(0) / size_of::<usize>()
}

pub(super) fn read_directory(fd: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most the buffer's length.
    check(unsafe { syscall!(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) })
}

pub(super) fn rewind(fd: i32) {
    // SAFETY: moves the offset of a descriptor that the caller owns.
    unsafe { syscall!(libc::SYS_lseek, fd, 0, libc::SEEK_SET) };
}

/// `fstat`.
pub(super) fn stat(fd: i32) -> Result<libc::stat, Errno> {
    // SAFETY: all-zero is a valid `stat`.
    let mut status: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: libc's 64-bit `struct stat` is the kernel's on these architectures.
    check(unsafe { syscall!(libc::SYS_fstat, fd, &raw mut status) }).map(|_| status)
}

/// `stat` of a path that ends with NUL.
pub(super) fn stat_at(directory: i32, path: &[u8]) -> Result<libc::stat, Errno> {
    // SAFETY: all-zero is a valid `stat`.
    let mut status: libc::stat = unsafe { core::mem::zeroed() };
    debug_assert!(path.last() == Some(&0));
    // SAFETY: `path` ends with a NUL byte; layout as above.
    check(unsafe { syscall!(libc::SYS_newfstatat, directory as isize, path.as_ptr(), &raw mut status, 0) })
        .map(|_| status)
}

pub(super) fn read_link_at(directory: i32, path: &[u8], buffer: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: `path` ends with NUL; the kernel writes at most the buffer's length.
    check(unsafe {
        syscall!(libc::SYS_readlinkat, directory as isize, path.as_ptr(), buffer.as_mut_ptr(), buffer.len())
    })
}

pub(super) fn fd_flags(fd: i32) -> Result<i32, Errno> {
    // SAFETY: reads only.
    check(unsafe { syscall!(libc::SYS_fcntl, fd, libc::F_GETFD) }).map(|flags| flags as i32)
}

pub(super) fn status_flags(fd: i32) -> Result<i32, Errno> {
    // SAFETY: reads only.
    check(unsafe { syscall!(libc::SYS_fcntl, fd, libc::F_GETFL) }).map(|flags| flags as i32)
}

/// Sets `O_NONBLOCK` and the other status flags that can be changed.
pub(super) fn set_status_flags(fd: i32, flags: i32) {
    // SAFETY: takes numbers only; flags that cannot be changed are ignored.
    unsafe { syscall!(libc::SYS_fcntl, fd, libc::F_SETFL, flags) };
}

/// Moves `from` to the number `to`, keeping `to`'s close-on-exec choice, and closes `from`.
pub(super) fn replace(from: i32, to: i32, close_on_exec: bool) -> Result<(), Errno> {
    let result = duplicate_over(from, to, close_on_exec);
    close(from);
    result
}

pub(super) fn duplicate_over(from: i32, to: i32, close_on_exec: bool) -> Result<(), Errno> {
    let flags = if close_on_exec { libc::O_CLOEXEC } else { 0 };
    // SAFETY: both numbers belong to the caller's plan.
    check(unsafe { syscall!(libc::SYS_dup3, from, to, flags) }).map(drop)
}

pub(super) fn eventfd(count: u64, flags: i32) -> Result<i32, Errno> {
    let initial = u32::try_from(count).unwrap_or(0);
    // SAFETY: takes numbers only.
    let fd = check(unsafe { syscall!(libc::SYS_eventfd2, initial, flags | libc::EFD_CLOEXEC) })? as i32;
    if u64::from(initial) != count {
        write(fd, &count.to_ne_bytes());
    }
    Ok(fd)
}

pub(super) fn epoll_create() -> Result<i32, Errno> {
    // SAFETY: takes a flag only.
    check(unsafe { syscall!(libc::SYS_epoll_create1, libc::EPOLL_CLOEXEC) }).map(|fd| fd as i32)
}

pub(super) fn epoll_add(epoll: i32, fd: i32, events: u32, data: u64) -> Result<(), Errno> {
    let event = libc::epoll_event { events, u64: data };
    // SAFETY: the kernel reads one event.
    check(unsafe { syscall!(libc::SYS_epoll_ctl, epoll, libc::EPOLL_CTL_ADD, fd, &raw const event) }).map(drop)
}

pub(super) fn pipe(flags: i32) -> Result<[i32; 2], Errno> {
    let mut ends = [-1; 2];
    // SAFETY: the kernel writes two descriptors.
    check(unsafe { syscall!(libc::SYS_pipe2, ends.as_mut_ptr(), flags | libc::O_CLOEXEC) }).map(|_| ends)
}

/// Copies what is unread in a pipe into another one without consuming it.
pub(super) fn tee(from: i32, to: i32, length: usize) -> Result<usize, Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { syscall!(libc::SYS_tee, from, to, length, libc::SPLICE_F_NONBLOCK) })
}

/// Unread bytes of a pipe.
pub(super) fn unread(fd: i32) -> usize {
    let mut bytes = 0_i32;
    // SAFETY: FIONREAD writes one int.
    unsafe { syscall!(libc::SYS_ioctl, fd, libc::FIONREAD, &raw mut bytes) };
    usize::try_from(bytes).unwrap_or(0)
}

pub(super) fn set_pipe_size(fd: i32, size: i32) {
    // SAFETY: takes numbers only; a refusal leaves the default size.
    unsafe { syscall!(libc::SYS_fcntl, fd, libc::F_SETPIPE_SZ, size) };
}

pub(super) fn pipe_size(fd: i32) -> i32 {
    // SAFETY: reads only.
    unsafe { syscall!(libc::SYS_fcntl, fd, libc::F_GETPIPE_SZ) as i32 }
}

/// First number that no descriptor can get.
pub(super) fn descriptor_limit() -> u64 {
    let mut limit = [u64::MAX; 2];
    // SAFETY: the kernel writes two words (soft and hard limit).
    unsafe { syscall!(libc::SYS_prlimit64, 0, libc::RLIMIT_NOFILE, 0, limit.as_mut_ptr()) };
    limit[0]
}

/// A signalfd; with an empty set it is never readable and refuses writes.
pub(super) fn signalfd(mask: SignalSet, flags: i32) -> Result<i32, Errno> {
    // SAFETY: the kernel reads an 8-byte set.
    check(unsafe { syscall!(libc::SYS_signalfd4, -1_isize, &raw const mask, 8, flags | libc::SFD_CLOEXEC) })
        .map(|fd| fd as i32)
}

pub(super) fn timerfd(clock: i32, flags: i32) -> Result<i32, Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { syscall!(libc::SYS_timerfd_create, clock, flags | libc::TFD_CLOEXEC) }).map(|fd| fd as i32)
}

/// Arms a timerfd, and makes it readable at once if it has expired `ticks` times already.
pub(super) fn timerfd_set(fd: i32, flags: i32, value: &libc::itimerspec, ticks: u64) {
    /// `_IOW('T', 0, u64)`; in the same kernels that have `PR_GET_TID_ADDRESS`.
    const TFD_IOC_SET_TICKS: u32 = 0x4008_5400;
    // SAFETY: the kernel reads one itimerspec.
    unsafe { syscall!(libc::SYS_timerfd_settime, fd, flags, ptr::from_ref(value), 0) };
    if ticks > 0 {
        // SAFETY: the kernel reads one u64.
        unsafe { syscall!(libc::SYS_ioctl, fd, TFD_IOC_SET_TICKS, &raw const ticks) };
    }
}

/// The time of a clock.
pub(super) fn clock(id: i32) -> Result<libc::timespec, Errno> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec.
    check(unsafe { syscall!(libc::SYS_clock_gettime, id, &raw mut time) }).map(|_| time)
}

/// Remaining time and interval of a timerfd.
pub(super) fn timerfd_get(fd: i32) -> Result<libc::itimerspec, Errno> {
    // SAFETY: all-zero is a valid itimerspec.
    let mut value: libc::itimerspec = unsafe { core::mem::zeroed() };
    // SAFETY: the kernel writes one itimerspec.
    check(unsafe { syscall!(libc::SYS_timerfd_gettime, fd, &raw mut value) }).map(|_| value)
}

pub(super) fn inotify(flags: i32) -> Result<i32, Errno> {
    // SAFETY: takes a flag only.
    check(unsafe { syscall!(libc::SYS_inotify_init1, flags | libc::IN_CLOEXEC) }).map(|fd| fd as i32)
}

/// Adds a watch for a path that ends with NUL and returns its number.
pub(super) fn inotify_add(fd: i32, path: *const u8, mask: u32) -> Result<i32, Errno> {
    // SAFETY: the caller's path ends with NUL.
    check(unsafe { syscall!(libc::SYS_inotify_add_watch, fd, path, mask) }).map(|watch| watch as i32)
}

pub(super) fn inotify_remove(fd: i32, watch: i32) {
    // SAFETY: takes numbers only.
    unsafe { syscall!(libc::SYS_inotify_rm_watch, fd, watch) };
}

/// Whether two descriptors of this process are one open file description; `None` where the kernel does not say.
pub(super) fn same_description(a: i32, b: i32) -> Option<bool> {
    const KCMP_FILE: i32 = 0;
    const F_DUPFD_QUERY: i32 = 1027;
    // Linux 6.10. Unlike kcmp it is not refused in containers.
    // SAFETY: takes numbers only.
    if let Ok(same) = check(unsafe { syscall!(libc::SYS_fcntl, a, F_DUPFD_QUERY, b) }) {
        return Some(same == 1);
    }
    let pid = getpid();
    // SAFETY: takes numbers only.
    check(unsafe { syscall!(libc::SYS_kcmp, pid, pid, KCMP_FILE, a, b) }).ok().map(|order| order == 0)
}

/// Whether the `nth` entry for the number `fd` in an epoll set is for what stands behind that number now; `None` where
/// the kernel does not say.
pub(super) fn epoll_watches(epoll: i32, fd: i32, nth: u32) -> Option<bool> {
    const KCMP_EPOLL_TFD: i32 = 7;
    let slot = [epoll as u32, fd as u32, nth];
    let pid = getpid();
    // SAFETY: the kernel reads the three words of a `kcmp_epoll_slot`.
    check(unsafe { syscall!(libc::SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, fd, &raw const slot) })
        .ok()
        .map(|order| order == 0)
}

pub(super) fn advise(start: usize, end: usize, advice: i32) -> Result<(), Errno> {
    // SAFETY: only called with advice that changes no content.
    check(unsafe { syscall!(libc::SYS_madvise, start, end - start, advice) }).map(drop)
}

/// Maps anonymous private memory that costs nothing until it is touched.
pub(super) fn reserve(length: usize) -> Result<*mut u8, Errno> {
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
    // SAFETY: a new mapping at an address of the kernel's choice.
    check(unsafe { syscall!(libc::SYS_mmap, 0, length, protection, flags, -1_isize, 0) })
        .map(|address| address as *mut u8)
}

/// Maps a descriptor at an offset, or private zeroed memory, over an address range that the caller owns.
///
/// # Safety
/// Nothing may rely on what was mapped at `address` before.
pub(super) unsafe fn map_over(address: usize, length: usize, source: Option<(i32, usize)>) -> Result<(), Errno> {
    let (flags, fd, offset) = match source {
        Some((fd, offset)) => (libc::MAP_SHARED | libc::MAP_POPULATE, fd as isize, offset),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0),
    };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: per the caller.
    check(unsafe { syscall!(libc::SYS_mmap, address, length, protection, flags | libc::MAP_FIXED, fd, offset) })
        .map(drop)
}

/// Moves a mapping over another address range.
///
/// # Safety
/// The caller owns the mapping, and nothing relies on what was mapped at `to`.
pub(super) unsafe fn move_mapping(from: usize, length: usize, to: usize) -> Result<(), Errno> {
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: per the caller.
    check(unsafe { syscall!(libc::SYS_mremap, from, length, length, flags, to) }).map(drop)
}

/// Gives back memory that [`reserve`] mapped.
pub(super) fn unmap(address: usize, length: usize) {
    // SAFETY: the caller's own mapping, which it does not use again.
    unsafe { syscall!(libc::SYS_munmap, address, length) };
}

/// `clone(2)` of the whole process. Not libc's `fork`, which would declare the other threads' stacks free.
///
/// glibc's tid address is the thread's own id, which the kernel is to correct in the child. musl's is the lock of its
/// list of threads, which has to stay as it is.
///
/// A `sibling` becomes a child of this process's parent, which gets the signal that this process itself would end with.
///
/// # Safety
/// `tid_address` is the calling thread's, and `own_tid` its id. Between this and the revival of the threads the child may only do what this file offers.
pub(super) unsafe fn clone_process(
    tid_address: *mut i32,
    own_tid: i32,
    pidfd: *mut i32,
    sibling: bool,
) -> Result<i32, Errno> {
    let mut flags = libc::CLONE_CHILD_CLEARTID | libc::CLONE_PIDFD;
    flags |= if sibling { libc::CLONE_PARENT } else { libc::SIGCHLD };
    // SAFETY: per the caller, the kernel itself will write there when the thread ends.
    if !tid_address.is_null() && unsafe { tid_address.read_volatile() } == own_tid {
        flags |= libc::CLONE_CHILD_SETTID;
    }
    let tail = arch::clone_tail(tid_address as usize, 0);
    // SAFETY: no new stack (0): the child goes on with its copy of this one.
    check(unsafe { syscall!(libc::SYS_clone, flags, 0, pidfd, tail[0], tail[1]) }).map(|pid| pid as i32)
}

/// Seconds and nanoseconds of `CLOCK_MONOTONIC` as nanoseconds.
pub(super) fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: libc's clock_gettime goes to the vDSO: no lock, no allocation; it writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Kernel's parameters of an `io_uring`, as in `linux/io_uring.h`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RingParameters {
    pub sq_entries: u32,
    pub cq_entries: u32,
    pub flags: u32,
    pub sq_thread_cpu: u32,
    pub sq_thread_idle: u32,
    pub features: u32,
    pub wq_fd: u32,
    pub reserved: [u32; 3],
    pub sq: RingOffsets,
    pub cq: RingOffsets,
}

/// Offsets of one ring's words; submission and completion use the last words for different things.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RingOffsets {
    pub head: u32,
    pub tail: u32,
    pub ring_mask: u32,
    pub ring_entries: u32,
    /// Submission: flags. Completion: overflow.
    pub fourth: u32,
    /// Submission: dropped. Completion: the entries.
    pub fifth: u32,
    /// Submission: array of indexes. Completion: flags.
    pub sixth: u32,
    pub reserved: u32,
    pub user_address: u64,
}

const _: () = assert!(size_of::<RingParameters>() == 120);

/// Makes a ring, in memory of the caller's (ring, submission entries) or of the kernel's.
pub(super) fn ring_setup(
    entries: u32,
    flags: u32,
    memory: Option<(usize, usize)>,
) -> Result<(i32, RingParameters), Errno> {
    // SAFETY: all-zero is valid.
    let mut parameters: RingParameters = unsafe { core::mem::zeroed() };
    parameters.flags = flags;
    if let Some((ring, sqes)) = memory {
        parameters.cq.user_address = ring as u64;
        parameters.sq.user_address = sqes as u64;
    }
    // SAFETY: the kernel reads and writes one parameter block.
    let fd = check(unsafe { syscall!(libc::SYS_io_uring_setup, entries, &raw mut parameters) })?;
    Ok((fd as i32, parameters))
}

/// Submits `count` entries and waits for as many completions.
pub(super) fn ring_enter(fd: i32, count: u32) -> Result<usize, Errno> {
    const GET_EVENTS: u32 = 1;
    loop {
        // SAFETY: takes numbers only.
        match check(unsafe { syscall!(libc::SYS_io_uring_enter, fd, count, count, GET_EVENTS, 0, 0) }) {
            Err(libc::EINTR) => {}
            result => return result,
        }
    }
}

/// Plain `clone(2)` and immediate exit of the child, for measuring what the kernel alone takes: nanoseconds.
///
/// # Safety
/// Must not be called while threads are parked.
pub(super) unsafe fn raw_clone_and_reap() -> Result<u64, Errno> {
    let start = now();
    let tail = arch::clone_tail(0, 0);
    // SAFETY: the child does nothing but leave.
    let pid = check(unsafe { syscall!(libc::SYS_clone, libc::SIGCHLD, 0, 0, tail[0], tail[1]) })? as i32;
    if pid == 0 {
        exit_group(0);
    }
    let elapsed = now() - start;
    // SAFETY: reaps exactly that child.
    while unsafe { syscall!(libc::SYS_wait4, pid, 0, 0, 0) } == -(libc::EINTR as isize) {}
    Ok(elapsed)
}
