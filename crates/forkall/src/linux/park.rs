//! Parking: every other thread of the process is made to wait in a signal handler, at a place the child can go on from.
//!
//! The signal is 33, which glibc (SIGSETXID) and musl (SIGCANCEL) keep for themselves: their `pthread_sigmask` never
//! blocks it, so that threads which "block all signals" are parked like the others. The disposition that libc had
//! installed is called for every signal that is not ours.

use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use core::{mem, ptr};

use super::sys::Scheduling;
use super::table::{CAPACITY, Stage, Table};
use super::{arch, procfs, sys};

/// The signal that parks a thread. See the head of this file.
pub(super) const SIGNAL: i32 = 33;

const SA_SIGINFO: u64 = 4;
const SA_ONSTACK: u64 = 0x0800_0000;
const SA_RESTART: u64 = 0x1000_0000;

/// Handler that libc had installed for the signal, or 0.
static FORMER_HANDLER: AtomicUsize = AtomicUsize::new(0);

/// glibc's rseq area as an offset from the thread pointer, and its length; length 0 where there is none.
static RSEQ_OFFSET: AtomicUsize = AtomicUsize::new(0);
static RSEQ_LENGTH: AtomicU32 = AtomicU32::new(0);

/// Set in a child: this thread is a copy, and its parking ended by revival.
const REVIVED: u32 = 1;

/// How long the first try waits, in nanoseconds; each further one waits twice as long. A thread that ends has all signals
/// blocked and may need a lock of libc's that a parked thread holds: it gets out only if all are released now and then.
const FIRST_PATIENCE: u64 = 20_000_000;

/// Looks at a list of threads that does not agree with its own link count before it is believed.
const MOST_LOOKS: u32 = 5;

/// Why not every thread could be parked. Nothing has changed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The threads with these slots did not park before the deadline.
    Deadline { generation: u32, asked: usize },
    /// More threads than the table holds.
    TooMany,
    /// A system call failed.
    Call(&'static str, i32),
}

/// Threads of this process that are waiting in the handler.
pub(super) struct Parked {
    pub table: &'static Table,
    pub generation: u32,
    /// Slots in use; some may be of threads that ended.
    pub count: usize,
}

impl Parked {
    /// Threads that are parked.
    pub(super) fn threads(&self) -> usize {
        self.contexts().count()
    }

    /// The place of each parked thread in its program.
    pub(super) fn contexts(&self) -> impl Iterator<Item = *const c_void> {
        let parked = self.table.slots(self.count).iter().filter(|slot| slot.is(self.generation, Stage::Parked));
        parked.map(|slot| slot.context.cast_const())
    }

    /// Lets all of them go on in this process.
    pub(super) fn release(&self) {
        release_in_turn(self.table, self.generation, self.count);
    }
}

/// Lets the threads go on so that the caller is not held up by all of them at once: it wakes the first, and each wakes two
/// more when it leaves. Threads of another priority than the caller's could keep the others waiting: they are woken first,
/// one by one.
fn release_in_turn(table: &Table, generation: u32, count: usize) {
    let own = Scheduling::of_this_thread();
    let mut ordered = 0;
    for (index, slot) in table.slots(count).iter().enumerate() {
        if !slot.is(generation, Stage::Parked) {
            continue;
        }
        let place = table.ordered(ordered).filter(|_| slot.scheduling.same_priority(&own));
        if let Some(place) = place {
            place.store(index as u32, Ordering::Relaxed);
            slot.rank.store(ordered as u32, Ordering::Relaxed);
            ordered += 1;
        } else {
            slot.rank.store(u32::MAX, Ordering::Relaxed);
        }
    }
    table.ordered.store(ordered as u32, Ordering::Release);
    for slot in table.slots(count) {
        slot.go.store(generation, Ordering::Release);
        if slot.rank.load(Ordering::Relaxed) == u32::MAX {
            sys::futex_wake(slot.go.as_ptr(), i32::MAX);
        }
    }
    wake_rank(table, 0);
}

/// Lets all threads go on at once, also those that still wait for their turn to leave an earlier parking.
fn release_at_once(table: &Table, generation: u32, count: usize) {
    table.ordered.store(0, Ordering::Release);
    for slot in table.slots(count) {
        slot.go.store(generation, Ordering::Release);
    }
    for slot in table.slots(table.used.load(Ordering::Acquire) as usize) {
        sys::futex_wake(slot.go.as_ptr(), i32::MAX);
    }
}

fn wake_rank(table: &Table, rank: usize) {
    if rank < table.ordered.load(Ordering::Acquire) as usize
        && let Some(index) = table.ordered(rank)
        && let Some(slot) = table.slot(index.load(Ordering::Relaxed) as usize)
    {
        sys::futex_wake(slot.go.as_ptr(), i32::MAX);
    }
}

/// Installs the handler, or installs it again if libc has put its own in place since.
pub(super) fn install() -> Result<(), i32> {
    static RSEQ_KNOWN: AtomicBool = AtomicBool::new(false);
    if !RSEQ_KNOWN.swap(true, Ordering::AcqRel) {
        find_rseq();
    }
    // SAFETY: only asks.
    let present = unsafe { sys::signal_action(SIGNAL, None) }?;
    let ours = handler as *const () as usize;
    if present.handler == ours {
        return Ok(());
    }
    // SIG_DFL and SIG_IGN are 0 and 1: nothing to hand on to.
    let former = if present.handler > 1 && present.flags & SA_SIGINFO != 0 { present.handler } else { 0 };
    FORMER_HANDLER.store(former, Ordering::Release);
    let action = sys::SignalAction {
        handler: ours,
        flags: SA_SIGINFO | SA_RESTART | SA_ONSTACK | arch::SA_RESTORER,
        restorer: arch::restorer(),
        mask: !0,
    };
    // SAFETY: `handler` is a signal handler and code of this library is never unloaded while it is installed.
    unsafe { sys::signal_action(SIGNAL, Some(&action)) }.map(drop)
}

/// glibc >= 2.35 registers rseq for each thread and says where.
fn find_rseq() {
    // SAFETY: dlsym with constant names; run before any thread is parked.
    let (offset, size) = unsafe {
        (
            libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()),
            libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()),
        )
    };
    if offset.is_null() || size.is_null() {
        return;
    }
    // SAFETY: glibc documents them as `ptrdiff_t` and `unsigned int`.
    let (offset, size) = unsafe { (*offset.cast::<isize>(), *size.cast::<u32>()) };
    if size > 0 {
        RSEQ_OFFSET.store(offset as usize, Ordering::Release);
        // The original area is 32 bytes, of which older glibcs report 32 and newer ones the 20 that are used.
        RSEQ_LENGTH.store(size.next_multiple_of(32), Ordering::Release);
    }
}

/// Parks every thread but the calling one, which must have all signals blocked.
///
/// Allocates nothing and takes no lock: from the first signal on, some thread may be parked while it holds any lock.
///
/// `callers_mask` is the signal mask to have while nothing is parked.
pub(super) fn park_others(
    table: &'static Table,
    deadline_nanoseconds: u64,
    callers_mask: sys::SignalSet,
) -> Result<Parked, Failure> {
    let deadline = sys::now().saturating_add(deadline_nanoseconds);
    // Threads that the last fork started in this process read their slots: let them out first.
    while table.reviving.load(Ordering::Acquire) > 0 {
        if sys::now() > deadline {
            return Err(Failure::Deadline { generation: 0, asked: 0 });
        }
        sys::futex_wait(table.reviving.as_ptr().cast(), table.reviving.load(Ordering::Acquire) as u32, 1_000_000);
    }
    let directory = sys::open(b"/proc/self/task\0", libc::O_RDONLY | libc::O_DIRECTORY)
        .map_err(|errno| Failure::Call("open /proc/self/task", errno))?;
    let mut patience = FIRST_PATIENCE;
    let result = loop {
        let now = sys::now();
        // The last try takes all the time that is left: a short one would name threads that had no time to come.
        let end = now.saturating_add(patience);
        let is_last = end.saturating_add(patience / 8 + FIRST_PATIENCE) > deadline;
        let result = park_once(table, directory, if is_last { deadline } else { end });
        match result {
            Err(Failure::Deadline { .. }) if sys::now() < deadline => {
                // Signals that are queued already would catch the released threads before their next instruction. And
                // all of them may be waiting for this one: musl changes the ids of all threads (`setuid`) so.
                let blocked = sys::set_signal_mask(callers_mask);
                sys::sleep(patience / 8);
                sys::set_signal_mask(blocked);
                patience = patience.saturating_mul(2);
            }
            result => break result,
        }
    };
    sys::close(directory);
    result
}

/// One try of [`park_others`].
fn park_once(table: &'static Table, directory: i32, deadline: u64) -> Result<Parked, Failure> {
    let generation = table.generation.load(Ordering::Relaxed).wrapping_add(1).max(1);
    table.generation.store(generation, Ordering::Release);
    table.remaining.store(0, Ordering::Release);
    let mut asked = 0;
    let mut unsure = 0;
    let result = loop {
        match ask_new_threads(table, directory, generation, &mut asked, deadline) {
            Err(failure) => break Err(failure),
            // A look at all threads while none of the known ones runs has found no other: there is none. Only where one
            // ends during the look (it may have been asked and be on its way out) the kernel can leave others out.
            Ok(Look { new: 0, listed }) if unsure >= MOST_LOOKS || links(directory) == Some(listed + 2) => break Ok(()),
            Ok(Look { new: 0, .. }) => unsure += 1,
            Ok(_) => unsure = 0,
        }
        if !wait_until_parked(table, generation, asked, deadline) {
            break Err(Failure::Deadline { generation, asked });
        }
        // The link count of the directory is 2 + the number of threads: cheaper than to read it again.
        let gone = table.slots(asked).iter().filter(|slot| slot.is(generation, Stage::Gone)).count();
        if gone == 0 && links(directory) == Some(asked + 3) {
            break Ok(());
        }
    };
    match result {
        Ok(()) => Ok(Parked { table, generation, count: asked }),
        Err(failure) => {
            let slots = table.slots(asked);
            let dismissed = slots.iter().filter(|slot| slot.advance(generation, Stage::Dismissed)).count();
            // A thread that took the signal at the last moment still has to count down, and must not do it in the next
            // generation's count.
            loop {
                let remaining = table.remaining.load(Ordering::Acquire);
                if remaining as usize <= dismissed {
                    break;
                }
                sys::futex_wait(table.remaining.as_ptr(), remaining, 100_000);
            }
            release_at_once(table, generation, asked);
            Err(failure)
        }
    }
}

/// Link count of a directory: `/proc/self/task` has 2 + the number of threads.
fn links(directory: i32) -> Option<usize> {
    sys::stat(directory).ok().map(|status| status.st_nlink as usize)
}

/// What a look at the list of threads has found.
struct Look {
    /// Threads that were not known, and have been asked.
    new: usize,
    /// Entries of the list.
    listed: usize,
}

/// Lists the threads and asks those that are new.
fn ask_new_threads(
    table: &'static Table,
    directory: i32,
    generation: u32,
    asked: &mut usize,
    deadline: u64,
) -> Result<Look, Failure> {
    let (pid, me) = (sys::getpid(), sys::gettid());
    let known = *asked;
    let mut listed = 0;
    let mut failure = None;
    sys::rewind(directory);
    procfs::each_number(directory, |tid| {
        listed += 1;
        let is_known = |(_, slot): (usize, &super::table::Slot)| slot.tid == tid;
        if failure.is_some() || tid == me || table.slots(known).iter().enumerate().any(is_known) {
            return;
        }
        let index = *asked;
        if index >= CAPACITY {
            failure = Some(Failure::TooMany);
            return;
        }
        let address = table.slot_address(index);
        // SAFETY: slots from `asked` on belong to this function until they are asked.
        unsafe { (*address).tid = tid };
        // SAFETY: as above.
        unsafe { (*address).ask(generation) };
        *asked += 1;
        table.used.fetch_max(*asked as u32, Ordering::AcqRel);
        table.remaining.fetch_add(1, Ordering::AcqRel);
        let value = (generation as usize) << 32 | index;
        loop {
            match sys::queue_signal(pid, tid, SIGNAL, value) {
                Ok(()) => break,
                // The queue is full (RLIMIT_SIGPENDING): it drains as other threads take theirs.
                Err(libc::EAGAIN) if sys::now() < deadline => {
                    sys::futex_wait(table.remaining.as_ptr(), table.remaining.load(Ordering::Acquire), 100_000);
                }
                Err(errno) => {
                    // SAFETY: as above.
                    if unsafe { (*address).advance(generation, Stage::Gone) } {
                        table.remaining.fetch_sub(1, Ordering::AcqRel);
                    }
                    if errno != libc::ESRCH {
                        failure = Some(Failure::Call("rt_tgsigqueueinfo", errno));
                    }
                    break;
                }
            }
        }
    })
    .map_err(|errno| Failure::Call("getdents64 /proc/self/task", errno))?;
    failure.map_or(Ok(Look { new: *asked - known, listed }), Err)
}

/// Waits until each thread that was asked has parked or ended; false at the deadline.
fn wait_until_parked(table: &'static Table, generation: u32, asked: usize, deadline: u64) -> bool {
    const LOOK_EVERY: i64 = 2_000_000;
    let pid = sys::getpid();
    let mut last_look = sys::now();
    loop {
        let remaining = table.remaining.load(Ordering::Acquire);
        if remaining == 0 {
            return true;
        }
        sys::futex_wait(table.remaining.as_ptr(), remaining, LOOK_EVERY);
        let now = sys::now();
        if now.saturating_sub(last_look) < LOOK_EVERY as u64 {
            continue;
        }
        last_look = now;
        for slot in table.slots(asked) {
            // A thread that ends blocks all signals first, so it may never take ours; and the kernel's own threads
            // (io_uring workers) are listed with the process but run no code of it.
            let gone = slot.is(generation, Stage::Asked)
                && (!sys::thread_exists(pid, slot.tid) || procfs::never_returns_to_user(slot.tid))
                && slot.advance(generation, Stage::Gone);
            if gone {
                table.remaining.fetch_sub(1, Ordering::AcqRel);
            }
        }
        if now > deadline && table.remaining.load(Ordering::Acquire) > 0 {
            return false;
        }
    }
}

/// Waits in the parent for its release, or wakes up in the child as the revived copy.
///
/// Runs with all signals blocked on the thread's own stack (or its alternate one); no libc, no lock, no allocation. An
/// alternate stack of the usual 8 KiB that is in use has room for little more than the two signal frames (3.3 KiB each with
/// AVX-512), so nothing large is a local variable here.
extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a whole siginfo to a SA_SIGINFO handler.
    let (code, value) = unsafe { ((*info).si_code, (*info).si_value().sival_ptr as usize) };
    if code != libc::SI_QUEUE {
        hand_on(signal, info, context);
        return;
    }
    let (generation, index) = ((value >> 32) as u32, value & 0xffff_ffff);
    let Some(table) = Table::existing() else { return };
    let Some(slot) = table.slot(index) else { return };
    if !slot.advance(generation, Stage::Parked) {
        return;
    }
    let address = table.slot_address(index);
    // SAFETY: from `Parked` to the release the slot is this thread's; nobody reads it before the count goes down.
    let slot = unsafe { &mut *address };
    slot.context = context;
    slot.thread_pointer = arch::thread_pointer();
    slot.robust_list = sys::robust_list();
    slot.scheduling.fill();
    sys::thread_name(&mut slot.name);
    // Known to work: a process where it does not is refused before anything is parked.
    slot.tid_address = sys::tid_address().unwrap_or(ptr::null_mut());
    // SAFETY: the slot and both words live for ever.
    let outcome = unsafe { arch::park(address, slot.go.as_ptr(), generation, table.remaining.as_ptr()) };
    if outcome == REVIVED {
        come_back(slot, table);
        return;
    }
    let rank = slot.rank.load(Ordering::Relaxed) as usize;
    if rank != u32::MAX as usize {
        wake_rank(table, 2 * rank + 1);
        wake_rank(table, 2 * rank + 2);
    }
}

/// In the child, on the new kernel thread: gives it what `clone` could not.
fn come_back(slot: &mut super::table::Slot, table: &Table) {
    #[cfg(target_env = "musl")]
    super::tell_libc_own_tid(slot.tid);
    sys::set_robust_list(slot.robust_list);
    sys::set_thread_name(&slot.name);
    slot.scheduling.restore(&mut slot.present);
    let length = RSEQ_LENGTH.load(Ordering::Acquire);
    if length > 0 {
        let area = slot.thread_pointer.wrapping_add(RSEQ_OFFSET.load(Ordering::Acquire));
        // `struct rseq`: cpu_id_start, cpu_id, rseq_cs. -1 is "not registered yet", -2 "registration failed".
        let (words, critical_section) = (area as *mut i32, (area + 8) as *mut u64);
        // SAFETY: glibc's rseq area of this thread, which nobody else writes.
        unsafe {
            words.write_volatile(0);
            words.add(1).write_volatile(-1);
            critical_section.write_volatile(0);
            if sys::register_rseq(area, length, arch::RSEQ_SIGNATURE).is_err() {
                words.add(1).write_volatile(-2);
            }
        }
    }
    // From here on the slot may be used again.
    if table.reviving.fetch_sub(1, Ordering::AcqRel) == 1 {
        sys::futex_wake(table.reviving.as_ptr().cast(), i32::MAX);
    }
}

/// Calls what was installed for the signal before us.
fn hand_on(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    let former = FORMER_HANDLER.load(Ordering::Acquire);
    if former != 0 {
        // SAFETY: it was installed with SA_SIGINFO, so it has this signature.
        let former: extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) = unsafe { mem::transmute(former) };
        former(signal, info, context);
    }
}
